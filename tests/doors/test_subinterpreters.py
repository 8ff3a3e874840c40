"""Another interpreter of the same process: the doors stand in memory that both share."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from safeload.doors.arrival import IN_PLACE

REPOSITORY = Path(__file__).resolve().parents[2]

OUTER = """
import pickle, sys
if sys.argv[1] == "guarded":
    import safeload
    pickle.loads(b"N.")
inner = open("inner.py").read()
if sys.version_info < (3, 13):
    import _xxsubinterpreters as interpreters
    made = interpreters.create(isolated=sys.argv[2] == "isolated")
    interpreters.run_string(made, inner)
else:
    import _interpreters as interpreters
    made = interpreters.create(sys.argv[2])
    failed = interpreters.exec(made, inner)
    assert failed is None, failed
print("outer", pickle.loads(b"N."))
"""

INNER = """
import sys
sys.path[:0] = {path!r}
{first}
import pickle
try:
    pickle.loads(b"cposix\\nsystem\\n(S'touch fired'\\ntR.")
except Exception as error:
    print(type(error).__name__, flush=True)
print(pickle.loads(pickle.dumps([1, "two"])), flush=True)
print(pickle._loads(pickle.dumps([1, "two"])))
"""


def run(tmp_path: Path, arm: str, kind: str, first: str) -> str:
    (tmp_path / "inner.py").write_text(INNER.format(path=[str(REPOSITORY), *sys.path], first=first))
    done = subprocess.run(
        [sys.executable, "-c", OUTER, arm, kind],
        cwd=tmp_path,
        env={"SAFELOAD_LOG": "off", "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    ended_well = done.returncode == 0
    if kind == "isolated" and sys.version_info[:2] == (3, 12):
        # CPython 3.12.1 frees one interpreter's tuple in another as the process ends, which mostly aborts it:
        # without us it takes no more than `import hashlib` in the inner one. All that counts has been said by then.
        ended = done.returncode in (-signal.SIGABRT, -signal.SIGSEGV)
        ended_well = ended_well or (ended and "outer None" in done.stdout)
    assert ended_well, (done.returncode, done.stdout, done.stderr)
    return done.stdout


kinds = pytest.mark.parametrize("kind", ["isolated", "legacy"])


@kinds
def test_the_file_fires_there_without_us(tmp_path: Path, kind: str) -> None:
    run(tmp_path, "bare", kind, "")
    assert (tmp_path / "fired").exists()


@pytest.mark.skipif(not IN_PLACE, reason="the doors of the C part are those that interpreters share")
@kinds
@pytest.mark.parametrize("first", ["", "import safeload", "import pickle"])
def test_it_is_refused_there_and_plain_data_loads(tmp_path: Path, kind: str, first: str) -> None:
    said = run(tmp_path, "guarded", kind, first)
    assert not (tmp_path / "fired").exists()
    assert said.split()[0] == "BlockedGlobalError"
    assert "[1, 'two']" in said
    assert "outer None" in said
