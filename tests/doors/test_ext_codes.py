"""EXT codes that a program has registered: its own classes load by them where they are allowed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import copyreg, io, pickle, sys
if sys.argv[1:]:
    import safeload
class Mine(list):
    pass
copyreg.add_extension("__main__", "Mine", 0xf0)
copyreg.add_extension("collections", "OrderedDict", 0x1f0)
copyreg.add_extension("os", "getcwd", 0xf1)
LOADS = {
    "loads": pickle.loads,
    "loads, not bytes": lambda blob: pickle.loads(bytearray(blob)),
    "load": lambda blob: pickle.load(io.BytesIO(blob)),
    "Unpickler": lambda blob: pickle.Unpickler(io.BytesIO(blob)).load(),
    "in Python": pickle._loads,
}
from collections import OrderedDict
BLOBS = {
    "own": pickle.dumps(Mine([1]), 4),
    "listed": pickle.dumps([OrderedDict(a=1), OrderedDict], 2),
    "long": pickle.dumps([Mine([1]), b"x" * 70_000, "y" * 2_000_000], 5),
    "hostile": b"\\x80\\x02\\x82\\xf1)R.",
}
for twice in range(2):
    for what, blob in BLOBS.items():
        for how, load in LOADS.items():
            try:
                print(what, how, hash(repr(load(blob))))
            except pickle.UnpicklingError as error:
                print(what, how, "refused", "os:getcwd" in str(error))
"""


def printed(*arguments: str) -> list[str]:
    environment = {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
    environment |= {"SAFELOAD_LOG": "off", "SAFELOAD_ALLOW": "__main__:Mine"}
    command = [sys.executable, "-c", PROGRAM, *arguments]
    child = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr
    return child.stdout.splitlines()


def test_objects_come_back_and_what_is_not_allowed_does_not() -> None:
    plain, guarded = printed(), printed("guarded")
    assert [line for line in guarded if not line.startswith("hostile")] == [
        line for line in plain if not line.startswith("hostile")
    ]
    hostile = [line for line in guarded if line.startswith("hostile")]
    assert len(hostile) == 10
    assert all(line.endswith("refused True") for line in hostile)
    assert not any("refused" in line for line in plain)


TOO_LONG = """
import copyreg, pickle, resource, struct, sys
import safeload
copyreg.add_extension("collections", "OrderedDict", 0xf0)
def taken():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert pickle.loads(pickle.dumps([bytearray(b"ab"), bytearray(100_000)], 5)) == [bytearray(b"ab"), bytearray(100_000)]
before = taken()
for load in (pickle.loads, pickle._loads):
    try:
        load(b"\\x80\\x05\\x96" + struct.pack("<Q", 1 << 29) + b"abcd.")
    except (EOFError, pickle.UnpicklingError) as error:
        print(taken() - before < 100_000, type(error).__name__)
"""


def test_a_bytearray_that_is_not_there_is_not_made_by_the_look() -> None:
    """With a code registered, the look's engine is the one in Python."""
    environment = {"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": "off"}
    command = [sys.executable, "-c", TOO_LONG]
    child = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert child.stdout.splitlines() == ["True UnpicklingError", "True UnreadableError"]
