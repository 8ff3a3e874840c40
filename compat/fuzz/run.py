"""Random pickles under the real doors, with a witness: ``python compat/fuzz/run.py --seed 1 --seconds 600``.

Input N of a seed is made from ``seed * 10**9 + N`` alone, so each can be made again: ``--first N --count 1``.
A finding is an audited deed that no listed name explains, a name let through that no list has, a change of a
listed class or function, of ``copyreg``, ``builtins``, ``sys.path`` or of our own state, a load whose names are
others than the look's before it, or whose object or error is another than without us, a crash, and an input
that takes longer than a second.
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent))
os.environ |= {"SAFELOAD_LOG": "off", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
warnings.simplefilter("ignore")

import examples
from pickles import Maker
from server import busy, limits
from trial import Trial
from watch import differences, fingerprint, targets_of
from ways import Way, form, text_of, ways
from witness import Stopped, Witness, differ, own_state, unlisted

import safeload
from safeload.policy import Policy
from safeload.state import STATE

SPAN: Final = 10**9
LOOK_AT: Final = 20_000  # inputs between two looks at what may have changed
EACH: Final = 200_000  # inputs of one child: what libraries keep would come to its limit of memory
PLAIN: Final = 3  # every so-manieth admitted input is loaded without the guard as well
STILL_S: Final = 20  # of processor time
SLOW_S: Final = 1.0
TOLD: Final = ("asked for by the load, but not by what was read", "the load reads otherwise than the look")
FAILURES: Final = (Exception, Stopped)


class Warm:
    """What every child has from its parent: libraries, names, examples, a witness."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.rulebook = Policy().rulebook()
        self.names = examples.listed()
        known = examples.imported(self.names)
        honest = (*examples.pickles(), *examples.streams_of_joblib(), *examples.streams_of_torch())
        self.ways = ways()
        self.witness = Witness(known)
        learn, self.witness.explained = self.witness.explained, lambda *_: None  # type: ignore[method-assign]
        trial = Trial(self.witness, lambda _: None)
        for data in (b"cos\nsystem\n.", b"cno.such\nname\n.", b"\x80\x04.", *honest):
            for way in self.ways.values():
                self.attempt(way, data)
            trial.run(data)
        self.witness.explained = learn  # type: ignore[method-assign]
        self.targets = targets_of([tuple(name.split(" ", 1)) for name in self.names])  # type: ignore[misc]
        self.maker = Maker(0, self.names, honest)
        self.turns = [name for name, way in self.ways.items() for _ in range(way.share)]
        self.state = own_state()

    def made(self, number: int) -> tuple[str, bytes]:
        """The door and the bytes of one input."""
        self.maker.seed(self.options.seed * SPAN + number)
        name = self.maker.random.choice(self.turns)
        packed = self.ways[name].pack(self.maker.stream())
        if self.ways[name].pack is not bytes and self.maker.random.random() < 0.1:
            damaged = bytearray(packed)
            damaged[self.maker.random.randrange(len(damaged))] = self.maker.random.randrange(256)
            packed = bytes(damaged)
        return name, packed

    def attempt(self, way: Way, data: bytes) -> tuple[str, Any]:
        """One load: how it ended, and with what."""
        self.witness.arm(way.harmless)
        try:
            made = way.load(data)
        except FAILURES as error:
            self.witness.armed = False
            return ended(error), error
        finally:
            self.witness.armed = False
        return "loaded", made

    def judged(self, name: str, data: bytes) -> tuple[str, list[str]]:
        """One load, how it ended, and what there is to say of it."""
        way = self.ways[name]
        started = time.process_time()
        end, made = self.attempt(way, data)
        took = time.process_time() - started
        told = [*self.witness.events, *(f"unlisted: {name}" for name in unlisted(self.witness.asked, self.rulebook))]
        if end == "differs" or (end == "loaded" and way.unpickles and differ(self.witness, way)):
            told.append(f"differs: {end} {differ(self.witness, way)}")
        if end == "refused" and way.looks_first and self.witness.asked:
            told.append(f"asked before the refusal: {self.witness.asked}")
        if not way.unpickles and self.witness.asked:
            told.append(f"a scan asked: {self.witness.asked}")
        if took > SLOW_S:
            told.append(f"slow: {took:.1f} s")
        if own_state() != self.state:
            told.append(f"own state: {own_state()}")
        admitted = way.unpickles and (end == "loaded" or (end == "broke" and self.witness.admitted))
        if admitted and len(data) % PLAIN == 0:
            told += self.against_plain(way, data, end, made)
        return end, told

    def against_plain(self, way: Way, data: bytes, end: str, made: Any) -> list[str]:
        """The same load without the guard: it is admitted, and ends alike."""
        STATE.active = False
        try:
            plain_end, plain = self.attempt(way, data)
        finally:
            STATE.active = True
        told = [f"plain: {event}" for event in self.witness.events]
        if end == "loaded" and way.again and plain_end == "broke":
            return told  # joblib's own unpickler, in Python, refuses some of what the one in C reads in one way
        if end != plain_end or type(made) is not type(plain):
            return [*told, f"{end} with {type(made)}, and {plain_end} with {type(plain)}"]
        if end == "broke" and way.again:
            return told
        ours, theirs = (form(made), form(plain)) if end == "loaded" else (str(made), str(plain))
        if ours != theirs and (end == "broke" or text_of(made) != text_of(plain)):
            told.append(f"unlike plain: {ours!r:.300} is not {theirs!r:.300}")
        return told


