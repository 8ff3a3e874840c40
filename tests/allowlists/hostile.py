"""Streams that name only listed globals and do harm with them, each with a way to see the harm.

``probe`` is Python that runs in a process of its own, with ``loaded`` from CPython's unpickler; a
stream has its effect when that prints EFFECT, runs out of a small memory, or crashes.
"""

from __future__ import annotations

import pickle
from importlib.util import find_spec
from typing import Any, Final, NamedTuple

from evasions.builders import (
    NONE,
    POP,
    call,
    calling,
    get,
    given,
    group,
    kept,
    listing,
    mapping,
    named,
    new,
    number,
    octets,
    pickled,
    text,
)


class Hostile(NamedTuple):
    name: str
    fragment: bytes
    probe: str
    since: tuple[int, int] = (0, 0)
    mended: tuple[int, int] = (99, 0)
    """The numpy versions between which there is an effect to see: later ones refuse it."""

    @property
    def stream(self) -> bytes:
        return pickled(self.fragment)


def plain(value: Any) -> bytes:
    """A fragment that pushes plain data; it uses the memo's first places."""
    return pickle.dumps(value, 2)[2:-1]


def attributes(**values: bytes) -> bytes:
    return mapping(*((text(name), value) for name, value in values.items()))


def slots(**values: bytes) -> bytes:
    """A state that BUILD hands to ``setattr``."""
    return group(NONE, attributes(**values))


NAMESPACE: Final = new(named("argparse:Namespace"))
PRINT: Final = named("builtins:print")
A_LOT: Final = number(2**36)

