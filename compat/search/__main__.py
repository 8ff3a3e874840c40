"""A search for harm in the allowlists: random programs of listed names, judged, and loaded if admitted.

    python compat/search --seed 1 --programs 1000000

Each worker is a warm process that forks a child for a batch of programs. A batch depends on the seed
and its number alone. Hits are written to the folder of ``--hits``, each with its program.
"""

from __future__ import annotations

import argparse
import json
import mmap
import multiprocessing
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))


def work(number: int, options: argparse.Namespace, warm: Any, results: Any) -> None:
    """One worker: every so-manieth batch, in a folder of its own that stays empty."""
    warm.board = mmap.mmap(-1, warm.ROOM)
    with tempfile.TemporaryDirectory() as empty:
        os.chdir(empty)
        end = options.first + -(-options.programs // options.batch)
        for batch in range(options.first + number, end, options.workers):
            found = warm.batch(batch)
            if os.listdir(empty):
                found["hits"].append({"hit": [f"left behind: {os.listdir(empty)}"], "program": ""})
            results.put((batch, found))
        os.chdir("/")
    results.put(None)


def warmed(options: argparse.Namespace) -> Any:
    """What all workers share: libraries, honest pickles, lists."""
    import server
    from honest import seeds

    import safeload
    from safeload.policy import Policy

    safeload.deactivate()  # what an honest library writes is loaded as it is
    policy = Policy(profiles=Policy().profiles + tuple(options.profile))
    return server.Server(policy, seeds(options.profile), options.seed, options.batch)


def keep(folder: Path, file: str, batch: int, found: dict[str, Any]) -> None:
    """A line with the program that was found."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / file, "a", encoding="utf-8") as log:
        log.write(json.dumps({"batch": batch, **found}) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--programs", type=int, default=1_000_000, help="admitted programs to load")
    parser.add_argument("--batch", type=int, default=2_000, help="admitted programs of one child")
    parser.add_argument("--first", type=int, default=0, help="number of the first batch")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--profile", action="append", default=[], help="a list to search beside the default ones")
    parser.add_argument("--hits", type=Path, default=Path(tempfile.gettempdir()) / "search-hits")
    options = parser.parse_args()
    fork = multiprocessing.get_context("fork")
    results: Any = fork.Queue()
    warm = warmed(options)
    workers = [fork.Process(target=work, args=(n, options, warm, results)) for n in range(options.workers)]
    started = time.monotonic()
    for worker in workers:
        worker.start()
    tried = admitted = hits = slow = done = 0
    distinct: set[bytes] = set()
    while done < len(workers):
        told = results.get()
        if told is None:
            done += 1
            continue
        batch, found = told
        tried, admitted, slow = tried + found["tried"], admitted + found["admitted"], slow + found["slow"]
        distinct.update(found["hashes"][at : at + 8] for at in range(0, len(found["hashes"]), 8))
        for late in found.get("late", ()):
            keep(options.hits, "slow.jsonl", batch, late)
        for hit in found["hits"]:
            hits += 1
            keep(options.hits, "hits.jsonl", batch, hit)
            print(f"HIT in batch {batch}: {hit['hit'][0][:160]}", flush=True)
        rate = admitted / (time.monotonic() - started)
        counts = f"{admitted} admitted of {tried}, {len(distinct)} distinct, {slow} slow, {hits} hits"
        print(f"{batch}: {counts}, {rate:.0f}/s", flush=True)
    return 1 if hits else 0


if __name__ == "__main__":
    sys.exit(main())
