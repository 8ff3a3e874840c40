"""``load_tensors(sandbox=…)`` and ``convert``: what is read as it stands, what is run, and who decides."""

from __future__ import annotations

import collections
import fractions
import io
import json
import pickle
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import safeload
from safeload import errors, state
from safeload.cli import main
from safeload.policy import Inert, Policy, Running
from safeload.sandbox import contained, here, spawn, warm

torch = pytest.importorskip("torch")
np = pytest.importorskip("numpy")

pytestmark = [
    pytest.mark.skipif(bool(here.why_not()), reason=here.why_not()),
    pytest.mark.filterwarnings("ignore"),
]


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = torch.nn.Linear(8, 4), torch.nn.Linear(4, 2)

    def forward(self, x: Any) -> Any:
        return self.last(torch.relu(self.first(x)))


def quantized(module: Any, *kinds: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.ao.quantization.quantize_dynamic(module, set(kinds), dtype=torch.qint8)


def static() -> Any:
    """A convolution and a linear layer, quantized after they were observed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = torch.nn.Sequential(
            torch.ao.quantization.QuantStub(), torch.nn.Conv2d(2, 3, 3), torch.nn.ReLU(), torch.ao.quantization.DeQuantStub()
        ).eval()
        module.qconfig = torch.ao.quantization.get_default_qconfig(torch.backends.quantized.engine)
        prepared = torch.ao.quantization.prepare(module)
        prepared(torch.randn(1, 2, 8, 8))
        return torch.ao.quantization.convert(prepared)


def flat(value: Any, name: str = "") -> dict[str, Any]:
    """A state dict's tensors, by the names that we give."""
    if isinstance(value, torch.Tensor):
        return {name: value}
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, tuple | list) else ()
    return {k: v for key, item in pairs for k, v in flat(item, f"{name}.{key}" if name else str(key)).items()}


def same(one: Any, other: Any) -> bool:
    if not one.is_quantized:
        return torch.equal(one, other)
    if one.qscheme() != other.qscheme() or not torch.equal(one.int_repr(), other.int_repr()):
        return False
    if one.qscheme() == torch.per_tensor_affine:
        return (one.q_scale(), one.q_zero_point()) == (other.q_scale(), other.q_zero_point())
    return torch.equal(one.q_per_channel_scales(), other.q_per_channel_scales()) and one.q_per_channel_axis() == other.q_per_channel_axis()


def channels() -> Any:
    return torch.quantize_per_channel(torch.randn(3, 4), torch.tensor([0.1, 0.2, 0.3]), torch.tensor([0, 1, 2]), 0, torch.qint8)


sequence = torch.nn.Sequential(torch.nn.Linear(8, 4), torch.nn.ReLU())
# (what is saved, its state dict, whether the file holds it all only as code would make it)
QUANTIZED = {
    "a module of linear layers": lambda: quantized(sequence, torch.nn.Linear),
    "a recurrent module": lambda: quantized(torch.nn.Sequential(torch.nn.LSTM(4, 3)), torch.nn.LSTM),
    "a convolution": lambda: static().state_dict(),
    "a state dict": lambda: quantized(sequence, torch.nn.Linear).state_dict(),
    "tensors": lambda: {"t": torch.quantize_per_tensor(torch.randn(3, 4), 0.1, 2, torch.quint8), "c": channels(), "w": torch.ones(2)},
    "whole numbers of 32 bits": lambda: {"t": torch.quantize_per_tensor(torch.randn(3), 0.01, 0, torch.qint32)},
}


@cache
def quantized_values() -> dict[str, Any]:
    return {name: make() for name, make in QUANTIZED.items()} | {"the module of a convolution": static()}


@cache
def quantized_file(how: str) -> tuple[Any, Any]:
    """All of them in one file, read and run."""
    content = io.BytesIO()
    torch.save(quantized_values(), content)
    return safeload.load_tensors(content.getvalue()), safeload.load_tensors(content.getvalue(), sandbox=how)


@pytest.mark.parametrize("how", ["auto", "always"])
def test_a_module_that_torch_itself_cannot_ask_for_its_state(how: str) -> None:
    """A convolution, once it was loaded: its parts have the names that the pickle gives them."""
    convolution = quantized_values()["the module of a convolution"][1]
    ran = quantized_file(how)[1].below("the module of a convolution")
    assert same(ran["1.state.10"], convolution.weight())
    assert torch.equal((ran | ran.beside)["1.state.11"], convolution.bias())


