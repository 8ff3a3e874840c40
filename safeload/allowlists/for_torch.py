"""torch: what `torch.save` writes for tensors, storages, parameters and their kin, and no code.

The floor is torch's own weights-only list (2.13), and what a file may do is narrower here: a
storage class is referenced and never called, a rebuilder gets what `torch.save` gives it.

What no rule can check, because it stands in the storages: the indices of a sparse tensor. torch
checks them at load only under ``torch.sparse.check_sparse_tensor_invariants``; a forged index
crashes the process when the tensor is used (``to_dense``, 2.13).

Left out, and why:

- ``torch.nested._internal.nested_tensor:_rebuild_njt``: takes keyword arguments for a constructor.
- ``torch.jit``, ``torch.fx.graph_module:reduce_graph_module``, ``torch.package``: code.
- ``torch.nn`` modules as whole objects: the opt-in profile ``torch-modules``.
- ``torch.FloatTensor`` and its kin *called*: ``cdata=`` takes an address.
- ``torch.multiprocessing.reductions``: handles of another process, never in a file.
"""

from __future__ import annotations

from typing import Any, Final

from safeload.allowlists import rules_torch as rule
from safeload.allowlists.rules_forms import Args, dict_state, no_args
from safeload.allowlists.table import Entries, rows
from safeload.scan.report import GlobalRef

PROFILE: Final = "torch"
TENSOR: Final = GlobalRef("torch", "Tensor")

_KINDS: Final = "BFloat16 Bool Byte Char ComplexDouble ComplexFloat Double Float Half Int Long Short"
_QUANTIZED: Final = "QInt32 QInt8 QUInt2x4 QUInt4x2 QUInt8"


def _named(kinds: str, suffix: str) -> str:
    return " ".join(kind + suffix for kind in kinds.split())


def _a_tensor(_: Args) -> GlobalRef:
    return TENSOR


def _storages() -> Entries:
    plain, quantized = _named(_KINDS, "Storage"), _named(_QUANTIZED, "Storage")
    return rows(
        PROFILE,
        f"""
        torch: {plain} {quantized}
        torch.cuda: {plain}
        torch.storage: UntypedStorage TypedStorage _UntypedStorage _TypedStorage
        """,
        uses="r",
        reason="names the element type of a storage; calling one reads the memory of any object "
        "that has a buffer, so it is only ever named",
    )


def _tensor_classes() -> Entries:
    text = f"""
        torch: {_named(_KINDS.replace("ComplexDouble ComplexFloat ", ""), "Tensor")}
        torch.cuda: {_named(_KINDS.replace("ComplexDouble ComplexFloat ", ""), "Tensor")}
        """
    sparse = _named("BFloat16 Byte Char Double Float Half Int Long Short", "Tensor")
    found = rows(
        PROFILE,
        text,
        uses="ns",
        reason="tensors as torch before 0.4 wrote them: made empty and set to a view of a storage, "
        "which torch checks; with arguments they take addresses",
        call=no_args,
        state=rule.tensor_state,
    )
    found |= rows(
        PROFILE,
        f"torch.sparse: {sparse}\ntorch.cuda.sparse: {sparse}\ntorch: Tensor",
        uses="r",
        reason="names the type of a tensor for a rebuilder",
    )
    found |= rows(
        PROFILE,
        "torch.nn.parameter: Parameter\ntorch.nn: Parameter",
        uses="ns",
        reason="a tensor that a module trains; made with a tensor and flags alone, as any object "
        "with a detach() would do for its constructor",
        call=rule.parameter_args,
        state=rule.parameter_state,
    )
    return found | rows(
        PROFILE,
        "torch.nn.parameter: Buffer",
        uses="r",
        reason="names the type of a tensor for a rebuilder",
    )


def _scalars() -> Entries:
    return rows(
        PROFILE,
        """
        torch: bfloat16 float16 float32 float64 half float double complex32 complex64 complex128
        torch: cfloat cdouble chalf bool int8 int16 int32 int64 short int long
        torch: uint8 uint16 uint32 uint64 int1 int2 int3 int4 int5 int6 int7
        torch: uint1 uint2 uint3 uint4 uint5 uint6 uint7 bits8 bits16 bits1x8 bits2x4 bits4x2
        torch: float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz float8_e8m0fnu
        torch: float4_e2m1fn_x2 qint8 qint32 quint8 quint2x4 quint4x2
        torch: per_tensor_affine per_tensor_symmetric per_channel_affine per_channel_symmetric
        torch: per_channel_affine_float_qparams
        """,
        uses="r",
        reason="a constant: an element type or a kind of quantization",
    )


