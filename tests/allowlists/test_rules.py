"""What the lists refuse: each refusal beside the harm that CPython's unpickler lets it do."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from evasions.builders import calling, given, named, new, number, pickled, text

from safeload.allowlists import for_builtins, for_numpy, for_stdlib
from safeload.allowlists.never import why_never
from safeload.scan.report import GlobalRef

from .hostile import NUMPY, STDLIB, Hostile, attributes
from .judged import BOOK, refusals

CHILD = """
import pickle, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
loaded = None
try:
    try:
        loaded = pickle.loads(open(sys.argv[1], "rb").read())
    except MemoryError:
        raise
    except Exception as error:
        print(repr(error))
    exec(sys.argv[2])
except MemoryError:
    print("EFFECT")
"""

LISTS_ALONE = """
import sys
from safeload.allowlists import never, for_builtins, for_stdlib, for_numpy
print(sorted({"numpy", "torch", "zoneinfo", "decimal"} & sys.modules.keys()))
"""

"""Refused once the recorder keeps the checks that are to be made when a look is over."""


def has_effect(row: Hostile, folder: Path) -> bool:
    """Whether the stream does its harm to CPython's own unpickler."""
    (folder / "victim").write_bytes(b"precious")
    (folder / "stream").write_bytes(row.stream)
    done = subprocess.run(
        [sys.executable, "-I", "-W", "ignore", "-c", CHILD, "stream", row.probe],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode < 0 or "EFFECT" in done.stdout


def by_name(rows: tuple[Hostile, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows, ids=[row.name for row in rows])


@by_name(STDLIB)
def test_hostile_use_of_the_stdlib_is_refused(row: Hostile, tmp_path: Path) -> None:
    assert has_effect(row, tmp_path)
    assert refusals(row.stream)


@by_name(NUMPY)
def test_hostile_use_of_numpy_is_refused(
    row: Hostile, tmp_path: Path
) -> None:
    numpy = pytest.importorskip("numpy")
    version = tuple(map(int, numpy.__version__.split(".")[:2]))
    if row.since <= version < row.mended:
        assert has_effect(row, tmp_path)
    assert refusals(row.stream)


@pytest.mark.parametrize("seed", range(3))
def test_accepted_dtype_states_are_dtypes_that_numpy_builds(seed: int) -> None:
    pytest.importorskip("numpy")
    done = subprocess.run(
        [sys.executable, "-m", "allowlists.dtype_fuzz", str(seed), "3000"],
        cwd=Path(__file__).parents[1],
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "SAFELOAD_MODE": "off"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "0 wrong" in done.stdout


@pytest.mark.parametrize(
    "fragment",
    [
        calling("builtins:object"),
        given(new(named("argparse:Namespace")), attributes(a=number(1), append=number(0))),
        calling("collections:OrderedDict", b"]"),
        calling("zoneinfo:ZoneInfo._unpickle", text("America/Argentina/Buenos_Aires"), number(1)),
        calling("ipaddress:IPv4Address", number(1)),
    ],
)
def test_honest_forms_pass(fragment: bytes) -> None:
    assert refusals(pickled(fragment)) == []


@pytest.mark.parametrize("key", ["../../etc/passwd", "/etc/localtime", "a/../b", "UTC\0", "a" * 99])
def test_a_zone_is_no_path(key: str) -> None:
    assert refusals(pickled(calling("zoneinfo:ZoneInfo._unpickle", text(key), number(1))))


def test_python_2_bytes_pass() -> None:
    """``pickle.load(file, encoding='bytes')`` of what Python 2 wrote, as CIFAR-10 is."""
    stream = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x02\x85cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xff"
        b"J\xff\xff\xff\xffK\x00tb\x89U\x02\x01\x02tb."
    )
    assert refusals(stream, encoding="bytes") == []
    assert refusals(stream, encoding="latin1") == []


@pytest.mark.parametrize(
    "name",
    [
        "os:system",
        "posix:system",
        "shutil:os.system",
        "argparse:_os.system",
        "logging:os.path.join",
        "__builtin__:eval",
        "builtins:getattr",
        "cPickle:loads",
        "commands:getoutput",
        "operator:attrgetter",
        "numpy.f2py.diagnose:run_command",
        "numpy:f2py.crackfortran.myeval",
        "torch:hub.load",
        "torch.hub:load",
        "importlib.util:find_spec",
        "collections:OrderedDict.fromkeys.__class__",
        "mine:Model.__init__.__globals__",
        "builtins:eval.__call__",
        "pickle:_Unpickler.load",
        "dill._dill:_create_function",
        "functools:partial",
        "pandas:eval",
    ],
)
def test_never(name: str) -> None:
    assert why_never(GlobalRef.parse(name))


@pytest.mark.parametrize(
    "name",
    [
        "mine:Model",
        "mine.model:Net.Config",
        "__main__:Encoder",
        "codes:Table",
        "os_tools:Thing",
        "sysid:Model",
        "mine.glob:Matcher",
        "collections:OrderedDict",
        "numpy:ndarray",
        "sklearn.tree._tree:Tree",
        "scipy.stats._continuous_distns:norm_gen",
        "torch.nn.modules.linear:Linear",
        "chemprop.train.loss:MSE",
    ],
)
def test_not_never(name: str) -> None:
    assert why_never(GlobalRef.parse(name)) is None


def test_every_entry_says_why_and_where_it_stands() -> None:
    for module, profile in (
        (for_builtins, "builtins"),
        (for_stdlib, "stdlib"),
        (for_numpy, "numpy"),
    ):
        for ref, entry in module.ENTRIES.items():
            assert entry.reason, ref
            assert entry.profile == profile, ref


def test_what_is_never_allowed_by_name_stands_under_a_rule_or_is_not_called() -> None:
    for ref, entry in BOOK.items():
        if why_never(ref):
            assert entry.call is not None or "called" not in str(entry.uses), ref


def test_the_lists_import_no_library() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            LISTS_ALONE,
        ],
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_shared_dtypes_are_judged_once() -> None:
    """Forty structs, each holding the one before twice, are 2**40 fields to a naive walk."""
    numpy = pytest.importorskip("numpy")
    kind = numpy.dtype("V0")
    for _ in range(40):
        kind = numpy.dtype([("a", kind), ("b", kind)])
    assert refusals(pickle.dumps(kind, 4)) == []
