"""Random pickles under the real doors, with a witness: ``python compat/fuzz/run.py --seed 1 --seconds 600``.

Input N of a seed is made from ``seed * 10**9 + N``, so each can be made again: ``--first N --count 1``.
A finding is an audited deed that no allowed name explains, a change of a listed class, function or
module, of ``copyreg``, of ``sys.modules`` or of our own state, a crash, an input that does not end, and
a load that reads or asks for something else than the look before it.
"""

from __future__ import annotations

import argparse
import codecs
import contextlib
import copyreg
import gzip
import importlib
import io
import json
import mmap
import os
import pickle
import random
import signal
import struct
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent))
os.environ["SAFELOAD_LOG"] = "off"

from pickles import Maker, honest, in_torch_zip, listed

import safeload
from safeload.state import COLLECTION_PAUSED, STATE, THREAD

SPAN: Final = 10**9
LOOK_AT: Final = 500  # inputs between two looks at what may have changed
STILL_S: Final = 30
DEEDS: Final = ("os.", "subprocess.", "socket.", "shutil.", "ctypes.", "open", "exec", "compile", "import", "code.",
                "object.__setattr__", "sys.", "urllib.", "ftplib.", "webbrowser.", "tempfile.", "glob.", "pty.")  # fmt: skip
# CPython says so of a bytearray that it has no memory for.
QUIET: Final = ("sys._getframe", "os.fspath", "sys.excepthook")
TOLD: Final = ("asked for by the load, but not by what was read", "the load reads otherwise than the look")


class Witness:
    """Sees every audited deed of a load."""

    def __init__(self, tops: frozenset[str]) -> None:
        self.tops = tops
        self.armed = False
        self.deeds: list[str] = []
        sys.addaudithook(self._see)

    def _see(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.armed or not event.startswith(DEEDS) or event in QUIET:
            return
        if event == "import" and str(args[0]).partition(".")[0] in self.tops:
            return
        self.armed = False
        self.deeds.append(f"{event} {args!r:.200}")
        self.armed = True


def twice(data: bytes) -> None:
    unpickler = pickle.Unpickler(io.BytesIO(data + data))
    unpickler.load()
    unpickler.load()


class Own(pickle.Unpickler):
    def persistent_load(self, pid: object) -> object:
        return pid


class Renaming(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def doors() -> dict[str, Callable[[bytes], object]]:
    found: dict[str, Callable[[bytes], object]] = {
        "loads": pickle.loads,
        "load": lambda data: pickle.load(io.BytesIO(data)),
        "buffered": lambda data: pickle.load(io.BufferedReader(io.BytesIO(data))),
        "gzip": lambda data: pickle.load(gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(data, 1)))),
        "twice": twice,
        "own": lambda data: Own(io.BytesIO(data)).load(),
        "renaming": lambda data: Renaming(io.BytesIO(data)).load(),
        "python": pickle._loads,
        "latin1": lambda data: pickle.loads(data, encoding="latin1", fix_imports=False),
        "buffers": lambda data: pickle.loads(data, buffers=[b"ab", bytearray(b"cd")]),
        "scan": safeload.scan,
    }
    with contextlib.suppress(ImportError):
        import joblib

        found["joblib"] = lambda data: joblib.load(io.BytesIO(data))
    with contextlib.suppress(ImportError):
        import torch

        found["torch"] = lambda data: torch.load(io.BytesIO(in_torch_zip(data)), weights_only=False)
        found["weights_only"] = lambda data: torch.load(io.BytesIO(in_torch_zip(data)), weights_only=True)
    return found


def imported(names: tuple[str, ...]) -> list[Any]:
    """What the listed names lead to: to be watched for change. Their modules are here afterwards."""
    found: dict[int, Any] = {}
    for name in names:
        module, _, qualname = name.partition(" ")
        try:
            here: Any = importlib.import_module(module)
        except ImportError:
            continue
        found[id(here)] = here
        for part in qualname.split("."):
            here = getattr(here, part, None)
        if isinstance(here, type | FunctionType):
            found[id(here)] = here
    return list(found.values())


CACHES: Final = frozenset({"__abstractmethods__", "_abc_impl", "__slotnames__", "__warningregistry__"})


