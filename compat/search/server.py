"""A warm process that forks a child for each batch of programs, and knows what the dead were doing."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import hashlib
import importlib
import json
import mmap
import os
import random
import resource
import select
import signal
import struct
import sys
import traceback
import warnings
import zoneinfo
from collections.abc import Iterator
from typing import Any, Final

warnings.simplefilter("ignore")
os.environ.update(
    PYTHONWARNINGS="ignore",
    OMP_NUM_THREADS="1",
    OPENBLAS_NUM_THREADS="1",
    MKL_NUM_THREADS="1",
    SAFELOAD_LOG="off",
)

from honest import REPOSITORY

sys.path.insert(0, str(REPOSITORY))

from moves import LONGEST, Lists, Pool, mutated
from opcodes import read, written
from trial import Trial
from watch import Watch, differences, fingerprint, targets_of

import safeload
from safeload.policy import Policy
from safeload.scan.look import look
from safeload.scan.nested import NestedRecorder
from safeload.scan.window import Whole

STUCK_S: Final = 2.0  # of processor time, on one program
MEMORY: Final = 2**29
LATE: Final = ("tzdata.zoneinfo", "importlib.readers", "pandas.tseries.holiday", "torch._dynamo")
"""What listed names import when they are first used, whatever their arguments."""
_HEAD: Final = struct.Struct("<qq16s")


class Judge:
    """The guard's verdict on bytes, without a load."""

    def __init__(self, policy: Policy) -> None:
        self.policy, self.rulebook = policy, policy.rulebook()

    def admits(self, program: bytes) -> bool:
        recorder = NestedRecorder(self.rulebook)
        recorder.skips = False
        return self.policy.judge(look(Whole(program), recorder, options={})).admitted


class Server:
    """All that children share by their fork."""

    ROOM: Final = 2**20

    def __init__(self, policy: Policy, seeds: list[bytes], seed: int, batch: int) -> None:
        safeload.deactivate()  # the verdict is asked for, the load is CPython's own
        self.judge = Judge(policy)
        self.lists = Lists(self.judge.rulebook)
        self.seed, self.size = seed, batch
        self.board: Any = None  # each worker makes its own
        honest = [pickle for pickle in seeds if self.judge.admits(pickle)]
        programs = [steps for steps in map(read, honest) if len(steps) <= LONGEST]
        self.pool = Pool(programs)
        for module in (*sorted({ref.module for ref in self.lists.all}), *LATE):
            with contextlib.suppress(Exception):
                importlib.import_module(module)
        self.watch = Watch()
        self.watch.known = frozenset(part for ref in self.lists.all for part in with_parents(ref.module))
        self._warm()
        self.targets = targets_of(self.lists.all)
        gc.collect()
        gc.freeze()

    def _warm(self) -> None:
        """Use every honest object once, so that what they import late is there."""
        for key in ("No/Such", "NoSuch"):
            with contextlib.suppress(zoneinfo.ZoneInfoNotFoundError):
                zoneinfo.ZoneInfo(key)
        for ref in self.lists.all:  # torch wraps the step of an optimizer's class when the first one is loaded
            if ref.module.startswith("torch.optim"):
                with contextlib.suppress(Exception):
                    made = object.__new__(getattr(importlib.import_module(ref.module), ref.qualname))
                    made._patch_step_function()
        trial = Trial(self.watch, lambda _: None)
        self.watch.explained = lambda *_: None  # type: ignore[method-assign]
        for steps in self.pool.programs:
            trial.run(written(steps))
        del self.watch.explained

    def said(self) -> tuple[int, str, bytes]:
        """What the child was at: the program's number, what was done with it, and the program."""
        number, length, at = _HEAD.unpack_from(self.board, 0)
        return number, at.rstrip(b"\0").decode(), self.board[_HEAD.size : _HEAD.size + length]

    def batch(self, number: int) -> dict[str, Any]:
        """Run one batch to its end, in as many children as it takes."""
        total: dict[str, Any] = {"tried": 0, "admitted": 0, "hits": [], "slow": 0, "late": [], "hashes": b""}
        start = 0
        while True:
            told, status = self._child(number, start)
            for line in told:
                if "hit" in line:
                    total["hits"].append(line)
                else:
                    total |= {"tried": line["tried"], "admitted": line["admitted"]}
                    total["hashes"] = bytes.fromhex(line["hashes"])
            if status == 0:
                return total
            died_at, at, program = self.said()
            if status == signal.SIGKILL:
                total["slow"] += 1
                total["late"].append({"slow": at, "program": program.hex()})
            else:
                total["hits"].append({"hit": [f"signal {status} at {at}"], "program": program.hex()})
            if died_at < start:  # not in a program, and so again
                total["hits"].append({"hit": [f"broke off with {status}: {told}"[:2000]], "program": ""})
                return total
            start = died_at + 1

    def _child(self, number: int, start: int) -> tuple[list[dict[str, Any]], int]:
        reads, writes = os.pipe()
        pid = os.fork()
        if not pid:
            status = 77
            try:
                os.close(reads)
                child = Child(self, number, start, os.fdopen(writes, "w"))
                child.run()
                status = 0
            except BaseException:  # noqa: BLE001 - the parent says what it was
                child.tell({"hit": [traceback.format_exc()[-1500:]], "program": ""})
            finally:
                os._exit(status)
        os.close(writes)
        told = b""
        seen, since = -1, 0.0
        while True:
            ready, _, _ = select.select([reads], [], [], 1.0)
            if ready:
                part = os.read(reads, 1 << 16)
                if not part:
                    break
                told += part
            current = self.said()[0]
            if current != seen:
                seen, since = current, busy(pid)
            elif busy(pid) - since > STUCK_S:
                os.kill(pid, signal.SIGKILL)
        os.close(reads)
        _, status = os.waitpid(pid, 0)
        lines = [json.loads(line) for line in told.decode().splitlines() if line.endswith("}")]
        return lines, os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


