"""Which lines of the guard the fuzzer reaches: ``python compat/fuzz/covered.py --seed 1 --count 20000``.

Needs ``coverage``. Prints a table of the modules that a load goes through.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parent))
ROOT: Final = Path(__file__).resolve().parents[2]

import coverage

WATCHED: Final = (
    "guard.py", "loads.py", "policy.py", "tape.py", "replay.py", "record.py", "scan/*.py", "doors/for_*.py",
    "doors/data_only.py", "doors/joblib_in_c.py", "doors/find_class.py",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20_000)
    told = parser.parse_args()
    watching = coverage.Coverage(include=[str(ROOT / "safeload" / name) for name in WATCHED], data_file=None)
    watching.start()
    from run import Warm

    warm = Warm(argparse.Namespace(seed=told.seed))
    findings = 0
    for number in range(told.count):
        findings += bool(warm.judged(*warm.made(number))[1])
    watching.stop()
    print(f"{told.count} inputs of seed {told.seed}, {findings} findings\n", flush=True)
    watching.report(file=(table := io.StringIO()), output_format="markdown", show_missing=False)
    print(table.getvalue().replace(str(ROOT) + "/", ""))


if __name__ == "__main__":
    main()