def ended(error: BaseException) -> str:
    """By what a load was broken off."""
    if isinstance(error, safeload.BlockedLoadError):
        said = (error.refusal.unread, *(item.text for item in error.refusal.refused))
        return "differs" if any(text.startswith(TOLD) for text in said) else "refused"
    return "differs" if str(error).startswith(TOLD) else "broke"


def work(warm: Warm, first: int, at: mmap.mmap, write: int) -> None:
    """In a child: one input after another, until time is up."""
    options = warm.options
    limits()
    ends: Counter[str] = Counter()
    before, looked = fingerprint(warm.targets), first
    number = since = first
    last = min(first + (options.count or EACH), options.until_input)
    while number < last and time.time() < options.until:
        name, data = warm.made(number)
        end, told = warm.judged(name, data)
        ends[f"{name}: {end}"] += 1
        number += 1
        at[:8] = struct.pack("<Q", number)
        if number % LOOK_AT == 0 or number == last:
            after = fingerprint(warm.targets)
            told += [f"changed since {looked}: {key}" for key in differences(before, after)]
            before, looked = after, number
        if told:
            say(write, input=number - 1, door=name, end=end, found=told, data=data.hex())
        if number - since == LOOK_AT or number == last:
            say(write, inputs=number - since, upto=number, ends=dict(ends))
            ends.clear()
            since = number
    if number > since:
        say(write, inputs=number - since, upto=number, ends=dict(ends))


def say(write: int, **line: Any) -> None:
    os.write(write, json.dumps(line).encode() + b"\n")


def supervise(options: argparse.Namespace) -> None:
    """Children one after another: one that crashes or stands still is a finding, and the next goes on."""
    warm = Warm(options)
    write = os.dup(1) if not options.record else os.open(options.record, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    say(write, seed=options.seed, commit=options.commit or commit.stdout.strip(), python=sys.version.split()[0])
    at = mmap.mmap(-1, 8)
    options.until = time.time() + options.seconds
    first = options.first
    while time.time() < options.until and first < options.until_input:
        at[:8] = struct.pack("<Q", first)
        pid = os.fork()
        if not pid:
            with tempfile.TemporaryDirectory() as room:
                os.chdir(room)
                work(warm, first, at, write)
                if left := os.listdir("."):
                    say(write, input=first, found=[f"left behind: {left}"])
            os._exit(0)
        status = waited(pid, at)
        here = struct.unpack("<Q", at[:8])[0]
        if not status and options.count:
            return
        if not status:
            first = here
            continue
        name, data = warm.made(here)
        ended = os.waitstatus_to_exitcode(status)
        say(write, input=here, door=name, end="died", found=[f"ended by {ended}"], data=data.hex())
        first = here + 1
        if options.count:
            return


def waited(pid: int, at: mmap.mmap) -> int:
    """Until a child ends, or is ended because one input takes it too long."""
    last, since = b"", 0.0
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        time.sleep(0.2)
        if at[:8] != last:
            last, since = at[:8], busy(pid)
        elif busy(pid) - since > STILL_S:
            os.kill(pid, signal.SIGKILL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--until-input", type=int, default=SPAN)
    parser.add_argument("--record", default="", help="a file to which lines of JSON are added")
    parser.add_argument("--commit", default="", help="what is run, where that is no checkout")
    supervise(parser.parse_args())


if __name__ == "__main__":
    main()
