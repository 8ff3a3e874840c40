"""The builtin types and exceptions."""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules import (
    anything,
    attributes_of,
    exactly,
    first_global,
    newobj,
    nothing,
    only_later,
    reconstructor,
    takes,
)
from safeload.allowlists.rules_attributes import attribute_named, known_attribute
from safeload.allowlists.rules_stdlib import (
    encoded,
    latin1,
    no_bytes,
    no_positions,
    number_call,
    singleton_type,
    type_call,
    unicode_error,
)
from safeload.allowlists.table import Entries, rows

_NUMBER = exactly(int, float)
_CONTAINER = exactly(list, tuple, dict, set, frozenset)
_EXCEPTIONS = """
    builtins: ArithmeticError AssertionError AttributeError BaseException BlockingIOError
    builtins: BrokenPipeError BufferError BytesWarning ChildProcessError ConnectionAbortedError
    builtins: ConnectionError ConnectionRefusedError ConnectionResetError DeprecationWarning
    builtins: EOFError EncodingWarning EnvironmentError Exception FileExistsError
    builtins: FileNotFoundError FloatingPointError FutureWarning GeneratorExit IOError ImportError
    builtins: ImportWarning IndentationError IndexError InterruptedError IsADirectoryError KeyError
    builtins: KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError
    builtins: NotADirectoryError NotImplementedError OSError OverflowError
    builtins: PendingDeprecationWarning PermissionError ProcessLookupError
    builtins: PythonFinalizationError RecursionError ReferenceError ResourceWarning RuntimeError
    builtins: RuntimeWarning StopAsyncIteration StopIteration SyntaxError SyntaxWarning SystemError
    builtins: SystemExit TabError TimeoutError TypeError UnboundLocalError UnicodeWarning
    builtins: UserWarning ValueError Warning ZeroDivisionError BaseExceptionGroup ExceptionGroup
    builtins: UnicodeError
"""

ENTRIES: Final[Entries] = {
    **rows(
        "builtins", "builtins: set frozenset", "c",
        "copies a container",
        call=takes("a container", (), (_CONTAINER,)),
    ),
    **rows(
        "builtins", "builtins: list tuple dict", "c",
        "copies a container; an iterator could be endless",
        call=takes("a container", (), (_CONTAINER,)),
    ),
    **rows(
        "builtins", "builtins: bytes", "c",
        "b'' at protocols 0 to 2; a number would ask for that much memory",
        call=nothing, value=no_bytes,
    ),
    **rows(
        "builtins", "builtins: bytearray", "c",
        "copies bytes; a number would ask for that much memory",
        call=takes(
            "bytes, or text and its codec",
            (),
            (exactly(bytes, bytearray),),
            (exactly(str), lambda codec: codec in ("latin-1", "latin1")),
        ),
    ),
    **rows(
        "builtins", "builtins: int float bool", "c",
        "numbers are made by opcodes; a type that is referenced is a default factory as a rule",
        call=number_call,
    ),
    **rows(
        "builtins", "builtins: str", "c",
        "text is made by opcodes; an object would run its own conversion",
        call=takes("text", (), (exactly(str),)),
    ),
    **rows(
        "builtins", "builtins: complex", "c",
        "two numbers",
        call=takes("two numbers", (_NUMBER, _NUMBER)),
        value=complex,
    ),
    **rows(
        "builtins", "builtins: range slice", "c",
        "three numbers, whatever their size; a slice may also hold labels",
        call=takes("up to three bounds", (anything,), (anything,) * 2, (anything,) * 3),
    ),
    **rows(
        "builtins", "builtins: object", "cn",
        "a sentinel, or the base named by _reconstructor",
        call=nothing,
    ),
    **rows(
        "builtins", "builtins: type", "c",
        "type(None) and its like; three arguments would make a class",
        call=type_call, resolves=singleton_type,
    ),
    **rows(
        "builtins",
        """
        types: NoneType EllipsisType NotImplementedType
        builtins: NotImplemented Ellipsis NoneType ellipsis
        builtins: memoryview enumerate zip reversed map filter
        """,
        "r",
        "named as a value; nothing is done with it",
    ),
    **rows(
        "builtins",
        """
        builtins: abs all any ascii bin callable chr divmod format hash hex id isinstance
        builtins: issubclass len oct ord pow repr round sum
        """,
        "r",
        "computes from its arguments, later; sorted, min and max call a key and are not here",
        call=only_later,
    ),
    **rows(
        "builtins", "builtins: getattr", "c",
        "how picklers write a nested name or a method: what it hands out must be on a list by its whole name",
        call=known_attribute, resolves=attribute_named,
    ),
    **rows(
        "builtins",
        """
        builtins: str.capitalize str.casefold str.count str.endswith str.find str.isalnum str.isalpha
        builtins: str.isdecimal str.isdigit str.islower str.isnumeric str.isspace str.istitle str.isupper
        builtins: str.join str.lower str.lstrip str.partition str.replace str.rpartition str.rsplit
        builtins: str.rstrip str.split str.splitlines str.startswith str.strip str.swapcase str.title
        builtins: str.upper str.zfill dict.get dict.__getitem__
        """,
        "r",
        "a method of text or of a dict, which a transformer or a tokenizer keeps; str.format reaches "
        "into what it formats and is not here",
        call=only_later,
    ),
    **rows(
        "builtins", "builtins: min max sorted print", "r",
        "kept as a value; called with a key it calls that, so no partial may hold it",
    ),
    **rows(
        "builtins", "_codecs: encode", "c",
        "bytes at protocols 0 to 2; another codec would import a module",
        call=latin1, value=encoded,
    ),
    **rows(
        "builtins", "copyreg: _reconstructor", "c",
        "protocols 0 and 1: the class is judged as if it were instantiated",
        call=reconstructor, makes=first_global,
    ),
    **rows(
        "builtins", "copyreg: __newobj__", "c",
        "protocols 0 and 1: the class is judged as if it were instantiated",
        call=newobj, makes=first_global,
    ),
    **rows(
        "builtins", _EXCEPTIONS, "cs",
        "an exception that nobody raises; attributes are set as they are, but ``args``, which C fills from "
        "whatever it is given, an endless iterator too",
        state=attributes_of(BaseException),
    ),
    **rows(
        "builtins", "builtins: UnicodeDecodeError UnicodeEncodeError", "cs",
        "C reads its text between two positions that it does not check everywhere",
        call=unicode_error, state=no_positions,
    ),
}
