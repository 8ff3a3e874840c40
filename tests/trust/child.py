"""The process that runs the rows: ``python -m trust.child guarded|bare FOLDER``; prints one JSON object.

It forks for each row, so that what a row does to its process stays there, and libraries are imported once.
"""

from __future__ import annotations

import sys

GUARDED = sys.argv[1] == "guarded"
if GUARDED:
    import safeload

import bz2  # noqa: F401 - for the rows, as is more below
import datetime
import fractions  # noqa: F401
import gzip  # noqa: F401
import hashlib
import io
import json
import lzma  # noqa: F401
import multiprocessing  # noqa: F401
import os
import pickle
import types
import zipfile  # noqa: F401
from pathlib import Path
from typing import Any

import cloudpickle  # noqa: F401
import joblib  # noqa: F401
import numpy as np  # noqa: F401
import pandas  # noqa: F401
import torch  # noqa: F401
from safetensors.torch import save_file as safetensors  # noqa: F401

from trust import checks, rows, signer

held: Any = types.SimpleNamespace()
if GUARDED:
    from safeload import guard, policy_file  # noqa: F401 - for the checks, as is more below
    from safeload.pins import bundles, claims, granting, held, keys, known, lock, reading, signatures  # noqa: F401
    from safeload.state import STATE
    from safeload.tensors import cache  # noqa: F401

mylab = types.ModuleType("mylab")
sys.modules["mylab"] = mylab
exec(  # classes of an importable module that no list names
    "import pickle\n"
    "class Head:\n def __init__(self): self.weights = list(range(50))\n"
    "class Loads:\n"
    " def __init__(self, path): self.path = path\n"
    " def __setstate__(self, state): self.got = pickle.load(open(state['path'], 'rb'))\n",
    mylab.__dict__,
)


class evil:  # noqa: N801 - used as a function
    def __reduce__(self) -> Any:
        return os.mkdir, ("ran",)


EVIL, HEAD = pickle.dumps(evil()), pickle.dumps(mylab.Head())
BETWEEN: list[Any] = []
KEY, OTHER = signer.key(), signer.key()


def write(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)


def append(path: str, text: str) -> None:
    with open(path, "a") as file:
        file.write(text)


def over(path: str, data: bytes) -> None:
    """In place, and no shorter than it was."""
    size = os.path.getsize(path)
    with open(path, "r+b") as file:
        file.write(data.ljust(size, b"\0"))
        file.truncate(max(size, len(data)))


def folder(path: str, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        os.makedirs(os.path.dirname(f"{path}/{name}"), exist_ok=True)
        write(f"{path}/{name}", data)


def digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def day(ahead: int) -> str:
    return (datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=ahead)).isoformat()


def pin(path: str, *, level: str = "pickle", more: bool = False, **said: Any) -> None:
    """A table as a person would write it, with what the row says in place of what is true."""
    facts = {"sha256": digest(path), "size": os.path.getsize(path), "grant": level, "reason": "a test"}
    facts |= {"pinned": day(0), "paths": [path], **said}
    lines = [] if more else ["version = 1"]
    lines.append("[[file]]")
    lines += [f"{key} = {value if key in ('pinned', 'expires') else json.dumps(value)}" for key, value in facts.items()]
    append("safeload.lock", "\n".join(lines) + "\n")


def io_named(name: str, data: bytes, load: Any) -> Any:
    file = io.BytesIO(data)
    named = type("Named", (io.BytesIO,), {"name": os.path.abspath(name)})(data)
    del file
    return load(named)


def between(act: Any) -> None:
    """Do it between hash and load: of safeload, and of a program that hashes and then loads."""
    BETWEEN.append(act)
    if GUARDED:
        original = held.hold

        def hold(*args: Any, **options: Any) -> Any:
            found = original(*args, **options)
            for one in [BETWEEN.pop()] if BETWEEN else []:
                one()
            return found

        held.hold = hold


def while_hashing(act: Any) -> None:
    BETWEEN.append(act)
    if GUARDED:
        original = held._write

        def _write(*args: Any) -> None:
            original(*args)
            for one in [BETWEEN.pop()] if BETWEEN else []:
                one()

        held._write = _write


def once(load: Any, path: str) -> Any:
    """As programs do without us: hash an open file, and load it through the very same descriptor."""
    with open(path, "rb") as file:
        if not GUARDED:
            assert hashlib.file_digest(file, "sha256").hexdigest() in Path("safeload.lock").read_text()
            BETWEEN.pop()()
            file.seek(0)
        return load(file)


def before(load: Any) -> Any:
    if not GUARDED:
        assert digest("m.pkl") in Path("safeload.lock").read_text()
        BETWEEN.pop()()
    return load()