@pytest.mark.parametrize("how", ["auto", "always"])
@pytest.mark.parametrize("name", QUANTIZED)
def test_quantized_values_come_back_equal(name: str, how: str) -> None:
    value = quantized_values()[name]
    wanted = flat(value if isinstance(value, dict) else value.state_dict())
    read, ran = (found.below(name) for found in quantized_file(how))
    assert not wanted.keys() <= read.keys() or not wanted
    assert wanted.keys() <= ran.keys()  # a recurrent module has none of its own, and all of its parts
    assert any(value.is_quantized for value in ran.values())
    assert [name for name in wanted if not same(ran[name], wanted[name])] == []
    assert ran.left_out == {}
    assert ran.ran.layers["system calls"]


ZIP_ONLY = "types that torch cannot load from its legacy files itself"
PLAIN = {
    "a state dict": lambda: torch.nn.Linear(3, 2).state_dict(),
    "a module": lambda: torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2)),
    "tied and strided tensors": lambda: (lambda w: {"a": w, "b": w, "c": w.t(), "d": w[1], "e": w[0].expand(9, 4)})(torch.randn(3, 4)),
    "sparse tensors": lambda: {"a": torch.eye(3).to_sparse(), "b": torch.eye(3).to_sparse_csr()},
    "types of all kinds": lambda: {str(t): torch.zeros(3, dtype=t) for t in (torch.bfloat16, torch.complex64, torch.bool)},
    ZIP_ONLY: lambda: {"a": torch.zeros(3, dtype=torch.float8_e4m3fn), "b": torch.zeros(3, dtype=torch.uint16)},
    "an optimizer's state": lambda: {"state": {0: {"step": torch.tensor(3.0), "m": torch.ones(2)}}, "param_groups": [{"lr": 0.1, "betas": (0.9, 0.99)}], "epoch": 3},
    "arrays": lambda: {"a": np.arange(6).reshape(2, 3), "f": np.asfortranarray(np.ones((2, 3))), "s": np.array(["ab", "c"]), "x": np.float32(2)},
    "what requires gradients": lambda: {"p": torch.nn.Parameter(torch.ones(2)), "q": torch.ones(2, requires_grad=True)},
    "nothing of a size": lambda: {"a": torch.empty(0, 3), "b": torch.tensor(1.5)},
}


@cache
def plain_file(new: bool) -> tuple[Any, Any]:  # noqa: FBT001 - a column
    content = io.BytesIO()
    values = {name: make() for name, make in PLAIN.items() if new or name != ZIP_ONLY}
    torch.save(values, content, _use_new_zipfile_serialization=new)
    return safeload.load_tensors(content.getvalue()), safeload.load_tensors(content.getvalue(), sandbox="always")


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_what_runs_gives_what_reading_gives(name: str, new: bool) -> None:  # noqa: FBT001 - a column
    if not new and name == ZIP_ONLY:
        pytest.skip(ZIP_ONLY)
    assert plain_file(new)[1].globals == plain_file(new)[0].globals
    read, ran = (found.below(name) for found in plain_file(new))
    alike(read, ran)
    storages = lambda found: [found[a].untyped_storage().data_ptr() == found["a"].untyped_storage().data_ptr() for a in "abcde"]  # noqa: E731
    if "e" in read:
        assert storages(ran) == storages(read) == [True] * 5


def alike(read: Any, ran: Any) -> None:
    assert ran.keys() == read.keys()
    assert read.scalars.items() <= ran.scalars.items()
    assert (ran.models, ran.format, ran.left_out) == (read.models, read.format, read.left_out)
    for name, value in read.items():
        other = ran[name]
        assert type(other) is type(value)
        if isinstance(value, np.ndarray):
            assert np.array_equal(other, value)
            assert other.flags.f_contiguous == value.flags.f_contiguous
            continue
        assert (other.dtype, other.shape, other.requires_grad) == (value.dtype, value.shape, value.requires_grad)
        if value.layout is torch.strided:
            assert other.stride() == value.stride()
            assert torch.equal(bits(other), bits(value))
        else:
            assert torch.equal(other.to_dense(), value.to_dense())


def bits(tensor: Any) -> Any:
    return tensor.detach().contiguous().flatten().view(torch.uint8)