def snapshot(things: list[Any]) -> dict[str, Any]:
    """What no load may change."""
    found: dict[str, Any] = {}
    for thing in things:
        held = {key: id(value) for key, value in vars(thing).items() if key not in CACHES}
        found[f"{thing.__name__} {id(thing)}"] = held
    found["copyreg"] = (len(copyreg.dispatch_table), dict(copyreg._extension_registry), dict(copyreg._inverted_registry))
    found["state"] = (STATE.active, STATE.policy, STATE.granted, dict(STATE.trusted), THREAD.load, COLLECTION_PAUSED._depth)
    found["modules"] = {name: id(module) for name, module in sys.modules.items() if not name.startswith(("torch", "pandas", "scipy", "numpy", "safeload", "encodings"))}
    return found


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [key for key in before if before[key] != after.get(key)]


def attempt(door: Callable[[bytes], object], data: bytes, witness: Witness) -> str:
    """One load: how it ended."""
    witness.armed = True
    try:
        door(data)
    except safeload.BlockedLoadError as error:
        witness.armed = False
        text = str(error)
        return "differs" if any(words in text for words in TOLD) else "refused"
    except Exception as error:
        witness.armed = False
        return "differs" if any(words in str(error) for words in TOLD) else "broke"
    else:
        return "loaded"
    finally:
        witness.armed = False


def work(
    options: argparse.Namespace, names: tuple[str, ...], things: list[Any], first: int, at: mmap.mmap, write: int
) -> None:
    """In a child: one input after another, until time is up."""
    ways, examples = doors(), honest()
    idle = Witness(frozenset())
    for warm in ways.values():
        at[:8] = os.urandom(8)  # alive
        for data in (pickle.dumps([1.5]), b"cos\nsystem\n.", *examples):
            attempt(warm, data, idle)
    codecs.lookup("unicode_escape")
    witness = Witness(frozenset(name.partition(" ")[0].partition(".")[0] for name in names))
    ends: Counter[str] = Counter()
    before = snapshot(things)
    number = first
    while time.time() < options.until and (not options.count or number < first + options.count):
        at[:8] = struct.pack("<Q", number)
        seed = options.seed * SPAN + number
        data = Maker(seed, names, examples).stream()
        name = random.Random(f"door {seed}").choice(sorted(ways))
        end = attempt(ways[name], data, witness)
        ends[f"{name} {end}"] += 1
        told = [*witness.deeds, *(["differs"] if end == "differs" else [])]
        witness.deeds.clear()
        if number % LOOK_AT == LOOK_AT - 1 or options.count == 1:
            after = snapshot(things)
            told += [f"changed: {key}" for key in changed(before, after)]
            before = after
        if told:
            os.write(write, json.dumps({"input": number, "door": name, "found": told, "data": data.hex()}).encode() + b"\n")
        number += 1
    os.write(write, json.dumps({"inputs": number - first, "ends": dict(sorted(ends.items()))}).encode() + b"\n")


def supervise(options: argparse.Namespace, names: tuple[str, ...]) -> None:
    """Children one after another: one that crashes or stands still is a finding, and the next goes on."""
    at = mmap.mmap(-1, 8)
    warnings.simplefilter("ignore")
    things = imported(names)
    doors()
    options.until = time.time() + options.seconds
    first = options.first
    while time.time() < options.until:
        at[:8] = struct.pack("<Q", first)
        pid = os.fork()
        if not pid:
            with tempfile.TemporaryDirectory() as room:
                os.chdir(room)
                work(options, names, things, first, at, sys.stdout.fileno())
            os._exit(0)
        last, since, status = first, time.time(), None
        while status is None:
            time.sleep(0.2)
            done, code = os.waitpid(pid, os.WNOHANG)
            here = struct.unpack("<Q", at[:8])[0]
            if done:
                status = code
            elif here != last:
                last, since = here, time.time()
            elif time.time() - since > STILL_S:
                os.kill(pid, signal.SIGKILL)
        here = struct.unpack("<Q", at[:8])[0]
        if not status:
            return
        print(json.dumps({"input": here, "ended_by": os.waitstatus_to_exitcode(status)}), flush=True)
        first = here + 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=0)
    options = parser.parse_args()
    supervise(options, listed())


if __name__ == "__main__":
    main()