STDLIB: Final = (
    Hostile("bytes of a size", calling("builtins:bytes", A_LOT), ""),
    Hostile("bytearray of a size", calling("builtins:bytearray", A_LOT), ""),
    Hostile(
        "list of a long range",
        calling("builtins:list", calling("builtins:range", number(2**32))),
        "",
    ),
    Hostile(
        "bytes by _reconstructor",
        calling(
            "copyreg:_reconstructor", named("builtins:bytes"), named("builtins:bytes"), A_LOT
        ),
        "",
    ),
    Hostile(
        "fraction of a power",
        calling("fractions:Fraction", text("1e1000000")),
        "if loaded.numerator.bit_length() > 10**6: print('EFFECT')",
    ),
    Hostile(
        "class made by type",
        calling("builtins:type", text("Made"), group(named("builtins:object")), attributes(x=NONE)),
        "if isinstance(loaded, type): print('EFFECT')",
    ),
    Hostile(
        "getattr into a function's globals",
        calling(
            "builtins:getattr",
            calling("builtins:getattr", named("argparse:Namespace"), text("__init__")),
            text("__globals__"),
        ),
        "if '_os' in loaded: print('EFFECT')",
    ),
    Hostile(
        "codec imports a module",
        calling("_codecs:encode", text("x"), text("rot13")),
        "import sys\nif 'encodings.rot_13' in sys.modules: print('EFFECT')",
    ),
    Hostile(
        "exception filled from a counter",
        given(
            calling("builtins:ValueError"),
            attributes(args=calling("itertools:count", number(0))),
        ),
        "",
    ),
    Hostile(
        "date in the year 0",
        calling("datetime:date", octets(b"\0\0\x01\x01")),
        "if loaded.year == 0: print('EFFECT')\nloaded.ctime()",
    ),
    Hostile(
        "datetime on the 255th of January",
        calling("datetime:datetime", octets(b"\x07\xe4\x01\xff\xff\xff\xff\xff\xff\xff")),
        "if loaded.day == 255: print('EFFECT')",
    ),
    Hostile(
        "__setstate__ as an attribute",
        given(given(NAMESPACE, attributes(__setstate__=PRINT)), text("EFFECT")),
        "",
    ),
    Hostile(
        "__class__ as a slot",
        given(NAMESPACE, slots(__class__=named("string:Template"))),
        "if type(loaded).__name__ == 'Template': print('EFFECT')",
    ),
    Hostile(
        "extend as an attribute of a dict",
        given(calling("collections:OrderedDict"), attributes(extend=PRINT))
        + b"("
        + text("EFFECT")
        + b"e",
        "",
    ),
    Hostile(
        "a method hidden by an attribute",
        given(calling("collections:OrderedDict"), attributes(items=PRINT)),
        "loaded.items('EFFECT')",
    ),
    Hostile(
        "an alias passes attributes on to its class",
        given(
            calling("_operator:getitem", named("typing:Counter"), named("builtins:int")),
            slots(polluted=text("EFFECT")),
        ),
        "import collections\nprint(collections.Counter.polluted)",
    ),
    Hostile(
        "an item of a list is called",
        call(calling("_operator:getitem", listing(PRINT), number(0)), text("EFFECT")),
        "",
    ),
    Hostile("a function that is named once more behind its call", call(PRINT, text("EFFECT")) + POP + PRINT, ""),
    Hostile(
        "an alias is called",
        call(calling("types:GenericAlias", PRINT, group()), text("EFFECT")),
        "",
    ),
    Hostile(
        "a hint as text",
        calling("_operator:getitem", named("typing:List"), text("print('EFFECT')")),
        "print(eval(loaded.__args__[0].__forward_code__))",
    ),
    Hostile(
        "reduce of a function",
        calling("_functools:reduce", PRINT, group(text("EFFECT"), NONE)),
        "",
    ),
    Hostile(
        "the process's logger is switched off",
        given(calling("logging:getLogger", text("app")), attributes(disabled=number(1))),
        "import logging\nif logging.getLogger('app').disabled: print('EFFECT')",
    ),
    Hostile(
        "partial of getattr",
        given(
            calling("functools:partial", named("builtins:getattr")),
            group(
                named("builtins:getattr"),
                group(named("argparse:Namespace"), text("__init__")),
                mapping(),
                NONE,
            ),
        ),
        "if '_os' in loaded().__globals__: print('EFFECT')",
    ),
    Hostile(
        "partial changes its function by state",
        given(
            calling("functools:partial", named("builtins:int")),
            group(named("zoneinfo:ZoneInfo"), group(text("UTC")), mapping(), NONE),
        ),
        "if type(loaded()).__name__ == 'ZoneInfo': print('EFFECT')",
    ),
    Hostile(
        "pattern that prints",
        calling("re:_compile", text("a"), number(128)),
        "import re\nif loaded.flags & re.DEBUG: print('EFFECT')",
    ),
    Hostile(
        "Unicode error outside its text",
        calling(
            "builtins:UnicodeDecodeError",
            text("utf8"),
            octets(b"abc"),
            number(2**40),
            number(2**40 + 1),
            text("r"),
        ),
        "if loaded.start > 3: print('EFFECT')\nstr(loaded)",
    ),
    Hostile(
        "Unicode error moved by its state",
        given(
            calling(
                "builtins:UnicodeDecodeError",
                text("utf8"),
                octets(b"abc"),
                number(0),
                number(1),
                text("r"),
            ),
            attributes(start=number(2**40), end=number(2**40 + 1)),
        ),
        "if loaded.start > 3: print('EFFECT')\nstr(loaded)",
    ),
    Hostile(
        "UUID of something else",
        given(new(named("uuid:UUID")), attributes(int=text("EFFECT"))),
        "print(loaded.int)",
    ),
)


CORE: Final = "numpy._core" if find_spec("numpy._core") else "numpy.core"
DTYPE: Final = named("numpy:dtype")
F8: Final = (3, "<", None, None, None, -1, -1, 0)
ANY_OBJECTS: Final = b"A" * 8


def bare(spec: str, *, copy: bool = True) -> bytes:
    return call(DTYPE, text(spec), plain(False), plain(copy))


def dtype(spec: str, state: bytes) -> bytes:
    return given(bare(spec), state)


def struct_state(fields: bytes, size: int, flags: int = 16) -> bytes:
    """The state of a struct with one field named a."""
    return group(
        number(3),
        text("|"),
        NONE,
        group(text("a")),
        fields,
        number(size),
        number(1),
        number(flags),
    )


def field(kind: bytes, offset: int) -> bytes:
    return attributes(a=group(kind, number(offset)))


