"""What needs a child of its own: what ends it, what it takes too much of, what it says falsely, and what it can see."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from harness import PRELUDE, hostile

import safeload
from safeload import errors, state
from safeload.policy import Policy
from safeload.sandbox import filters, here, warm
from safeload.sandbox.limits import ChildLimits

pytestmark = pytest.mark.skipif(bool(here.why_not()), reason=here.why_not())

SMALL = ChildLimits(seconds=20, cpu=5, memory=3e8, output=1e6)


@pytest.fixture(autouse=True)
def limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state.STATE, "policy", Policy(sandbox_limits=SMALL))


def limited(monkeypatch: pytest.MonkeyPatch, **values: float) -> None:
    monkeypatch.setattr(state.STATE, "policy", Policy(sandbox_limits=SMALL._replace(**values)))


def ran(text: str, **facts: Any) -> safeload.Tensors:
    facts = {"parent": os.getpid(), "numbers": dict(filters.machine().numbers), **facts}
    return safeload.load_tensors(hostile(f"F = {facts!r}\n{PRELUDE}\nresults = {{}}\n{text}"), sandbox="always")


X32 = "libc.syscall(ctypes.c_long(0x40000000 + 39))"
# What ends a child: (the code, the limits, what is said of it)
ENDS = {
    "it reads where nothing is": ("ctypes.string_at(0)", {}, "signal 11"),
    "it recurses for ever": (
        "sys.setrecursionlimit(1 << 30)\nclass A: __getattr__ = lambda self, name: getattr(self, name)\nA().x", {}, "signal 11",
    ),
    "it aborts": ("os.abort()", {}, "signal"),
    "it ends itself": ("os._exit(7)", {}, "exit code 7"),
    "it leaves": ("sys.exit()", {}, "SystemExit"),
    "it computes for ever": ("while True: pass", {"cpu": 0.5}, "signal 24"),
    "it computes for ever, deaf to its limit": (
        "signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass", {"cpu": 0.5}, "signal 9",
    ),
    "it sleeps for ever": ("time.sleep(1000)", {"seconds": 2}, "it took too long and was ended"),
    "it closes its report and sleeps": ("os.close(5); time.sleep(1000)", {"seconds": 2}, "it ended before it was done (still running)"),
    "it takes all memory, and all of it again": ("x = []\nwhile True: x.append(bytes(1 << 24))", {}, "MemoryError"),
    "it calls by another table of numbers": (X32, {}, "signal 31"),
    "it says more than it may": ("while True: os.write(5, b'x' * 4096)", {"seconds": 5}, "it said more than a child may say"),
    "it says what is no report": ("os.write(5, b'[1]\\n'); time.sleep(1000)", {"seconds": 2}, ""),
    "it says that it is done, and is not": ("os.write(5, b'{\"done\": null}\\n'); time.sleep(1000)", {"seconds": 2}, "it did not end"),
    "it says that it is done, with nothing": ("os.write(5, b'{\"done\": null}\\n'); os._exit(0)", {}, "handed back nothing"),
    "it hands back more than it may": ("results['x'] = 'x' * (1 << 20)", {}, "File too large"),
    "its error has a terminal's words": ("raise ValueError('\\x1b[31m' + 'x' * 9999)", {}, r"ValueError: \x1b[31mxxx"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "limits", "said"), ENDS.values(), ids=ENDS)
def test_what_ends_a_child_is_told(text: str, limits: dict[str, float], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, **limits)
    if text is X32 and not filters.machine().has_x32:
        pytest.skip("this machine has one table")
    with pytest.raises(errors.SandboxError) as raised:
        ran(text)
    assert said in str(raised.value)
    assert len(str(raised.value)) < 1000


def test_a_forged_output_is_numbers() -> None:
    """Its code may write the output itself: then that is what is read, and it is text and numbers."""
    forged = """
import json
said = {"tensors": [["w", {"span": 0, "dtype": "float32", "shape": [2], "stride": [1], "offset": 0, "flags": []}]],
        "beside": [], "scalars": [["n", {"value": 7}]], "left_out": [], "models": [], "computed": [], "metadata": [],
        "facts": {"dict": []}, "spans": [None]}