def cached_hub(path: str, claimed: str, data: bytes) -> None:
    """A link into a Hugging Face cache, which claims a digest for what it leads to."""
    os.makedirs("models--org--name/blobs")
    os.makedirs("models--org--name/snapshots/0123abc")
    write(f"models--org--name/blobs/{claimed}", data)
    os.symlink(f"../../blobs/{claimed}", "models--org--name/snapshots/0123abc/m.pkl")
    os.symlink("models--org--name/snapshots/0123abc/m.pkl", path)


def cached(path: str) -> None:
    """Let digests of small files be remembered, too."""
    os.mkdir("cache", 0o700)
    os.mkdir("cache/digests", 0o700)
    if GUARDED:
        STATE.cache, known.WORTH = os.path.abspath("cache"), 1


def old(path: str) -> None:
    """As if the file had been written a while ago: nobody can set the time of its last change."""
    os.utime(path, (1, 1))
    if GUARDED:
        known.YOUNG = -1


def plant(path: str, data: bytes, *, link: bool = False) -> None:
    if GUARDED:
        place = Path("cache/digests", known._key(os.stat(path)))
        if link:
            Path("x").write_text(hashlib.sha256(data).hexdigest())
            place.symlink_to(os.path.abspath("x"))
        else:
            place.write_text(hashlib.sha256(data).hexdigest())
            place.chmod(0o600)


def pickle_once(path: str) -> None:
    if GUARDED:
        safeload.activate(safeload.Policy(lock="safeload.lock"))
    with open(path, "rb") as file:
        pickle.load(file)


def outcome(arrange: str, load: str, policy: str = "") -> str:
    write("key.pem", signer.pem(KEY))
    exec(arrange, globals())
    if GUARDED:
        said: dict[str, Any] = {"lock": "safeload.lock", "require_pins": policy == "required"}
        if policy == "signed":
            said = {"keys": ((signer.digest(KEY), "key.pem"),)}
        safeload.activate(safeload.Policy(**said))
    try:
        exec(load, globals())
    except Exception as error:  # noqa: BLE001 - the error is the outcome
        return "ran" if os.path.isdir("ran") else f"{type(error).__name__}: {' '.join(str(error).split())}"
    return "ran" if os.path.isdir("ran") else "loaded"


def in_a_fork(place: str, arrange: str, load: str, policy: str) -> str:
    os.mkdir(place)
    read, wrote = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.chdir(place)
            said = outcome(arrange, load, policy)
        except BaseException as error:  # noqa: BLE001 - told, whatever it is
            said = f"the row is wrong: {type(error).__name__}: {error}"
        os.write(wrote, said.encode()[:60_000])
        os._exit(0)
    os.close(wrote)
    with os.fdopen(read) as file:
        said = file.read()
    os.waitpid(child, 0)
    return said


def main(place: str) -> None:
    if GUARDED:
        os.chdir(place)
        outcome("", "pickle.loads(HEAD)")  # brings in all of the guard
    cases: dict[str, tuple[str, str, str]] = {}
    for name, (arrange, load) in rows.DOORS.items():
        if GUARDED:
            cases[f"pinned: {name}"] = (f"{arrange}; pin('m.pkl', paths=())", load, "")
        cases[f"not pinned: {name}"] = (f"{arrange}; append('safeload.lock', 'version = 1\\n')", load, "")
    for name, row in (rows.ATTACKS | rows.ALLOWS).items():
        cases[name] = (row.arrange, row.load, "")
    for name, (arrange, load) in rows.REQUIRED.items():
        empty = f"{arrange}; append('safeload.lock', 'version = 1\\n')"
        cases[f"required: {name}"] = (empty, load, "required")
        if GUARDED:
            cases[f"not required: {name}"] = (empty, load, "")
            cases[f"required and pinned: {name}"] = (f"{arrange}; pin('m.pkl', level='data')", load, "required")
    for name, (arrange, load) in rows.GOES_ON.items() if GUARDED else ():
        cases[f"goes on: {name}"] = (arrange, load, "required")
    for name, row in rows.SIGNED.items():
        cases[f"signed: {name}"] = (row.arrange, row.load, "signed")
    for name, check in checks.CHECKS.items() if GUARDED else ():
        arrange, load, policy = cases[check.row]
        cases[f"without: {name}"] = (f"{arrange}\n{check.without}", load, policy)
    told = {
        name: in_a_fork(f"{place}/{number}", arrange, load, policy)
        for number, (name, (arrange, load, policy)) in enumerate(cases.items())
    }
    print(json.dumps(told))


main(sys.argv[2])
