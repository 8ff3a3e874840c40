"""KeyboardInterrupt at one line of the guard after another: nothing is left behind, and the next load is right."""

from __future__ import annotations

import collections
import copyreg
import gc
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final

import pytest

import safeload
from safeload.loads import Announcement, Load
from safeload.state import COLLECTION_PAUSED, STATE, THREAD

joblib = pytest.importorskip("joblib")
np = pytest.importorskip("numpy")
torch = pytest.importorskip("torch")

HOME: Final = str(Path(safeload.__file__).parent)
EACH: Final = 7  # of the lines, for the sake of time: with 1 it takes half a minute
HOSTILE: Final = b"cos\nsystem\n(S'true'\ntR."

# CPython looks for signals where a function begins, after calls and when a loop turns. So it never breaks off
# the first two of these once they have begun; and where an `__exit__` begins, no Python can be on its guard.
UNBROKEN: Final = frozenset({Load.__enter__.__code__, type(COLLECTION_PAUSED).__exit__.__code__})
BEGINNINGS: Final = frozenset({Load.__exit__.__code__, Announcement.__exit__.__code__})


def load() -> object:
    with open("a.pkl", "rb") as file:
        try:
            return pickle.load(file)
        except KeyboardInterrupt:
            file.seek(0)  # it stands somewhere, as it does without us; from there on it is a file like any other
            assert pickle.load(file)[0] == {"a": 1}
            assert file.tell() == os.path.getsize("a.pkl")
            raise


def own() -> object:
    with open("a.pkl", "rb") as file:
        return type("Own", (pickle.Unpickler,), {})(file).load()


def convert() -> object:
    try:
        return safeload.convert("a.pt", "a.safetensors")[0].names
    finally:
        for name in ("a.safetensors", "a.safetensors.json"):
            Path(name).unlink(missing_ok=True)


DOORS: Final[dict[str, Callable[[], object]]] = {
    "pickle.load": load,
    "pickle.loads": lambda: pickle.loads(Path("a.pkl").read_bytes()),
    "an unpickler of the program's own": own,
    "joblib.load": lambda: joblib.load("a.joblib"),
    "numpy.load": lambda: np.load("a.npy", allow_pickle=True),
    "torch.load": lambda: torch.load("a.pt", weights_only=False),
    "torch.load, mapped": lambda: torch.load("a.pt", weights_only=True, mmap=True),
    "scan": lambda: safeload.scan("a.pkl"),
    "load_tensors": lambda: safeload.load_tensors("a.pt"),
    "convert": convert,
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    held = [collections.OrderedDict(a=1), np.ones(3), bytes(70_000)]
    Path("a.pkl").write_bytes(pickle.dumps(held))
    joblib.dump({"a": np.ones(3)}, "a.joblib")
    np.save("a.npy", np.array([{1: 2}, None], object), allow_pickle=True)
    torch.save({"w": torch.ones(3), "n": 1}, "a.pt")
    return tmp_path


@contextmanager
def traced(act: Callable[[CodeType, int], None]) -> Iterator[None]:
    """Call it at each line of ours that runs."""

    def trace(frame: FrameType, event: str, _arg: Any) -> Any:
        if not frame.f_code.co_filename.startswith(HOME) or frame.f_code in UNBROKEN:
            return None
        begins = frame.f_code in BEGINNINGS and frame.f_lineno == frame.f_code.co_firstlineno + 1
        if event == "line" and not begins:
            act(frame.f_code, frame.f_lineno)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def lines_of(call: Callable[[], object]) -> list[tuple[CodeType, int]]:
    """Each line of ours that a call comes to."""
    seen: dict[tuple[CodeType, int], None] = {}
    with traced(lambda code, line: seen.setdefault((code, line))):
        call()
    return list(seen)


def broken_at(where: tuple[CodeType, int]) -> Callable[[CodeType, int], None]:
    def act(code: CodeType, line: int) -> None:
        if (code, line) == where:
            sys.settrace(None)
            raise KeyboardInterrupt

    return act


def kept() -> dict[str, Any]:
    """What a load that was broken off may not leave changed."""
    told = torch.serialization._serialization_tls
    return {
        "the load of this thread": THREAD.load,
        "how often collection is paused": COLLECTION_PAUSED._depth,
        "collection": gc.isenabled(),
        "torch's list": torch.serialization.get_safe_globals(),
        "torch's thread": vars(told) if hasattr(told, "__dict__") else str(told),
        "copyreg": (len(copyreg.dispatch_table), len(copyreg._extension_registry)),  # type: ignore[attr-defined]
        "grants": (STATE.granted, dict(STATE.trusted)),
        "files": sorted(os.listdir()),
    }


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_a_load_that_is_broken_off_at_any_line(door: Callable[[], object], folder: Path) -> None:
    for _ in range(3):  # imports and caches are those of the first times
        whole = door()
    before, broken = kept(), 0
    for where in lines_of(door)[::EACH]:
        try:
            with traced(broken_at(where)):
                door()
        except KeyboardInterrupt:
            broken += 1
        assert kept() == before, where
    assert broken > 5  # without the C part, pickle.loads takes few lines of ours
    assert str(door()) == str(whole)
    with pytest.raises(safeload.BlockedLoadError):
        pickle.loads(HOSTILE)
