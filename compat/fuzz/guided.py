"""The same oracle, with atheris to choose what to change: ``python compat/fuzz/guided.py -runs=100000 -seed=1``.

atheris watches which lines of the guard an input reaches and keeps those that reach a new one; what it
changes are whole opcodes, by the maker of ``run.py``. Options are libFuzzer's. Needs ``atheris``.
"""

from __future__ import annotations

import os
import sys

import atheris

os.environ |= {"SAFELOAD_LOG": "off", "PYTHONHASHSEED": "0"}

with atheris.instrument_imports(include=["safeload"], enable_loader_override=False):
    import safeload.guard
    import safeload.scan.look
    import safeload.scan.nested
    import safeload.tape  # noqa: F401 - all of the guard, to be watched

import argparse
import json
from collections import Counter

from run import Warm

ROOM = 4096


class Guided:
    """One input after another, by the doors that are quick."""

    DOORS = ("loads", "load", "python", "own", "joblib")

    def __init__(self) -> None:
        self.warm = Warm(argparse.Namespace(seed=1))
        self.ends: Counter[str] = Counter()

    def one(self, data: bytes) -> None:
        door = self.DOORS[len(data) % len(self.DOORS)]
        end, told = self.warm.judged(door, data)
        self.ends[f"{door}: {end}"] += 1
        if told:
            print(json.dumps({"door": door, "end": end, "found": told, "data": data.hex()}), flush=True)
        total = sum(self.ends.values())
        if total % 10_000 == 0:
            print(json.dumps({"inputs": total, "ends": dict(sorted(self.ends.items()))}), flush=True)

    def changed(self, data: bytes, _room: int, seed: int) -> bytes:
        """What atheris has, changed at its opcodes; or something new."""
        maker = self.warm.maker
        maker.seed(seed)
        made = maker.spliced(data) if data and maker.random.random() < 0.8 else maker.stream()
        return made[:ROOM]


def main() -> None:
    guided = Guided()
    atheris.Setup(
        [*sys.argv, f"-max_len={ROOM}", "-timeout=60", "-rss_limit_mb=4096", "-print_final_stats=1"],
        guided.one,
        custom_mutator=guided.changed,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
