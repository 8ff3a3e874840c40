"""CPython's unpicklers, C and Python: everything that unpickles in this process ends here.

Covered: ``pickle.load``, ``loads``, ``Unpickler`` and its subclasses, the same in ``_pickle``,
``pickle._load``, ``_loads``, ``_Unpickler`` and its subclasses, under every reference. How the C ones
are led here is in :mod:`safeload.doors.in_place` and, where that was not built,
:mod:`safeload.doors.replaced`.
"""

from __future__ import annotations

import _pickle
import copyreg
import gc
import io
import operator
import pickle
from collections.abc import Callable
from contextlib import nullcontext
from types import ModuleType, SimpleNamespace
from typing import Any, Final

from safeload import grants, guard, record
from safeload.doors import arrival, data_only, joblib_in_c
from safeload.doors.arguments import takes
from safeload.doors.find_class import Override, override_of
from safeload.doors.safetensors_content import may_be_safetensors
from safeload.doors.steady import steady
from safeload.doors.verified import is_let_in, verified_safetensors
from safeload.replay import ReadingFrom
from safeload.scan.look import Look, SlowLook
from safeload.scan.nested import JoblibRecorder, NestedRecorder
from safeload.scan.report import GlobalRef
from safeload.scan.rest import ENDED
from safeload.scan.strain import of_bytes, of_file
from safeload.state import COLLECTION_PAUSED, STATE
from safeload.tape import Tape
from safeload.tape_in_memory import MemoryTape

Original = Callable[..., Any]

LONG: Final = 1 << 20  # bytes of a loads() from which on it is looked at as a file is

# Below this many bytes a load is over before the collector would have run.
WORTH_A_PAUSE: Final = 4096

# No real global: it stands for leave to load a package that brings its own source.
SOURCE: Final = GlobalRef("torch.package", "SourceCode")

WITHIN_ITSELF: Final = "its unpickler is in the middle of another stream, and would take a part of that for a stream"


def loads(original: Original, *args: Any, **options: Any) -> Any:
    """``pickle.loads``: judged at the first global, before which only plain data can exist."""
    if not STATE.active or len(args) != 1:
        return original(*args, **options)
    if not options and arrival.is_data(args[0]) and not grants.may_refuse_data():
        return original(args[0])  # nothing in it asks for anything: small numbers and text
    with guard.Load("pickle.loads") as load:
        load.pending = (args[0], options)
        strain = of_bytes(args[0], guard.limits())
        if (strain or grants.pins_required()) and not guard.passes(load, record.caller()):
            guard.admit_bytes(load, args[0])
        if strain:
            guard.refuse_strain(load, strain)
        if type(args[0]) is bytes and len(args[0]) < WORTH_A_PAUSE and not copyreg._inverted_registry:  # type: ignore[attr-defined]
            return original(args[0], **options)
        return _loads_many(original, load, args[0], options)


def _loads_many(original: Original, load: guard.Load, data: Any, options: dict[str, Any]) -> Any:
    """``loads`` of what is long, or of what may name objects that CPython hands out unasked."""
    if guard.must_look_first():
        guard.examine(load)
    elif not options and data_only.is_likely_in(data):
        try:
            return data_only.loads(original, load, data)
        except guard.MoreThanData:
            pass
    if _size(data) >= LONG and not guard.passes(load, record.caller()):
        # A look at all of it at once would copy its buffers: look and load as for a file.
        load.pending = None
        tape = Tape(io.BytesIO(data), options)
        tape.weighed = True  # by loads() itself
        unpickler = _pickle.Unpickler(tape, **options)
        with COLLECTION_PAUSED:
            look_and_judge(load, tape, {}, Override.NONE)
            tape.make_room(unpickler)
            return _run(tape, lambda: STATE.originals["unpickle"](unpickler))
    with COLLECTION_PAUSED:
        return original(data, **options)


def _size(data: Any) -> int:
    try:
        return memoryview(data).nbytes
    except TypeError:
        return 0


def load(original: Original, *args: Any, **options: Any) -> Any:
    """``pickle.load``: an Unpickler over the file, as CPython's own is."""
    file = args[0] if args else options.get("file")
    if not STATE.active or not is_readable(file) or not takes(args, options):
        return original(*args, **options)
    if may_be_safetensors(file) and (found := verified_safetensors(file)) is not None:
        return found
    keywords = {key: value for key, value in options.items() if key != "file"}
    tape = Tape(file, keywords)
    if not options and data_only.is_likely(file):
        try:
            return data_only.load(original, file)
        except guard.MoreThanData as more:
            tape.weighed = more.weighed
    unpickler = _pickle.Unpickler(tape, **keywords)
    return unpickle(STATE.originals["unpickle"], unpickler, api="pickle.load")


