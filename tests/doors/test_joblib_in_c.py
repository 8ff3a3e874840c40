"""joblib's files through the C unpickler give what joblib's own unpickler gives."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

joblib = pytest.importorskip("joblib")
np = pytest.importorskip("numpy")

ROOT = Path(__file__).parents[2]

VALUES = {
    "nothing of numpy": "{'a': [1, 2.5, 'x', None]}",
    "one array": "np.arange(10.0)",
    "an empty array": "np.zeros((0, 3))",
    "no dimension": "np.array(3.5)",
    "the same array twice": "[A, A, {'again': A}]",
    "Fortran order": "np.asfortranarray(np.arange(12.0).reshape(3, 4))",
    "a foreign byte order": "np.arange(5, dtype='>i4')",
    "objects": "np.array([1, 'x', None, [1, 2]], dtype=object)",
    "objects that hold arrays": "np.array([np.arange(3), 'x'], dtype=object)",
    "text, bytes and dates": "[np.array(['ab', 'c']), np.array([b'x']), np.array(['2020-01-01'], dtype='M8[D]')]",
    "a structured array": "np.array([(1, 2.5, 'x')], dtype=[('a', 'i4'), ('b', 'f8'), ('c', 'U3')])",
    "a record that holds an object, alone": "[np.array((1, [2, 'x']), dtype=[('a', 'i4'), ('b', 'O')])[()], 3]",
    "records in one another": "np.array((1, ('x', 2)), dtype=[('a', 'i4'), ('b', [('c', 'O'), ('d', 'i8')])])[()]",
    "a matrix": "np.matrix([[1, 2], [3, 4]])",
    "a big array between small ones": "[np.arange(3), np.arange(100_000), np.arange(2), 'end']",
    "many arrays": "[np.full(50, i) for i in range(200)]",
}
COMPRESSION = ("0", "3", "('gzip', 3)", "('bz2', 3)", "('lzma', 3)", "('xz', 3)")

PROGRAM = """
import joblib, numpy as np, pickle, sys, traceback
folder, compress, *protocols = sys.argv[1:]
VALUES = eval(sys.stdin.read())
A = np.arange(5)
made = {}
for name, value in VALUES.items():
    for protocol in protocols:
        path = f'{folder}/{len(made)}'
        joblib.dump(eval(value), path, compress=eval(compress), protocol=int(protocol))
        made[path] = name, joblib.load(path)
import safeload
def same(a, b):
    if isinstance(a, np.ndarray):
        assert type(a) is type(b) and a.dtype == b.dtype and a.shape == b.shape and a.strides == b.strides, (a, b)
        assert a.flags == b.flags if a.size else True
        if a.dtype == object:
            for x, y in zip(a.ravel(), b.ravel()): same(x, y)
        else:
            assert a.tobytes() == b.tobytes()
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        for x, y in zip(a, b): same(x, y)
    elif isinstance(a, dict):
        assert list(a) == list(b)
        for key in a: same(a[key], b[key])
    else:
        assert a == b
def identities(v):
    return [v[0] is v[1], v[0] is v[2]['again']] if isinstance(v, list) and isinstance(v[-1], dict) else []
def compared(path, plain):
    safeload.activate()
    with open(path, 'rb') as file:
        guarded = joblib.load(file)
        position = file.tell()
    same(plain, guarded); same(plain, joblib.load(path))
    assert identities(plain) == identities(guarded)
    safeload.deactivate()
    with open(path, 'rb') as file:
        joblib.load(file)
        assert file.tell() == position, (file.tell(), position)
