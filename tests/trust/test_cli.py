"""``safeload pin`` and ``verify``, as a shell sees them."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from evasions.builders import BOOM, pickled

from safeload.cli import main
from safeload.pins import reading
from safeload.pins.lock import Level, Pin
from trust.test_lock_file import SNAPSHOT, A, cache

FILES = {
    "good.pkl": pickle.dumps(OrderedDict(a=1)),
    "own.pkl": b"cmylab.nets\nHead\n)R.",
    "evil.pkl": pickled(BOOM),
    "cut.pkl": pickle.dumps([1, 2])[:-1],
    "notes.txt": b"some notes",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def pins() -> dict[str, Pin]:
    """What stands in the lock file, by its first path."""
    lock = reading.read(Path("safeload.lock"))
    assert not lock.problem
    return {(*pin.paths, "")[0]: pin for pin in lock.pins.values()}


# what is pinned: (file, options, the grant that comes of it, or what the error says)
GRANTS = {
    "what the lists allow, is data": ("good.pkl", (), Level.DATA),
    "what asks for an unlisted class, is names": ("own.pkl", (), Level.NAMES),
    "a grant that is asked for": ("good.pkl", ("--grant", "pickle"), Level.PICKLE),
    "what may never be allowed by name": ("evil.pkl", (), "--grant pickle"),
    "never, though names are asked for": ("evil.pkl", ("--grant", "names"), "names alone do not let it load"),
    "never, pinned whole": ("evil.pkl", ("--grant", "pickle"), Level.PICKLE),
    "what nobody can read": ("cut.pkl", (), "names alone do not let it load"),
    "what nobody can read, pinned whole": ("cut.pkl", ("--grant", "pickle"), Level.PICKLE),
}


@pytest.mark.parametrize(("file", "options", "expected"), GRANTS.values(), ids=GRANTS)
def test_how_far_a_pin_goes(file: str, options: tuple[str, ...], expected: Level | str, folder: Path) -> None:
    code, output = call("pin", file, "--reason", "a test", *options)
    if isinstance(expected, Level):
        assert (code, pins()[file].level) == (0, expected), output
    else:
        assert code == 1
        assert expected in output
        assert not (folder / "safeload.lock").exists()


def test_one_file_that_cannot_be_pinned_leaves_the_lock_file_as_it_was(folder: Path) -> None:
    assert call("pin", "good.pkl", "--reason", "a test")[0] == 0
    before = (folder / "safeload.lock").read_bytes()
    assert call("pin", "own.pkl", "evil.pkl", "--reason", "a test")[0] == 1
    assert (folder / "safeload.lock").read_bytes() == before


def test_a_reason_has_to_say_something(folder: Path) -> None:
    assert call("pin", "good.pkl", "--reason", " ")[0] == 2
    assert call("pin", "good.pkl")[0] == 2
    assert not (folder / "safeload.lock").exists()


def test_a_path_that_is_pinned_anew_lets_go_of_what_it_had(folder: Path) -> None:
    call("pin", "good.pkl", "--reason", "a test")
    old = pins()["good.pkl"].sha256
    (folder / "good.pkl").write_bytes(FILES["own.pkl"])
    code, output = call("pin", "good.pkl", "--reason", "a newer one")
    assert code == 0
    assert f"in place of sha256:{old}" in output
    assert [pin.reason for pin in pins().values()] == ["a newer one"]


def test_options_say_what_the_entry_says(folder: Path) -> None:
    (folder / "sub").mkdir()
    options = ("--expires", "2030-01-31", "--source", "a mail", "--safetensors", "notes.txt", "--no-path")
    code, output = call("pin", "good.pkl", "--reason", "a test", "--lock", "sub/other.lock", *options)
    assert code == 0, output
    (pin,) = reading.read(Path("sub/other.lock")).pins.values()
    assert (str(pin.expires), pin.source, pin.paths) == ("2030-01-31", "a mail", ())
    assert pin.safetensors.startswith("sha256:")
    assert "collections:OrderedDict" in map(str, pin.globals)


def test_a_broken_lock_file_is_not_written_over(folder: Path) -> None:
    (folder / "safeload.lock").write_text("version = 1\n<<<<<<< ours\n")
    for arguments in (("pin", "good.pkl", "--reason", "a test"), ("verify",)):
        code, output = call(*arguments)
        assert code == 1
        assert "line 2: a merge was left half done" in output
    assert "<<<<<<<" in (folder / "safeload.lock").read_text()


def test_a_cache_that_says_another_digest_raises_an_alarm(folder: Path) -> None:
    place = cache(folder, A)
    code, output = call("pin", place, "--reason", "a test", "--grant", "pickle")
    assert code == 1
    assert f"says that it is sha256:{A}" in output
    assert not (folder / "safeload.lock").exists()


def test_where_it_came_from_is_what_a_cache_says(folder: Path) -> None:
    place = cache(folder, "c" * 40)
    assert call("pin", place, "--reason", "a test", "--grant", "pickle")[0] == 0
    assert pins()[f"{SNAPSHOT}/sub/m.pkl"].source == "hf:org/name@0123abc/sub/m.pkl"


# what happened since: (what is done, options, exit code, what is said)
SINCE = {
    "nothing": ("", (), 0, "own.pkl as pinned"),
    "a file was changed": (
        "(folder / 'own.pkl').write_bytes(FILES['evil.pkl'])", (), 1, "own.pkl changed",
    ),
    "a file was changed, with the names that it asks for": (
        "(folder / 'own.pkl').write_bytes(FILES['evil.pkl'])", (), 1, "- mylab.nets:Head",
    ),
    "a file is gone": ("(folder / 'own.pkl').unlink()", (), 0, "own.pkl not there"),
    "a file is gone, frozen": ("(folder / 'own.pkl').unlink()", ("--frozen",), 1, "own.pkl not there"),
    "another came": ("", (".",), 0, "evil.pkl not pinned"),
    "another came, frozen": ("", (".", "--frozen"), 1, "evil.pkl not pinned"),
    "another came, and is no pickle": (
        "[p.unlink() for p in folder.glob('[ec]*.pkl')]", (".", "--frozen"), 0, "2 pins",
    ),
    "a copy of a pinned file": (
        "(folder / 'copy.pkl').write_bytes(FILES['own.pkl'])", ("copy.pkl", "--frozen"), 0, "copy.pkl as pinned",
    ),
    "its pin expired": (
        "edit('grant = \"names\"', 'expires = 2026-01-01\\ngrant = \"names\"')", (), 1, "its pin expired on 2026-01-01",
    ),
    "names were edited": ("edit('mylab.nets:Head', 'mylab.nets:Tail')", (), 1, "+ mylab.nets:Head"),
    "a digest was edited": ("edit('sha256 = \"', 'sha256 = \"0')", (), 1, "a digest is all 64 digits"),
    "the lock file is gone": ("(folder / 'safeload.lock').unlink()", (), 1, "there is no such lock file"),
}  # fmt: skip


@pytest.mark.parametrize(("done", "options", "code", "said"), SINCE.values(), ids=SINCE)
def test_verify_says_what_is_different(
    done: str, options: tuple[str, ...], code: int, said: str, folder: Path
) -> None:
    assert call("pin", "good.pkl", "own.pkl", "--reason", "a test")[0] == 0
    path = folder / "safeload.lock"

    def edit(before: str, after: str) -> None:
        assert before in path.read_text()
        path.write_text(path.read_text().replace(before, after))

    exec(done, {"folder": folder, "FILES": FILES, "edit": edit})
    ended, output = call("verify", *options)
    assert ended == code, output
    assert said in output