def is_readable(file: Any) -> bool:
    """Whether an unpickler would take it; text and closed files are left to its own error."""
    if isinstance(file, io.TextIOBase) or getattr(file, "closed", False) is True:
        return False
    return hasattr(file, "read") and hasattr(file, "readline")


def open_unpickler(_self: Any, args: tuple[Any, ...], options: dict[str, Any] | None) -> Any:
    """``Unpickler.__init__``: put a tape between the unpickler and its file."""
    options = options if options is not None else {}
    file = args[0] if args else options.get("file")
    if isinstance(_self, (Look, joblib_in_c.InC)) or isinstance(file, Tape) or not is_readable(file):
        return args
    keywords = {key: value for key, value in options.items() if key != "file"}
    # A persistent_load of the program's may read the same file, between the opcodes.
    tape = Tape(file, keywords)
    if type(file) is io.BytesIO and "persistent_load" not in _methods(type(_self)):
        tape = MemoryTape(file, keywords)
    # What a peek showed beyond one pickle stays in the unpickler for its next load, unasked for.
    tape.peeks, tape.holds_more = False, ""
    if args:
        return (tape, *args[1:])
    options["file"] = tape
    return args


def _methods(cls: type) -> set[str]:
    """What the subclasses of an unpickler define."""
    return {name for base in cls.__mro__ if base.__module__ not in ("_pickle", "builtins") for name in vars(base)}


def tape_of(unpickler: Any) -> Tape | None:
    """The tape an unpickler reads from: the C one keeps only bound methods of it."""
    for held in gc.get_referents(unpickler):
        owner = getattr(held, "__self__", None)
        if isinstance(owner, Tape):
            return owner
    return None


def unpickle(original: Original, unpickler: Any, *args: Any, api: str = "", **rest: Any) -> Any:
    """``Unpickler.load`` of the C unpickler and its subclasses."""
    if args or rest or not STATE.active or isinstance(unpickler, Look):
        return original(unpickler, *args, **rest)
    tape = tape_of(unpickler)
    with guard.Load(api or "pickle.Unpickler.load") as load:
        if tape is None:
            return _without_tape(original, unpickler, load)
        if tape.is_loading and not guard.passes(load, record.caller()):
            guard.refuse_unread(load, WITHIN_ITSELF)
        load.path = guard.path_of(tape.file)
        memo = unpickler.memo.copy()
        override = override_of(unpickler, _pickle.Unpickler.find_class)
        with COLLECTION_PAUSED:
            look_and_judge(load, tape, memo, override, unpickler=unpickler)
            tape.make_room(unpickler)
            with steady(load, unpickler, tape.file) if isinstance(tape, MemoryTape) else nullcontext():
                return _run(tape, lambda: original(unpickler))


def _run(tape: Tape, call: Callable[[], Any]) -> Any:
    # A load that breaks off, or that no look went before, leaves a memo that is not the look's.
    seen, tape.kept, tape.seen = tape.seen, None, None
    tape.is_loading = True
    try:
        found = call()
    except BaseException:
        if seen is not None:
            tape.fails()
        raise
    else:
        tape.kept = seen
        return found
    finally:
        tape.is_loading = False
        tape.finish()


def _refuse_strain(load: guard.Load, tape: Tape, kind: type[NestedRecorder]) -> None:
    weighed, tape.weighed = tape.weighed, False
    # joblib's is weighed as it is looked at: arrays stand between its opcodes.
    if not weighed and not issubclass(kind, JoblibRecorder) and guard.is_regular(tape.file):
        guard.refuse_strain(load, of_file(tape.file, guard.limits()))


def look_and_judge(  # noqa: PLR0913 - all that one load is
    load: guard.Load,
    tape: Tape,
    memo: dict[int, Any],
    override: Override,
    *,
    kind: type[NestedRecorder] = NestedRecorder,
    replay: Callable[[Tape], None] = operator.methodcaller("replay"),
    unpickler: Any = None,
) -> None:
    """Look, judge, and set the tape to replay what was read; a refusal leaves the file as it was."""
    if guard.passes(load, record.caller()):
        return
    try:
        if is_let_in(load, tape):
            return
        if tape.holds_more:
            guard.refuse_unread(load, tape.holds_more)
        _refuse_strain(load, tape, kind)
        rulebook = guard.policy_in_force().rulebook()
        renames = override is Override.RENAMES

        def recorder() -> NestedRecorder:
            made = kind(rulebook)
            made.rename = guard.renaming(load, unpickler) if renames else None
            return made

        report = tape.look(recorder, memo)
        if report.problem and not report.uses and not report.objections:
            # Nothing but data: the unpickler may meet the break and say it in its own words, unless
            # there is more to say.
            guard.refuse_foreign(load, tape.head(), tape.cut)
            if override in (Override.IMPORTS, Override.BY_SOURCE) and report.problem not in ENDED:
                # What the unpickler makes of the rest, it may never ask for.
                guard.refuse_unread(load, report.problem)
            load.approved, load.broken = guard.NOTHING, report.problem
            tape.replay_whole()
            return
        if override is Override.BY_SOURCE:
            guard.require(load, SOURCE, "its classes are made from source code in the file")
        guard.judge(load, report, size=tape.consumed)
        load.by_name = override is Override.IMPORTS
    except BaseException:
        tape.rewind()
        raise
    if load.approved is guard.ANYTHING and report.problem:
        tape.replay_whole()  # audit mode: what the look could not read, the load may
    else:
        replay(tape)


