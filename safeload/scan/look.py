"""The inert pass: CPython's own unpickler over the bytes, with stand-ins for every global.

The same engine as the load that follows, so there is no second parser to disagree with. Nothing is
imported, nothing of the file is called.
"""

from __future__ import annotations

import _compat_pickle
import copyreg
import io
import pickle
from _pickle import Unpickler as CUnpickler
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from struct import pack, unpack
from types import MappingProxyType
from typing import Any, ClassVar, Final

from safeload.scan.inert import Inert, Recorder
from safeload.scan.memo import After, Given, neutral_of
from safeload.scan.report import GlobalRef, Report, Use

REFERENCED: Final = Use.REFERENCED.value


def normalised(ref: GlobalRef) -> GlobalRef:
    """The Python 3 name of a Python 2 one, as ``find_class`` maps protocols 0 to 2."""
    mapped = _compat_pickle.NAME_MAPPING.get((ref.module, ref.qualname))
    if mapped is not None:
        return GlobalRef(*mapped)
    module = _compat_pickle.IMPORT_MAPPING.get(ref.module)
    return ref if module is None else GlobalRef(module, ref.qualname)


class _Asking:
    """What both engines below share: stand-ins for globals and for persistent objects."""

    recorder: Recorder
    fix_imports: bool
    memo: Any

    def find_class(self, module: str, name: str) -> type[Inert]:
        if self.recorder.rename is not None:
            module, name = self.recorder.rename(module, name)
        ref = GlobalRef(module, name)
        mapped = normalised(ref) if self.fix_imports else ref
        stub = self.recorder.stub(mapped)
        self.recorder.uses[mapped] |= REFERENCED
        if mapped != ref:
            self.recorder.raw[ref] = mapped
        return stub

    def persistent_load(self, pid: Any) -> Any:
        return self.recorder.persistent(pid)


class Look(_Asking, CUnpickler):
    """The C engine. Doors let instances of it pass: it *is* the guard's look."""


class SlowLook(_Asking, pickle._Unpickler):
    """The Python engine, for processes with registered EXT codes.

    The C one hands out the cached object of an EXT code without asking ``find_class``: a look must
    not hold, let alone call, the real thing.
    """

    append: Any

    def get_extension(self, code: int) -> None:
        key = copyreg._inverted_registry.get(code)  # type: ignore[attr-defined]  # CPython's own table
        if not key or not all(isinstance(part, str) for part in key):
            msg = f"unregistered extension code {code}"
            raise ValueError(msg)
        self.append(self.find_class(*key))

    def load_bytearray8(self) -> None:
        """Read first, and make room then: CPython's fills as many pages as the stream asks for."""
        read: Callable[[int], bytes] = vars(self)["read"]  # as its load has set it
        (size,) = unpack("<Q", read(8))
        data = read(size)
        if len(data) < size:
            raise EOFError
        self.append(bytearray(data))

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = pickle._Unpickler.dispatch | {
        pickle.BYTEARRAY8[0]: load_bytearray8
    }


class _EmptyBuffers(Iterator[bytearray]):
    """Stands for out-of-band buffers, whose number is known to the stream alone."""

    def __next__(self) -> bytearray:
        return bytearray()


Engine = Callable[..., Any]


def engine() -> Engine:
    """The unpickler class to look with, by what this process has registered."""
    return SlowLook if copyreg._inverted_registry else Look  # type: ignore[attr-defined]


def look(  # noqa: PLR0913 - all that one look is
    reader: Any,
    recorder: Recorder,
    *,
    options: Mapping[str, Any] = MappingProxyType({}),
    memo: Mapping[int, Any] = MappingProxyType({}),
    kind: Engine | None = None,
    afterwards: Callable[[Any], None] | None = None,
) -> Report:
    """Read one pickle to its STOP and say what it asks for; never raises for what the bytes hold.

    Args:
        reader: what the unpickler is to read; left just after the STOP.
        options: the keyword arguments of the load that is judged (encoding, fix_imports, …).
        memo: what an earlier load with the same unpickler left in its memo, real objects.
        kind: the unpickler class, for streams that are not plain pickles.
        afterwards: gets the engine, which stands behind what it read and has it as ``found``.
    """
    keywords = dict(options)
    keywords["buffers"] = _EmptyBuffers()
    kind = kind or engine()
    if memo:
        neutral = {index: neutral_of(value, recorder) for index, value in memo.items()}
        eye = _engine_with(kind, reader, keywords, neutral)
    else:
        eye = kind(reader, **keywords)
    eye.recorder, eye.fix_imports = recorder, keywords.get("fix_imports", True)
    if memo:
        # Named by an earlier stream, not by this one, until it does something with them.
        recorder.uses.update(dict.fromkeys(recorder.uses, 0))
    problem, undecodable = "", ()
    recorder.looking += 1
    try:
        eye.found = eye.load()
    except RecursionError:
        problem = "nested too deeply to be read"
    except MemoryError:
        problem = "asks for more memory than there is"
    except Exception as error:  # noqa: BLE001 - whatever stops the reading makes it unreadable
        problem = str(error) or type(error).__name__
        undecodable = error.args if type(error) is UnicodeDecodeError else ()
    finally:
        recorder.looking -= 1
    if problem:
        recorder.unfinished.clear()  # the stream broke off: nothing more is to be expected of it
    report = replace(report_of(recorder, problem), undecodable=undecodable)
    if afterwards is not None:
        afterwards(eye)
    return report


def report_of(recorder: Recorder, problem: str = "", format: str = "pickle") -> Report:  # noqa: A002
    recorder.finish()
    uses = {ref: Use(value) for ref, value in recorder.uses.items() if value}
    return Report(
        uses=MappingProxyType(uses),
        raw=MappingProxyType(dict(recorder.raw)),
        objections=tuple(recorder.objections),
        problem=problem,
        format=format,
    )


def _engine_with(kind: Engine, reader: Any, keywords: dict[str, Any], memo: Mapping[int, Any]) -> Any:
    """An engine whose memo holds these values."""
    if issubclass(kind, SlowLook):  # type: ignore[arg-type]  # an engine is a class
        eye = kind(reader, **keywords)
        eye.memo = dict(memo)
        return eye
    one = pickle.BININT + b"%b" + pickle.BINPERSID + pickle.LONG_BINPUT + b"%b" + pickle.POP
    puts = [one % (pack("<i", number), pack("<I", index)) for number, index in enumerate(memo)]
    after = After(b"".join((*puts, pickle.NONE, pickle.STOP)), reader)
    eye = kind(after, **keywords)
    eye.recorder = Given(tuple(memo.values()))
    eye.load()
    after.go_on()
    return eye


def look_at_bytes(data: bytes, recorder: Recorder, **arguments: Any) -> Report:
    """Look at one pickle held in memory."""
    return look(io.BufferedReader(io.BytesIO(data)), recorder, **arguments)

