"""What is no file, and files that change while they are read: as without us, or refused, and nothing left behind."""

from __future__ import annotations

import collections
import contextlib
import gc
import os
import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

import safeload
from safeload import guard
from safeload.state import COLLECTION_PAUSED, THREAD

joblib = pytest.importorskip("joblib")
np = pytest.importorskip("numpy")
torch = pytest.importorskip("torch")
from kit_of_faults import NOBODY, open_to_anybody

Door = Callable[[Path], Any]
OFF: Final = safeload.Policy(mode=safeload.Mode.OFF)


def opened(path: Path) -> Any:
    with open(path, "rb") as file:
        return pickle.load(file)


DOORS: Final[dict[str, Callable[[Path], Any]]] = {
    "pickle.load": opened,
    "joblib.load": joblib.load,
    "numpy.load": lambda path: np.load(path, allow_pickle=True),
    "torch.load": lambda path: torch.load(path, weights_only=False),
    "torch.load, weights only": lambda path: torch.load(path, weights_only=True),
    "torch.load, mapped": lambda path: torch.load(path, weights_only=False, mmap=True),
}
OWN_DOORS: Final[dict[str, Callable[[Path], Any]]] = {
    "scan": safeload.scan,
    "check": safeload.check,
    "load_tensors": safeload.load_tensors,
    "convert": safeload.convert,
    "convert --cache": lambda path: safeload.convert(path, into_cache=True),
    "find_twin": safeload.find_twin,
}


def loop(path: Path) -> None:
    path.symlink_to(path)


def unreadable(path: Path) -> None:
    path.write_bytes(pickle.dumps(1))
    path.chmod(0)


def cut(path: Path) -> None:
    path.write_bytes(pickle.dumps([collections.OrderedDict(a=1)] * 9)[:-4])


ODD: Final[dict[str, Callable[[Path], object]]] = {
    "nothing of that name": lambda path: None,
    "a directory": Path.mkdir,
    "a link to itself": loop,
    "no bytes": Path.touch,
    "a pickle that breaks off": cut,
    "a file that may not be read": unreadable,
    "a device": lambda path: path.symlink_to("/dev/null"),
    "a device without an end": lambda path: path.symlink_to("/dev/zero"),
}


def as_it_was() -> bool:
    return THREAD.load is None and COLLECTION_PAUSED._depth == 0 and gc.isenabled()


def said_by(load: Callable[[Path], Any], path: Path) -> BaseException | None:
    """What a load raises, as somebody whom modes of files concern."""
    if os.geteuid() == 0:
        os.seteuid(NOBODY)
    try:
        load(path)
    except Exception as error:  # noqa: BLE001 - what it is, the rows say
        return error
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
    return None


@pytest.fixture
def place(tmp_path: Path) -> Path:
    open_to_anybody(tmp_path)
    return tmp_path / "m.pkl"