def _values() -> Entries:
    found = rows(
        PROFILE,
        "torch: Size",
        uses="c",
        reason="a tuple of sizes",
        call=rule.size_args,
    )
    found |= rows(
        PROFILE,
        "torch: device",
        uses="c",
        reason="names a device; torch refuses names that it does not know",
        call=rule.device_args,
    )
    found |= rows(
        PROFILE,
        "torch.serialization: _get_layout",
        uses="c",
        reason="looks a layout up by its name, in a table of layouts alone",
        call=rule.one_text,
    )
    found |= rows(
        PROFILE,
        "torch.torch_version: TorchVersion",
        uses="nc",
        reason="text that compares as a version",
        call=rule.one_text,
    )
    found |= rows(
        PROFILE,
        "torch._C: Generator\ntorch: Generator",
        uses="cs",
        reason="the state of random numbers; torch checks its length and its fields",
        call=rule.generator_args,
        state=rule.generator_state,
    )
    found |= rows(
        PROFILE,
        "torch.nn.utils.rnn: PackedSequence",
        uses="n",
        reason="a named tuple of tensors",
        call=rule.packed_args,
    )
    found |= rows(
        PROFILE,
        """
        torch.return_types: max min sort topk median nanmedian kthvalue mode cummax cummin qr svd aminmax frexp
        torch.return_types: histogram linalg_cholesky_ex linalg_eig linalg_eigh linalg_inv_ex linalg_lstsq linalg_lu
        torch.return_types: linalg_lu_factor linalg_qr linalg_slogdet linalg_svd lu_unpack slogdet triangular_solve
        """,
        uses="c",
        reason="a named tuple of tensors",
        call=rule.sequence_args,
    )
    return found | rows(
        PROFILE,
        "torch.utils.data.dataset: TensorDataset Subset ConcatDataset StackDataset",
        uses="ns",
        reason="holds tensors or other datasets in its attributes; has no code at load",
        call=no_args,
        state=dict_state,
    )


# Each with the judgement of what a forged call of it can do.
_REBUILDERS: Final = {
    "_rebuild_tensor": "a view of a storage; torch grows the storage rather than read past it",
    "_rebuild_tensor_v2": "a view of a storage; torch grows the storage rather than read past it",
    "_rebuild_tensor_v3": "a view of a storage with a type of its own; checked as v2 is",
    "_rebuild_meta_tensor_no_storage": "a tensor without data",
    "_rebuild_device_tensor_from_numpy": "copies an array to a device",
    "_rebuild_device_tensor_from_cpu_tensor": "copies a tensor to a device",
    "_rebuild_xla_tensor": "copies an array to a device; the older name",
    "_rebuild_wrapper_subclass": "an empty tensor of a class that has its own dispatch",
    "_rebuild_sparse_tensor": "indices and values as they stand: a forged index crashes at use",
    "_rebuild_nested_tensor": "views of one buffer, each checked against its length",
    "_rebuild_qtensor": "a quantized view; scales are counted here, as older torch does not",
    "_rebuild_parameter": "marks a tensor as a parameter",
    "_rebuild_parameter_with_state": "a parameter with a user's attributes; no descriptor is set",
}


def _rebuilders() -> Entries:
    found: Entries = {}
    for name, reason in _REBUILDERS.items():
        found |= rows(PROFILE, f"torch._utils: {name}", uses="c", reason=reason, call=rule.rebuilds(name))
    for name in ("_rebuild_from_type", "_rebuild_from_type_v2"):
        found |= rows(
            PROFILE,
            f"torch._tensor: {name}\ntorch.tensor: {name}",
            uses="c",
            reason="calls what it is given: a rebuilder alone, with that one's own arguments",
            call=rule.rebuilds(name),
        )
    return found | rows(
        PROFILE,
        "torch.storage: _load_from_bytes",
        uses="c",
        reason="torch.load of the bytes it is given, whatever they hold: looked into as a file",
        call=rule.one_bytes,
        nested="torch",
    )


def _entries() -> Entries:
    parts: list[Any] = [_storages(), _tensor_classes(), _scalars(), _values(), _rebuilders()]
    return {ref: entry for part in parts for ref, entry in part.items()}


ENTRIES: Final[Entries] = _entries()