table = {"__metadata__": {"safeload.sandbox": json.dumps(said)}, "0": {"dtype": "U8", "shape": [8], "data_offsets": [0, 8]}}
head = json.dumps(table).encode()
os.write(4, len(head).to_bytes(8, "little") + head + struct.pack("ff", 1, 2))
os.write(5, b'{"done": null}\\n')
os._exit(0)
"""
    found = ran(forged)
    assert {name: value.tolist() for name, value in found.items()} == {"w": [1.0, 2.0]}
    assert found.scalars == {"n": 7}


@pytest.mark.parametrize("content", [b"", b"\xff" * 8, b"\0" * 64, b"x" * 999, (1 << 40).to_bytes(8, "little") + b"{"])
def test_an_output_that_is_none_is_refused(content: bytes) -> None:
    text = f"os.write(4, {content!r})\nos.write(5, b'{{\"done\": null}}\\n')\nos._exit(0)"
    with pytest.raises(errors.SandboxError, match="handed back"):
        ran(text)


# --- nothing of the parent's --------------------------------------------------------------------

SECRET = "of-the-parent-alone-" + str(os.getpid())
# Everything that a child can read: what its descriptors give, its environment, and its memory page by page.
SWEEP = r"""
half, other = F["half"], F["other"]
def holds(data):  # without ever joining the two
    at = data.find(half)
    while at >= 0 and not data.startswith(other, at + len(half)): at = data.find(half, at + 1)
    return at >= 0
seen = []
for number in range(64):
    try: os.lseek(number, 0, 1); seen.append(number)
    except OSError as error:
        if error.errno == errno.ESPIPE: seen.append(number)
results["descriptors"] = repr(seen)
environ = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, "environ")
own, at = [], 0
while environ[at]: own.append(environ[at].decode()); at += 1
results["environment"] = repr(own)
pages = found = 0
libc.pwrite.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_longlong]
def page(address):
    if libc.pwrite(4, address, 4096, 0) != 4096: return None
    return os.pread(4, 4096, 0)
def sweep(address, step):
    global pages, found
    address &= ~4095
    while (data := page(address)) is not None:
        pages += 1
        found += holds(data)
        address += step
for start in (ctypes.cast(environ[0], ctypes.c_void_p).value, ctypes.addressof(environ.contents), id(results), id([0] * 999),
              id(os), ctypes.addressof(KEPT), id("x" * 100000)):
    sweep(start, 4096); sweep(start - 4096, -4096)
os.ftruncate(4, 0)
results["pages"], results["found"] = pages, found
"""


def test_nothing_of_the_parent_is_in_the_child(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its environment, its memory and its open files: also those that any other child would inherit."""
    limited(monkeypatch, cpu=10)
    monkeypatch.setenv("A_TOKEN", SECRET)
    kept = [SECRET * 2, SECRET.encode() * 2]
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    with secret.open() as file:
        os.set_inheritable(file.fileno(), True)
        half = len(SECRET) // 2
        found = ran(SWEEP, half=SECRET[:half].encode(), other=SECRET[half:].encode()).scalars
    assert found["0.descriptors"] == "[0, 1, 2, 3, 4, 5]"
    assert "A_TOKEN" not in found["0.environment"]
    assert str(Path.home()) not in found["0.environment"]
    assert found["0.pages"] > 1000
    assert found["0.found"] == 0, kept
    environment = found["0.environment"]
    assert {line.partition("=")[0] for line in eval(environment)} <= ENVIRONMENT, environment


ENVIRONMENT = set(
    """
    LANG PATH HOME TMPDIR XDG_CACHE_HOME XDG_CONFIG_HOME OMP_NUM_THREADS OPENBLAS_NUM_THREADS MKL_NUM_THREADS
    NUMEXPR_NUM_THREADS VECLIB_MAXIMUM_THREADS RAYON_NUM_THREADS POLARS_MAX_THREADS TOKENIZERS_PARALLELISM
    CUDA_VISIBLE_DEVICES PYTORCH_JIT MPLBACKEND LC_CTYPE
    """.split()
)


def test_the_sweep_finds_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same search, for a word that the child does have in its environment."""
    limited(monkeypatch, cpu=10)
    assert ran(SWEEP, half=b"OMP_NUM", other=b"_THREADS=1").scalars["0.found"] > 0


def test_modules_come_from_where_packages_are_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not from the working directory, which a model came in."""
    (tmp_path / "colorsys.py").write_text("raise SystemError('from beside the model')")
    (tmp_path / "of_the_model.py").write_text("x = 1")
    (tmp_path / "model.pkl").write_bytes(b"ccolorsys\nrgb_to_yiq\n.")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    found = safeload.load_tensors("model.pkl", sandbox="always")
    assert found.left_out == {"": "the name colorsys:rgb_to_yiq"}
    with pytest.raises(errors.SandboxError, match=r"it needs of_the_model \(ModuleNotFoundError"):
        safeload.load_tensors(b"cof_the_model\nx\n.", sandbox="always")