@pytest.fixture(autouse=True, scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the doors import late, nobody may import where Python is root's."""
    path = tmp_path_factory.mktemp("honest") / "m.pt"
    for content in (b"", pickle.dumps({"a": 1})):
        path.write_bytes(content)
        for door in (DOORS | OWN_DOORS).values():
            with contextlib.suppress(Exception):
                door(path)


@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_a_door_says_what_the_loader_says(door: Door, make: Callable[[Path], object], place: Path) -> None:
    """With the same class of error, or a refusal that is an UnpicklingError."""
    make(place)
    guarded = said_by(door, place)
    assert as_it_was()
    with safeload.activate(OFF):
        plain = said_by(door, place)
    assert plain is not None
    assert type(guarded) is type(plain) or isinstance(guarded, pickle.UnpicklingError)


@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
@pytest.mark.parametrize("door", OWN_DOORS.values(), ids=OWN_DOORS)
def test_a_door_of_our_own_says_it_in_words(door: Door, make: Callable[[Path], object], place: Path) -> None:
    make(place)
    told: list[Any] = []
    error = said_by(lambda path: told.append(door(path)), place)
    assert as_it_was()
    if error is None:
        (report,) = told
        assert report.unread if isinstance(report, safeload.Verdict) else report.problem
    else:
        assert isinstance(error, OSError | safeload.SafeloadError)
        assert str(error)
    assert [path.name for path in place.parent.iterdir()] in ([], [place.name])


PIPES: Final = ("scan", "check", "load_tensors", "convert", "find_twin")


@pytest.mark.parametrize("door", [OWN_DOORS[name] for name in PIPES], ids=PIPES)
def test_nobody_waits_for_who_writes_into_a_pipe(door: Callable[[Path], Any], place: Path) -> None:
    os.mkfifo(place)
    with pytest.raises((OSError, safeload.SafeloadError)):
        door(place)


def test_a_pipe_beside_a_checkpoint_is_no_twin(place: Path) -> None:
    torch.save({"w": torch.ones(2)}, place.with_name("m.pt"))
    os.mkfifo(place.with_name("m.safetensors"))
    assert torch.load(place.with_name("m.pt"))["w"].sum() == 2


# --- changed between the look and the load ------------------------------------------------------


class Hostile:
    """Makes a folder when it is loaded."""

    def __init__(self, marker: Path) -> None:
        self.marker = str(marker)

    def __reduce__(self) -> Any:
        return os.mkdir, (self.marker,)


def in_place(path: Path, evil: bytes) -> None:
    with open(path, "r+b") as file:
        file.write(evil)
        file.truncate()


def replaced(path: Path, evil: bytes) -> None:
    new = path.with_name("new")
    new.write_bytes(evil)
    new.replace(path)


def shortened(path: Path, _evil: bytes) -> None:
    os.truncate(path, path.stat().st_size // 2)


CHANGES: Final = {"rewritten in place": in_place, "replaced": replaced, "cut short": shortened}
LONG: Final = 200_000  # bytes: the look does not read them

# (how the file is written, how it is loaded)
LOADS: Final[dict[str, tuple[Callable[[Any, Path], Any], Callable[[Path], Any]]]] = {
    "pickle.load": (lambda held, path: path.write_bytes(pickle.dumps(held)), opened),
    "joblib.load": (joblib.dump, joblib.load),
    "joblib.load, compressed": (lambda held, path: joblib.dump(held, path, compress=3), joblib.load),
    "joblib.load, mapped": (joblib.dump, lambda path: joblib.load(path, mmap_mode="r")),
    "numpy.load": (
        lambda held, path: np.save(open(path, "wb"), np.array([held, None], object), allow_pickle=True),
        lambda path: np.load(path, allow_pickle=True),
    ),
    "torch.load": (torch.save, lambda path: torch.load(path, weights_only=False)),
    "torch.load, mapped": (torch.save, lambda path: torch.load(path, weights_only=False, mmap=True)),
    "torch.load, old form": (
        lambda held, path: torch.save(held, path, _use_new_zipfile_serialization=False),
        lambda path: torch.load(path, weights_only=False),
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize(("write", "load"), LOADS.values(), ids=LOADS)
def test_what_was_judged_is_what_runs(
    write: Callable[[Any, Path], Any],
    load: Callable[[Path], Any],
    change: Callable[[Path, bytes], None],
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    marker = place.with_name("canary")
    write(Hostile(marker), place)
    evil = place.read_bytes()
    with safeload.activate(OFF):
        load(place)
    assert marker.is_dir()
    marker.rmdir()
    write([collections.OrderedDict(a=1), np.ones(LONG // 8)], place)
    judge, done = guard.judge, []

    def between(*args: Any, **options: Any) -> None:
        judge(*args, **options)
        if not done:
            done.append(True)
            change(place, evil)

    monkeypatch.setattr(guard, "judge", between)
    with contextlib.suppress(pickle.UnpicklingError, OSError, ValueError, EOFError, RuntimeError):
        load(place)  # or else what is gone cannot be read
    assert done
    assert not marker.exists()
    assert as_it_was()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_file_that_changes_while_its_tensors_are_taken_out(
    change: Callable[[Path, bytes], None], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safeload.tensors.source import Source

    torch.save({"w": torch.ones(LONG)}, place)
    marker = place.with_name("canary")
    skeleton = Source.skeleton
    evil = pickle.dumps(Hostile(marker))
    monkeypatch.setattr(Source, "skeleton", lambda self: (skeleton(self), change(place, evil))[0])
    if change is replaced:
        assert safeload.load_tensors(place, mmap=False)["w"].sum() == LONG
    else:
        with pytest.raises(safeload.TensorsError, match="shorter"):
            safeload.load_tensors(place, mmap=False)
    assert not marker.exists()


# --- whatever the program had set, it has afterwards --------------------------------------------


def test_a_program_that_collects_by_itself_goes_on_doing_so() -> None:
    gc.disable()
    try:
        pickle.loads(pickle.dumps(collections.OrderedDict(a=1)))
        with pytest.raises(safeload.BlockedLoadError):
            pickle.loads(b"cos\nsystem\n(S'true'\ntR.")
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_refusal_leaves_torchs_list_and_the_file_as_they_were(place: Path) -> None:
    torch.save([torch.ones(2), Hostile(place)], place)
    listed, threads = list(torch.serialization.get_safe_globals()), threading.active_count()
    before = place.read_bytes(), place.stat().st_mtime_ns
    for weights_only in (True, False):
        with open(place, "rb") as file:
            file.seek(0)
            with pytest.raises(pickle.UnpicklingError):
                torch.load(file, weights_only=weights_only)
        assert as_it_was()
    assert list(torch.serialization.get_safe_globals()) == listed
    assert (place.read_bytes(), place.stat().st_mtime_ns) == before
    assert threading.active_count() == threads