def _without_tape(original: Original, unpickler: Any, load: guard.Load) -> Any:
    """An unpickler made before its door stood: its file is only known where it can go back."""
    if guard.passes(load, record.caller()):
        return original(unpickler)
    file = next(
        (
            held.__self__
            for held in gc.get_referents(unpickler)
            if getattr(held, "__name__", "") == "read" and hasattr(held, "__self__")
        ),
        None,
    )
    load.approved, load.by_name = guard.NOTHING, True
    if file is not None and is_readable(file) and guard.is_regular(file):
        start = file.tell()
        guard.watch(load, file)
        override = override_of(unpickler, _pickle.Unpickler.find_class)
        tape = Tape(file, {})
        tape.stands = False
        look_and_judge(load, tape, unpickler.memo.copy(), override, unpickler=unpickler)
        file.seek(start)
    return original(unpickler)


def python_load(original: Original, self: Any, *args: Any, **options: Any) -> Any:
    """``pickle._Unpickler.load``, which joblib's, dill's and others' unpicklers inherit."""
    if args or options:
        return original(self, *args, **options)
    if not STATE.active or isinstance(self, SlowLook) or not hasattr(self, "_file_read"):
        return original(self)
    file = getattr(self._file_read, "__self__", None)
    if getattr(file, "closed", False) is True:
        return original(self)
    if not is_readable(file):
        file = SimpleNamespace(read=self._file_read, readline=self._file_readline)
    with guard.Load("pickle._Unpickler.load") as under_way, COLLECTION_PAUSED:
        under_way.unpickler = self
        if under_way.is_within_itself() and not guard.passes(under_way, record.caller()):
            guard.refuse_unread(under_way, WITHIN_ITSELF)
        under_way.path = guard.path_of(file)
        said = {"encoding": self.encoding, "errors": self.errors}
        texts: dict[str, Any] = {name: text for name, text in said.items() if isinstance(text, str)}
        tape = Tape(file, texts | {"fix_imports": self.fix_imports})
        tape.peeks, tape.fills = False, True  # as Python's unpickler does
        override = override_of(self, pickle._Unpickler.find_class)
        if getattr(self, "mmap_mode", None) is not None:
            tape.stands = False
            guard.watch(under_way, file)
        kind = joblib_in_c.kind_of(self)
        look_and_judge(under_way, tape, self.memo, override, kind=kind, replay=_keep, unpickler=self)
        if getattr(self, "mmap_mode", None) is not None:
            # Arrays are mapped from the file itself, so the file is what has to be read.
            tape.rewind()
            return original(self)
        if tape.answers and not tape.replaying:
            if joblib_in_c.fits(self, tape):
                return _run(tape, lambda: joblib_in_c.load(self, tape))
            tape.replay_in_python()
        with ReadingFrom(tape.current, self):
            return _run(tape, lambda: original(self))


def python_find_class(original: Original, self: Any, *names: Any, **options: Any) -> Any:
    """``pickle._Unpickler.find_class``."""
    given = dict(zip(("module", "name"), names, strict=False)) | options
    if given.keys() == {"module", "name"}:
        guard.ask(given["module"], given["name"])
    return original(self, *names, **options)


def find_class(*names: Any) -> None:
    """The C ``find_class``, before it goes on; other numbers of arguments are its own TypeError."""
    if len(names) == 2:  # noqa: PLR2004 - module and name
        guard.ask(*names)


def _keep(_tape: Tape) -> None:
    """Which way to replay is decided once it is known what the stream holds."""


def install() -> None:
    """Take over pickle's doors; the Python unpickler's lead to :mod:`safeload.doors.arrival`."""
    handlers().install(_pickle)
    python: Any = pickle._Unpickler
    if not hasattr(python.load, "is_door"):
        python.load = arrival.in_python(python.load, "python_load")
        python.find_class = arrival.in_python(python.find_class, "python_find_class")
    STATE.doors["pickle"] = "in place" if arrival.IN_PLACE else "replaced"


def handlers() -> ModuleType:
    """The module whose functions the C doors are led to."""
    from safeload.doors import in_place, replaced

    return in_place if arrival.IN_PLACE else replaced