def test_a_module_in_a_child_keeps_its_versions(tmp_path: Path) -> None:
    module = torch.nn.BatchNorm1d(2)
    torch.save(module.state_dict(), tmp_path / "x.pt")
    assert safeload.load_tensors(tmp_path / "x.pt", sandbox="always")._metadata == safeload.load_tensors(tmp_path / "x.pt")._metadata


def test_files_of_other_libraries(tmp_path: Path) -> None:
    joblib = pytest.importorskip("joblib")
    linear = pytest.importorskip("sklearn.linear_model").LinearRegression().fit([[0], [1]], [1, 3])
    for name, compress in (("plain", 0), ("packed", 3)):
        joblib.dump({"model": linear, "f": fractions.Fraction(1, 3)}, tmp_path / name, compress=compress)
        found = safeload.load_tensors(tmp_path / name, sandbox="always")
        assert found["model.coef_"].tolist() == pytest.approx([2.0])
    np.save(tmp_path / "o.npy", np.array([{"a": np.ones(2)}, 3], dtype=object), allow_pickle=True)
    found = safeload.load_tensors(tmp_path / "o.npy", sandbox="always")
    assert {name: value.tolist() for name, value in found.items()} == {"0.a": [1.0, 1.0]}
    import gzip

    (tmp_path / "x.pkl.gz").write_bytes(gzip.compress(pickle.dumps(collections.OrderedDict(a=np.ones(2)))))
    assert safeload.load_tensors(tmp_path / "x.pkl.gz", sandbox="always")["a"].tolist() == [1.0, 1.0]


def test_bytes_and_open_files_are_taken(tmp_path: Path) -> None:
    content = pickle.dumps(collections.OrderedDict(a=1))
    (tmp_path / "x.pkl").write_bytes(content)
    assert safeload.load_tensors(content, sandbox="always").scalars == {"a": 1}
    with (tmp_path / "x.pkl").open("rb") as file:
        assert safeload.load_tensors(file, sandbox="always").scalars == {"a": 1}


# --- who decides --------------------------------------------------------------------------------

CODE = b"\x80\x02}(X\x01\0\0\0ac_codecs\nencode\nX\x01\0\0\0bX\x05\0\0\0ascii\x86Rcfractions\nFraction\nK\x01K\x03\x86RX\x01\0\0\0cK\x07u."
COMPUTED = b"\x80\x02}(X\x01\0\0\0acmath\nsqrt\nK\x09\x85RX\x01\0\0\0cK\x07u."
DATA = b"\x80\x02}X\x01\0\0\0aK\x07s."
# what is the case: (the policy's word, the argument, the file, whether it was run)
WHO = {
    "nobody asks": ("never", None, COMPUTED, False),
    "the caller asks": ("never", "auto", COMPUTED, True),
    "the policy asks": ("auto", None, COMPUTED, True),
    "the caller asks for less": ("always", "never", COMPUTED, False),
    "nothing is computed": ("auto", None, pickle.dumps(collections.OrderedDict(a=7)), False),
    "all of it is to be run": ("always", None, pickle.dumps(collections.OrderedDict(a=7)), True),
    "there is no code in it": ("always", None, DATA, False),
}