class Child:
    """Makes the programs of a batch from its number alone, and runs those that are admitted."""

    def __init__(self, server: Server, number: int, start: int, out: Any) -> None:
        self.server, self.start, self.out = server, start, out
        self.dice = random.Random(f"{server.seed} {number}")
        self.programs = list(server.pool.programs)
        self.pool = server.pool
        self.tried = self.admitted = 0
        self.hashes: dict[bytes, None] = {}

    def run(self) -> None:
        limits()
        faulthandler.disable()
        warnings.simplefilter("ignore")
        trial = Trial(self.server.watch, self._at)
        before = fingerprint(self.server.targets)
        for program in self._admitted():
            if self.admitted > self.start:
                events = trial.run(program)
                if events:
                    self.tell({"hit": events, "program": program.hex()})
        after = fingerprint(self.server.targets)
        changed = differences(before, after)
        if changed:
            self.tell({"hit": [f"changed: {', '.join(changed)[:2000]}"], "program": "", "start": self.start})
        hashes = b"".join(self.hashes).hex()
        self.tell({"tried": self.tried, "admitted": self.admitted, "hashes": hashes})
        self.out.flush()

    def tell(self, line: dict[str, Any]) -> None:
        self.out.write(json.dumps(line) + "\n")
        self.out.flush()

    def _at(self, what: str) -> None:
        struct.pack_into("16s", self.server.board, 16, what.encode())

    def _admitted(self) -> Iterator[bytes]:
        pool, dice = self.pool, self.dice
        grown: list[Any] = []
        while self.admitted < self.server.size:
            self.tried += 1
            parent = dice.choice(grown) if grown and dice.random() < 0.3 else pool.one(dice)
            steps = mutated(parent, pool, self.server.lists, dice)
            program = written(steps)
            if len(program) > 40_000 or not self.server.judge.admits(program):
                continue
            key = hashlib.blake2b(program, digest_size=8).digest()
            if key in self.hashes:
                continue
            self.hashes[key] = None
            if len(steps) <= LONGEST:
                grown.append(steps)
            _HEAD.pack_into(self.server.board, 0, self.admitted, len(program), b"judged")
            self.server.board[_HEAD.size : _HEAD.size + len(program)] = program
            self.admitted += 1
            yield program


def with_parents(module: str) -> Iterator[str]:
    """A module's name and those of the packages it is in."""
    while module:
        yield module
        module = module.rpartition(".")[0]


def busy(pid: int) -> float:
    """Seconds of processor time that a child has had."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def limits() -> None:
    """So much memory and no core files; the output of loads goes nowhere."""
    with open("/proc/self/statm") as statm:
        used = int(statm.read().split()[0]) * mmap.PAGESIZE
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