for path, (name, plain) in made.items():
    try:
        compared(path, plain)
    except Exception:
        print(name, traceback.format_exc().replace(chr(10), ' / '), sep=': ')
    else:
        print(name)
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What the program said of each value, by how the files were compressed."""
    found = {}
    for compress in COMPRESSION:
        protocols = ("2", "5") if compress == "0" else ("4",)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(tmp_path_factory.mktemp("files")), compress, *protocols],
            check=True,
            capture_output=True,
            text=True,
            input=repr(VALUES),
            env={"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": "off"},
        )
        found[compress] = done.stdout.splitlines()
    return found


@pytest.mark.parametrize("compress", COMPRESSION)
@pytest.mark.parametrize("value", VALUES)
def test_the_same_as_without_us(value: str, compress: str, told: dict[str, list[str]]) -> None:
    said = [line for line in told[compress] if line.partition(":")[0] == value]
    assert said == [value] * (2 if compress == "0" else 1)


def test_it_is_the_c_unpickler_that_loads(tmp_path: Path) -> None:
    """Otherwise the table above would hold of joblib's own unpickler alone."""
    program = """
import joblib, numpy as np, safeload, sys
joblib.dump([np.arange(3)] * 2, sys.argv[1])
safeload.status()
from safeload.doors import joblib_in_c
seen = []
load = joblib_in_c.load
joblib_in_c.load = lambda *args: (seen.append(1), load(*args))[1]
joblib.load(sys.argv[1])
assert seen == [1]
"""
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "f")],
        check=True,
        env={"PYTHONPATH": str(ROOT)},
    )


def _wrapper_in_frame(tail: bytes) -> bytes:
    """A stream whose frame goes on behind the wrapper's BUILD, so that its array stands elsewhere."""
    array = io.BytesIO()
    joblib.dump(np.arange(4, dtype="i8"), array)
    stream = array.getvalue()
    at = stream.rindex(b"ub", 0, len(stream) - 33) + 2
    length = int.from_bytes(stream[3:11], "little")
    return stream[:3] + (length + len(tail)).to_bytes(8, "little") + stream[11:at] + tail + stream[at:]


def test_an_array_that_does_not_follow_its_wrapper_is_no_open_door(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(_wrapper_in_frame(b"cos\nmkdir\n0"))
    program = "import safeload, joblib, sys\njoblib.load(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert "os:mkdir" in done.stderr
    assert pickle.UnpicklingError.__name__ in done.stderr or "Blocked" in done.stderr


CUT = """
import io, joblib, numpy as np, pickle, sys
import safeload
made = io.BytesIO()
joblib.dump([np.arange(5), np.arange(7.0), 'x'], made, protocol=int(sys.argv[1]))
whole = made.getvalue()
for length in range(len(whole)):
    try:
        joblib.load(io.BytesIO(whole[:length]))
    except safeload.BlockedLoadError as error:
        assert type(error) is safeload.UnreadableError, (length, str(error))
        assert 'cut short' in str(error) or 'truncated' in str(error) or 'Ran out' in str(error), str(error)
    except Exception as error:
        own = EOFError, IndexError, pickle.UnpicklingError, ValueError
        assert isinstance(error, own) or 'unpack' in str(error), error
    else:
        raise AssertionError(length)
"""


@pytest.mark.parametrize("protocol", ["2", "5"])
def test_a_file_that_is_cut_short_is_called_so(protocol: str) -> None:
    environment = {"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": "off"}
    subprocess.run([sys.executable, "-c", CUT, protocol], check=True, env=environment)


BACKWARDS = """
import collections, io, joblib, struct, safeload
def text(value): return b'X' + struct.pack('<I', len(value)) + value.encode()
def stream(shape):
    return (b'\\x80\\x02(cjoblib.numpy_pickle\\nNumpyArrayWrapper\\n)\\x81}('
        + text('subclass') + b'cnumpy\\nndarray\\n' + text('shape') + b'J' + struct.pack('<i', shape) + b'\\x85'
        + text('order') + text('C') + text('dtype') + b'cnumpy\\ndtype\\n' + text('i1') + b'\\x89\\x88\\x87R'
        + b'(K\\x03' + text('|') + b'NNNJ\\xff\\xff\\xff\\xffJ\\xff\\xff\\xff\\xffK\\x00tb'
        + text('allow_mmap') + b'\\x89ub')
data = stream(-len(stream(0)))
try:
    joblib.load(io.BytesIO(data))
except safeload.BlockedLoadError as error:
    print('no possible shape' in str(error))
"""


def test_an_array_does_not_lead_the_look_back_to_where_it_was() -> None:
    """Minus as many bytes as there are before it: the look would begin again, and again."""
    environment = {"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": "off"}
    done = subprocess.run(
        [sys.executable, "-c", BACKWARDS], capture_output=True, text=True, check=False, env=environment, timeout=60
    )
    assert done.stdout.split() == ["True"], done.stderr