def test_importing_may_do_nothing_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that is installed, and at its import reaches for the network, a program and a file."""
    made = tmp_path / "made"
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "busy.py").write_text(
        f"""
import os, socket, subprocess
tried = []
for attempt in (lambda: socket.socket(), lambda: subprocess.run(['/bin/true']), lambda: open({str(made)!r}, 'w'),
                lambda: os.kill(os.getppid(), 0), lambda: os.mkdir({str(made)!r})):
    try: attempt(); tried.append('worked')
    except OSError: tried.append('not')
try: open(os.environ['HOME'] + '/cache', 'w'); tried.append('cached')
except OSError: tried.append('not')
"""
    )
    monkeypatch.syspath_prepend(str(tmp_path / "packages"))
    found = safeload.load_tensors(b"cbusy\ntried\n.", sandbox="always")
    assert list(found.scalars.values())[:5] == ["not"] * 5
    assert found.scalars["5"] == ("cached" if found.ran.layers["landlock"] else "not")
    assert not made.exists()


def test_a_module_that_starts_threads_is_none_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "threaded.py").write_text("import threading, time; threading.Thread(target=time.sleep, args=(9,), daemon=True).start()")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(errors.SandboxError, match=r"it needs threaded \(RuntimeError: can't start new thread\)"):
        safeload.load_tensors(b"cthreaded\n__name__\n.", sandbox="always")


def test_no_process_is_left(tmp_path: Path) -> None:
    """Nor a descriptor, nor a folder."""
    import tempfile

    for _ in range(2):  # from here on a helper stands ready
        ran("results['x'] = 1")
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    before = set(os.listdir("/proc/self/fd")), set(os.listdir(tempfile.gettempdir())), children.read_text()
    for text in ("results['x'] = 1", "os.abort()"):
        try:
            ran(text)
        except errors.SandboxError:
            pass
    assert set(os.listdir("/proc/self/fd")) == before[0]
    assert not {name for name in set(os.listdir(tempfile.gettempdir())) - before[1] if name.startswith("safeload-")}
    assert children.read_text() == before[2]
    (helper,) = [helper for helper in state.STATE.helpers.values() if isinstance(helper, warm.Helper) and helper.is_there()][:1]
    assert Path(f"/proc/{helper.pid}/task/{helper.pid}/children").read_text() == ""
    assert os.listdir(helper.folder) == []


def test_many_at_once() -> None:
    """Threads of one program, each with a child of its own."""
    found: list[Any] = []

    def load(number: int) -> None:
        found.append(ran(f"results['n'] = {number}").scalars["0.n"])

    threads = [threading.Thread(target=load, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [0, 1, 2, 3]


def test_a_child_ends_with_its_parent(tmp_path: Path) -> None:
    """Killed as hard as can be: the child is gone with it."""
    import subprocess
    import time

    program = tmp_path / "program.py"
    program.write_text(
        "import safeload, sys; sys.path.insert(0, sys.argv[1])\n"
        "from harness import hostile\n"
        "safeload.load_tensors(hostile('import time\\nwhile True: time.sleep(0.1)'), sandbox='always')\n"
    )
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "SAFELOAD_LOG": "off"}
    started = subprocess.Popen([sys.executable, str(program), str(Path(__file__).parent)], env=environment)
    children = Path(f"/proc/{started.pid}/task/{started.pid}/children")
    pids: list[str] = []
    until = time.monotonic() + 20
    while time.monotonic() < until and not (pids and "sleep" in waiting(pids[0])):
        time.sleep(0.05)
        pids = children.read_text().split()
    started.send_signal(signal.SIGKILL)
    started.wait()
    while time.monotonic() < until and Path(f"/proc/{pids[0]}").exists():
        time.sleep(0.05)
    assert not Path(f"/proc/{pids[0]}").exists()


def waiting(pid: str) -> str:
    """What a process waits for in the kernel."""
    try:
        return Path(f"/proc/{pid}/wchan").read_text()
    except OSError:
        return ""


def test_plain_pickles_come_back_as_they_are() -> None:
    values = {"a": [1, 2.5, None, True], "b": (1 << 80, -3, 2j, b"\0\xff"), "c": {"d": "ü\ud800"}}
    found = safeload.load_tensors(pickle.dumps([values, OSError]), sandbox="always")
    assert found.scalars["0.b.0"] == 1 << 80
    assert found.scalars["0.b.2"] == 2j
    assert found.scalars["0.b.3"] == b"\0\xff"
    assert found.scalars["0.c.d"] == "ü\ud800"