@pytest.mark.parametrize(("word", "argument", "content", "runs"), WHO.values(), ids=WHO)
def test_what_is_run(word: str, argument: Any, content: bytes, runs: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a column
    monkeypatch.setattr(state.STATE, "policy", Policy(sandbox=Running(word)))
    found = safeload.load_tensors(content, sandbox=argument)
    assert (found.ran is not None) is runs
    if content is COMPUTED:
        assert found.scalars.get("a") == (3.0 if runs else None)
        assert ("a" in found.left_out) is not runs
        assert found.scalars["c"] == 7


def test_a_word_that_is_none() -> None:
    with pytest.raises(errors.PolicyError, match="'never', 'auto' or 'always', not 'yes'"):
        safeload.load_tensors(DATA, sandbox="yes")  # type: ignore[arg-type]


@pytest.mark.parametrize(("word", "argument"), [("never", "auto"), ("never", "always"), ("auto", "always")])
def test_a_locked_policy_is_not_loosened_by_the_call(word: str, argument: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state.STATE, "policy", Policy(sandbox=Running(word), locked=True))
    with pytest.raises(errors.PolicyError, match="is locked and can only be tightened"):
        safeload.load_tensors(DATA, sandbox=argument)
    assert safeload.load_tensors(COMPUTED, sandbox="never").ran is None


# --- where it fails -----------------------------------------------------------------------------


def test_without_the_packages_it_says_which() -> None:
    content = b"\x80\x02}(X\x01\0\0\0acno_such.package\nMake\nK\x01\x85RX\x01\0\0\0cK\x07u."
    with pytest.raises(errors.SandboxError, match=r"it needs no_such \(ModuleNotFoundError"):
        safeload.load_tensors(content, sandbox="always")
    found = safeload.load_tensors(content, sandbox="auto")
    assert found.scalars["c"] == 7
    assert "it needs no_such" in found.left_out["a"]
    assert "it needs no_such" in found.ran.problem


@pytest.mark.parametrize("problem", ["it needs Linux, and this is darwin", "there is no table of system calls for riscv64"])
def test_where_no_child_can_be_had(problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can be read is read, what would have to run is not, and nothing weaker is done in its place."""
    monkeypatch.setattr(here, "why_not", lambda: problem)
    assert safeload.load_tensors(COMPUTED).scalars["c"] == 7
    found = safeload.load_tensors(COMPUTED, sandbox="auto")
    assert found.scalars["c"] == 7
    assert problem in found.left_out["a"]
    with pytest.raises(errors.SandboxError, match=problem):
        safeload.load_tensors(COMPUTED, sandbox="always")
    monkeypatch.setattr(state.STATE, "policy", Policy(inert=Inert.CHILD))
    with pytest.raises(errors.SandboxError, match=problem):
        safeload.load_tensors(DATA)


def test_what_a_library_imports_late_is_imported_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child is started again with it, as often as there is something new."""
    (tmp_path / "late.py").write_text("def made(x):\n    import first_late\n    return first_late.made(x)")
    (tmp_path / "first_late.py").write_text("def made(x):\n    try:\n        import second_late\n    except ImportError:\n        raise ValueError('wrapped')\n    return x + 1")
    (tmp_path / "second_late.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert safeload.load_tensors(b"clate\nmade\n(I1\ntR.", sandbox="always").scalars[""] == 2
    with pytest.raises(errors.SandboxError, match="no_such_module"):
        safeload.load_tensors(b"cbuiltins\n__import__\n(S'no_such_module'\ntR.", sandbox="always")


# What of the floor is missing: (the code that the child's lock is given, what is said)
FLOOR = {
    "no filter": ("kernel.install = fail", "filter of system calls: Invalid argument"),
    "a filter that does not hold": ("kernel.install = lambda *_: 0", "failed otherwise than it was to"),
    "no_new_privs cannot be had": ("kernel.prctl = fail", "no_new_privs: Invalid argument"),
    "threads": ("os.listdir = lambda _: ['1', '2']", "2 threads run in it"),
    "no table": ("lock.filters.machine = lambda: None", "no table of system calls"),
}


@pytest.mark.parametrize(("patch", "said"), FLOOR.values(), ids=FLOOR)
def test_a_floor_that_is_missing_is_refused(patch: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child is told to go without a wall, and nothing of the file is run."""
    source = spawn.PROGRAM.read_text()
    program = tmp_path / "start_child.py"
    fail = "def fail(*_): raise OSError(22, 'Invalid argument')"
    program.write_text(
        source.replace("from safeload.sandbox import child", f"from safeload.sandbox import child, kernel, lock\n    {fail}\n    {patch}")
        .replace("os.path.dirname(os.path.dirname(os.path.abspath(__file__)))", repr(str(spawn.PROGRAM.parents[1])))
    )
    monkeypatch.setattr(spawn, "PROGRAM", program)
    warm.end_helpers()  # none was started without that wall
    with pytest.raises(errors.SandboxError, match="nothing of the file was run") as raised:
        safeload.load_tensors(COMPUTED, sandbox="always")
    assert said in str(raised.value)


def test_the_kernel_is_asked_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A child that says that it is locked up, and is not."""
    program = tmp_path / "start_child.py"
    program.write_text("import os, sys\nos.write(int(sys.argv[3]), b'{\"layers\": {}}\\n')\nsys.stdin.read()")
    monkeypatch.setattr(spawn, "PROGRAM", program)
    warm.end_helpers()
    with pytest.raises(errors.SandboxError, match="the kernel says Seccomp 0 of the child"):
        safeload.load_tensors(COMPUTED, sandbox="always")


# --- reading in the child -----------------------------------------------------------------------


def test_a_plan_gives_what_reading_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save({name: make() for name, make in PLAIN.items()}, tmp_path / "x.pt")
    read = safeload.load_tensors(tmp_path / "x.pt")
    monkeypatch.setattr(state.STATE, "policy", Policy(inert=Inert.CHILD))
    planned = safeload.load_tensors(tmp_path / "x.pt")
    alike(read, planned)
    assert (planned.scalars, planned.globals, planned.ran) == (read.scalars, read.globals, None)


def test_a_packed_file_is_planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    joblib = pytest.importorskip("joblib")
    joblib.dump({"a": np.arange(100_000)}, tmp_path / "x", compress=3)
    import gzip

    torch.save({"a": torch.arange(9)}, tmp_path / "t.pt")
    (tmp_path / "t.pt.gz").write_bytes(gzip.compress((tmp_path / "t.pt").read_bytes()))
    monkeypatch.setattr(state.STATE, "policy", Policy(inert=Inert.CHILD))
    assert safeload.load_tensors(tmp_path / "x")["a"].sum() == np.arange(100_000).sum()
    assert safeload.load_tensors(tmp_path / "t.pt.gz")["a"].tolist() == list(range(9))


def test_what_cannot_be_read_is_told_as_it_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state.STATE, "policy", Policy(inert=Inert.CHILD))
    with pytest.raises(errors.TensorsError, match="no tensors can be taken out of this data: this is an HTML page"):
        safeload.load_tensors(b"<!doctype html><html>")


def test_a_planned_file_is_run_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state.STATE, "policy", Policy(inert=Inert.CHILD, sandbox=Running.AUTO))
    assert safeload.load_tensors(COMPUTED).scalars["a"] == 3.0


# --- convert ------------------------------------------------------------------------------------


def test_a_conversion_has_the_parts_of_what_is_quantized(tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors.torch")
    value = QUANTIZED["tensors"]()
    torch.save(value, tmp_path / "q.pt")
    ended = CliRunner().invoke(main, ["convert", "--sandbox", "auto", str(tmp_path / "q.pt")])
    assert ended.exit_code == 0, ended.output
    found = safetensors.load_file(tmp_path / "q.safetensors")
    assert found.keys() == {"w", "t.int_repr", "c.int_repr", "c.scale", "c.zero_point"}
    assert torch.equal(found["t.int_repr"], value["t"].int_repr())
    assert torch.equal(found["c.scale"], value["c"].q_per_channel_scales())
    beside = json.loads((tmp_path / "q.safetensors.json").read_text())
    assert beside["left_out"]["t"] == "quantized: t.int_repr, scale 0.1, zero_point 2"
    again = CliRunner().invoke(main, ["convert", "--sandbox", "auto", str(tmp_path / "q.pt")])
    assert "(there already)" in again.output
    without = CliRunner().invoke(main, ["convert", str(tmp_path / "q.pt")])
    assert "(there already)" not in without.output  # what code has made does not stand for what was read
    assert safetensors.load_file(tmp_path / "q.safetensors").keys() == {"w"}


def test_a_conversion_by_code_is_that_of_the_reading(tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors.torch")
    torch.save(torch.nn.Linear(300, 200), tmp_path / "m.pt")
    for how in ("never", "always"):
        safeload.convert(tmp_path / "m.pt", tmp_path / f"{how}.safetensors", sandbox=how)
    one, other = (safetensors.load_file(tmp_path / f"{how}.safetensors") for how in ("never", "always"))
    assert one.keys() == other.keys() == {"weight", "bias"}
    assert all(torch.equal(one[name], other[name]) for name in one)


LOADERS = {
    "torch zip": "torch", "torch legacy": "torch", "joblib": "joblib", "joblib in zlib": "joblib", "pickle": "pickle", "pickle in gzip": "pickle",
    "npy": "numpy", "torch tar": "", "TorchScript": "", "safetensors": "", "pickle in zip": "", "torch zip in gzip": "",
}


@pytest.mark.parametrize(("name", "loader"), LOADERS.items())
def test_which_files_a_child_has_a_loader_for(name: str, loader: str) -> None:
    if loader:
        assert contained.loader_of(name) == loader
    else:
        with pytest.raises(errors.SandboxError, match="a child has no loader for"):
            contained.loader_of(name)