def array(kind: bytes, data: bytes, count: int = 1) -> bytes:
    empty = calling(
        f"{CORE}.multiarray:_reconstruct", named("numpy:ndarray"), plain((0,)), octets(b"b")
    )
    return given(empty, group(number(1), plain((count,)), kind, plain(False), data))


FLOAT: Final = dtype("f8", plain(F8))
OBJECT: Final = dtype("O8", plain((3, "|", None, None, None, -1, -1, 63)))


def generator(name: str, state: bytes) -> bytes:
    return given(calling("numpy.random._pickle:__bit_generator_ctor", text(name)), state)


WORDS: Final = array(
    dtype("u4", plain((3, "<", None, None, None, -1, -1, 0))), octets(bytes(4 * 624)), 624
)


def longs(count: int) -> bytes:
    return array(
        dtype("u8", plain((3, "<", None, None, None, -1, -1, 0))), octets(bytes(8 * count)), count
    )


NUMPY: Final = (
    Hostile(
        "array called with pointers",
        calling("numpy:ndarray", plain((1,)), text("O"), octets(ANY_OBJECTS)),
        "repr(loaded)",
    ),
    Hostile(
        "memmap overwrites a file",
        calling("numpy:memmap", text("victim"), text("uint8"), text("w+"), number(0), number(4)),
        "if open('victim', 'rb').read() == bytes(4): print('EFFECT')",
    ),
    Hostile(
        "memmap stored in a partial",
        given(
            calling("functools:partial", named("numpy:memmap")),
            group(
                named("numpy:memmap"),
                group(text("victim"), text("uint8"), text("w+"), number(0), number(4)),
                mapping(),
                NONE,
            ),
        ),
        "loaded()\nif open('victim', 'rb').read() == bytes(4): print('EFFECT')",
    ),
    Hostile(
        "field outside the item",
        array(dtype("V8", struct_state(field(FLOAT, 2**30), 8)), octets(bytes(8))),
        "print(loaded['a'])",
    ),
    Hostile(
        "object field without its flag",
        array(dtype("V8", struct_state(field(OBJECT, 0), 8)), octets(ANY_OBJECTS)),
        "repr(loaded)",
    ),
    Hostile(
        "objects that overlap",
        array(
            dtype(
                "V8",
                group(
                    number(3),
                    text("|"),
                    NONE,
                    group(text("a"), text("b")),
                    attributes(a=group(OBJECT, number(0)), b=group(FLOAT, number(0))),
                    number(8),
                    number(1),
                    number(27),
                ),
            ),
            listing(plain((None, 1.5))),
        ),
        "repr(loaded)",
    ),
    Hostile(
        "objects without their flag",
        array(
            dtype("O8", plain((3, "|", None, None, None, -1, -1, 0))),
            octets(ANY_OBJECTS),
        ),
        "repr(loaded)",
    ),
    Hostile(
        "objects in another byte order",
        array(
            dtype("O8", plain((3, ">", None, None, None, -1, -1, 63))),
            listing(*[text("some text")] * 4),
            4,
        ),
        "print('EFFECT' if loaded.dtype.byteorder == '>' else '')\nloaded.tolist()",
    ),
    Hostile(
        "subarray larger than its item",
        array(
            dtype(
                "V8",
                group(
                    number(3),
                    text("|"),
                    group(FLOAT, plain((2**27,))),
                    NONE,
                    NONE,
                    number(8),
                    number(8),
                    number(0),
                ),
            ),
            octets(bytes(8)),
        ),
        "if loaded.dtype.itemsize == 8: print('EFFECT')",
    ),
    Hostile(
        "date with a unit of nothing",
        array(
            dtype(
                "m8",
                plain((4, "<", None, None, None, -1, -1, 0, (None, (b"s", 0, 1, 1)))),
            ),
            octets(bytes(range(8))),
        ),
        "if loaded.dtype.str == '<m8[0s]': print('EFFECT')\nloaded.astype('m8[ns]')",
        mended=(1, 26),
    ),
    Hostile(
        "dtype of the whole process given a state",
        given(bare("f8", copy=False), plain((3, ">", None, None, None, -1, -1, 0))),
        "import numpy\nif numpy.dtype('f8').byteorder == '>': print('EFFECT')",
        mended=(1, 26),
    ),
    Hostile(
        "dtype given its state twice",
        kept(200, dtype("V8", plain((3, "|", None, None, None, 8, 1, 0))))
        + kept(201, array(get(200), octets(bytes(8))))
        + kept(202, given(get(200), plain((3, "|", None, None, None, 2**26, 1, 0))))
        + get(201),
        "if loaded.dtype.itemsize > loaded.base.nbytes if loaded.base is not None else "
        "loaded.dtype.itemsize == 2**26: print('EFFECT')",
    ),
    Hostile(
        "dtype given its state after its use",
        kept(200, bare("V8"))
        + kept(201, array(get(200), octets(bytes(8))))
        + kept(202, given(get(200), plain((3, "|", None, None, None, 2**26, 1, 0))))
        + get(201),
        "if loaded.dtype.itemsize == 2**26: print('EFFECT')",
    ),
    Hostile(
        "scalar with objects from bytes",
        calling(
            f"{CORE}.multiarray:scalar",
            dtype("V8", struct_state(field(OBJECT, 0), 8, 27)),
            array(dtype("V8", plain((3, "|", None, None, None, 8, 1, 0))), octets(ANY_OBJECTS)),
        ),
        "repr(loaded)",
        mended=(1, 26),
    ),
    Hostile(
        "array of a huge shape",
        calling(
            f"{CORE}.multiarray:_reconstruct",
            named("numpy:ndarray"),
            plain((2**36,)),
            octets(b"b"),
        ),
        "",
    ),
    Hostile(
        "masked constant given a state",
        given(
            calling("numpy.ma.core:MaskedConstant"),
            group(
                number(1), plain(()), FLOAT, plain(False), octets(b"\1" * 8), octets(b"\0"), NONE
            ),
        ),
        "import numpy\nif not numpy.ma.masked.mask: print('EFFECT')",
    ),
    Hostile(
        "generator past its words",
        generator(
            "MT19937",
            attributes(
                bit_generator=text("MT19937"),
                state=attributes(key=WORDS, pos=number(2**30)),
            ),
        ),
        "print(loaded.random_raw())",
        mended=(2, 5),
    ),
    Hostile(
        "random state past its words",
        given(
            calling("numpy.random._pickle:__randomstate_ctor", text("MT19937")),
            group(text("MT19937"), WORDS, number(2**30), number(0), plain(0.0)),
        ),
        "print(loaded.bytes(8))",
        mended=(2, 5),
    ),
    Hostile(
        "generator before its buffer",
        generator(
            "Philox",
            attributes(
                bit_generator=text("Philox"),
                state=attributes(counter=longs(4), key=longs(2)),
                buffer=longs(4),
                buffer_pos=number(-(2**28)),
                has_uint32=number(0),
                uinteger=number(0),
            ),
        ),
        "print(loaded.random_raw())",
        mended=(2, 5),
    ),
    Hostile(
        "generator's constructor is another function",
        calling("numpy.random._pickle:__generator_ctor", text("EFFECT"), PRINT),
        "",
    ),
    Hostile(
        "bit generator of another class",
        calling("numpy.random._pickle:__bit_generator_ctor", named("argparse:Namespace")),
        "if type(loaded).__name__ == 'Namespace': print('EFFECT')",
        since=(2, 0),
    ),
    Hostile(
        "attribute that is an address",
        given(
            NAMESPACE,
            plain(
                {
                    "__array_interface__": {
                        "version": 3,
                        "shape": (1,),
                        "typestr": "<u8",
                        "data": (8, False),
                    }
                }
            ),
        ),
        "import numpy\nprint(numpy.asarray(loaded))",
    ),
    Hostile(
        "fields changed after the array is made",
        kept(200, field(FLOAT, 0))
        + kept(201, array(dtype("V8", struct_state(get(200), 8)), octets(bytes(8))))
        + kept(202, get(200) + text("a") + group(FLOAT, number(2**30)) + b"s")
        + get(201),
        "print(loaded['a'])",
    ),
)
