"""numpy: arrays, scalars, dtypes, random generators, and its functions as values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from safeload.allowlists import rules_arrays as arrays
from safeload.allowlists import rules_numpy as dtypes
from safeload.allowlists import rules_random as random
from safeload.allowlists.names_numpy import FUNCTIONS, SCALARS, UFUNCS
from safeload.allowlists.rules import (
    attributes_of,
    by_position,
    first_global,
    named,
    nothing,
    only_later,
    plain_attributes,
    takes,
)
from safeload.allowlists.table import Entries, alias, rows
from safeload.scan.report import GlobalRef


def _lines(names: frozenset[GlobalRef]) -> str:
    return "\n".join(f"{ref.module}: {ref.qualname}" for ref in sorted(names))


def _made(module: str, name: str) -> Callable[[tuple[object, ...]], GlobalRef]:
    """For a helper whose result is always of one class."""
    ref = GlobalRef(module, name)
    return lambda _args: ref


_GENERATOR: Final = _made("numpy.random._generator", "Generator")
_RANDOM_STATE: Final = _made("numpy.random.mtrand", "RandomState")


_ARRAYS: Entries = {
    **rows(
        "numpy", _lines(arrays.ARRAYS), "s",
        "called, an array takes forged object pointers and a memmap overwrites files: a pickle "
        "only ever names the class for _reconstruct and gives the array its state",
        state=arrays.array_state, needs_state=True,
    ),
    **rows(
        "numpy", _lines(arrays.MASKED), "s",
        "as ndarray; the fill value is made an array at once",
        state=arrays.masked_state,
    ),
    **rows(
        "numpy", "numpy.core.multiarray: _reconstruct", "c",
        "an empty array of an array class",
        call=arrays.reconstruct_call, makes=arrays.reconstructed,
    ),
    **rows(
        "numpy", "numpy.core.numeric: _frombuffer", "c",
        "numpy checks the buffer against dtype and shape",
        call=arrays.frombuffer_call, makes=_made("numpy", "ndarray"), whole=True,
    ),
    **rows(
        "numpy", "numpy.core.multiarray: scalar", "c",
        "bytes of a dtype without objects; with them it reads pointers from another array",
        call=arrays.scalar_call,
    ),
    **rows(
        "numpy", "numpy.ma.core: _mareconstruct", "c",
        "an empty masked array",
        call=arrays.masked_call, makes=first_global,
    ),
    **rows(
        "numpy", "numpy.ma.core: MaskedConstant", "c",
        "the process's one masked constant; it is not given state",
        call=nothing,
    ),
    **rows(
        "numpy", "numpy.ma.core: MaskError MAError", "cs",
        "an exception that nobody raises",
        state=attributes_of(BaseException),
    ),
    **rows(
        "numpy",
        """
        numpy.linalg: LinAlgError
        numpy.linalg.linalg: LinAlgError
        numpy.exceptions: AxisError ComplexWarning DTypePromotionError RankWarning TooHardError
        numpy.exceptions: VisibleDeprecationWarning
        """,
        "cs",
        "an exception that nobody raises",
        state=attributes_of(BaseException),
    ),
    **rows(
        "numpy",
        """
        numpy.linalg._linalg: EigResult EighResult QRResult SVDResult SlogdetResult
        numpy.linalg.linalg: EigResult EighResult QRResult SVDResult SlogdetResult
        numpy.lib._arraysetops_impl: UniqueAllResult UniqueCountsResult UniqueInverseResult
        """,
        "n",
        "a named tuple of arrays",
        call=by_position,
    ),
    **rows(
        "numpy", "numpy: vectorize", "ns",
        "calls the function in its state for each value of an array, later: one that may be kept so",
        call=nothing, state=arrays.vectorize_state,
    ),
    **rows(
        "numpy",
        """
        numpy: ndarray.all ndarray.any ndarray.argmax ndarray.argmin ndarray.argsort ndarray.astype
        numpy: ndarray.clip ndarray.copy ndarray.cumsum ndarray.flatten ndarray.max ndarray.mean
        numpy: ndarray.min ndarray.prod ndarray.ravel ndarray.reshape ndarray.round ndarray.squeeze
        numpy: ndarray.std ndarray.sum ndarray.tolist ndarray.transpose ndarray.var
        """,
        "r",
        "a method that computes from an array; a view of another type, and what writes files, are not here",
        call=only_later,
    ),
    **rows(
        "numpy", "numpy.core: _ufunc_reconstruct", "c",
        "imports a module and takes a name from it: only ufuncs of numpy's own",
        call=arrays.ufunc_call, resolves=arrays.ufunc_named,
    ),
    **rows(
        "numpy", "numpy.core: _DType_reconstruct", "c",
        "the dtype class of a scalar type",
        call=takes("a scalar type", (named(*(("numpy", name) for name in SCALARS)),)),
    ),
}

_DTYPES: Entries = {
    **rows(
        "numpy", "numpy: dtype", "cs",
        "its state is believed, so it is computed anew",
        call=dtypes.dtype_call, state=dtypes.dtype_state,
    ),
    **rows(
        "numpy", "numpy.core._internal: _convert_to_stringdtype_kwargs", "c",
        "two settings of a StringDType",
        call=arrays.string_dtype_call,
    ),
    **rows(
        "numpy", _lines(dtypes.RECORDS), "r",
        "the class of a record; called it would take a dtype and more",
    ),
    **rows(
        "numpy", "numpy: " + " ".join(SCALARS), "r",
        "a scalar type as a value",
        call=only_later,
    ),
    **rows(
        "numpy",
        """
        numpy.dtypes: BoolDType ByteDType BytesDType CLongDoubleDType Complex128DType
        numpy.dtypes: Complex64DType DateTime64DType Float16DType Float32DType Float64DType
        numpy.dtypes: Int16DType Int32DType Int64DType Int8DType IntDType LongDType
        numpy.dtypes: LongDoubleDType LongLongDType ObjectDType ShortDType StrDType StringDType
        numpy.dtypes: TimeDelta64DType UByteDType UInt16DType UInt32DType UInt64DType UInt8DType
        numpy.dtypes: UIntDType ULongDType ULongLongDType UShortDType VoidDType
        numpy: ufunc
        """,
        "r",
        "a class as a value",
    ),
}

_RANDOM: Entries = {
    **rows(
        "numpy", "numpy.random._pickle: __bit_generator_ctor", "c",
        "calls the class it is given",
        call=random.bit_generator_call, makes=random.bit_generator_named,
    ),
    **rows(
        "numpy", "numpy.random._pickle: __generator_ctor", "c",
        "calls its second argument",
        call=random.generator_call, makes=_GENERATOR,
    ),
    **rows(
        "numpy", "numpy.random._pickle: __randomstate_ctor", "c",
        "calls its second argument",
        call=random.generator_call, makes=_RANDOM_STATE,
    ),
    **rows(
        "numpy", "numpy.random: __RandomState_ctor\nnumpy.random.mtrand: __RandomState_ctor", "c",
        "a RandomState, as numpy before 1.17 wrote it",
        call=nothing, makes=_RANDOM_STATE,
    ),
    **rows(
        "numpy",
        _lines(frozenset(random.BIT_GENERATORS.values()))
        + "\nnumpy.random._generator: Generator\nnumpy.random.mtrand: RandomState",
        "s",
        "C reads its words at a position from the state",
        state=random.bit_generator_state,
    ),
    **rows(
        "numpy", "numpy.random: RandomState Generator", "r",
        "a class as a value",
    ),
    **rows(
        "numpy", "numpy.random.bit_generator: __pyx_unpickle_SeedSequence", "c",
        "an empty seed sequence",
        call=random.seed_call, makes=first_global,
    ),
    **rows(
        "numpy", "numpy.random.bit_generator: SeedSequence", "s",
        "numbers and a pool of them",
        state=random.seed_state,
    ),
}

_VALUES: Entries = {
    **rows(
        "numpy", "numpy.random.bit_generator: SeedlessSeedSequence", "n",
        "has nothing in it",
        call=nothing,
    ),
    **rows(
        "numpy",
        """
        numpy: poly1d iinfo finfo
        numpy.lib.polynomial: poly1d
        numpy.core.getlimits: iinfo finfo MachArLike
        numpy.polynomial.chebyshev: Chebyshev
        numpy.polynomial.hermite: Hermite
        numpy.polynomial.hermite_e: HermiteE
        numpy.polynomial.laguerre: Laguerre
        numpy.polynomial.legendre: Legendre
        numpy.polynomial.polynomial: Polynomial
        numpy.lib.index_tricks: IndexExpression
        numpy.lib._index_tricks_impl: IndexExpression
        """,
        "ns",
        "pure Python around arrays and numbers",
        call=nothing, state=plain_attributes,
    ),
    **rows(
        "numpy",
        "\n".join(
            f"{module}: {' '.join(UFUNCS)}"
            for module in ("numpy", "numpy.core.umath", "numpy.core._multiarray_umath")
        ),
        "r",
        "computes from its arguments, later",
        call=only_later,
    ),
    **rows(
        "numpy", FUNCTIONS, "r",
        "computes from its arguments, later; what reads files or calls a function is not here",
        call=only_later,
    ),
}

_BOTH: Entries = {**_ARRAYS, **_DTYPES, **_RANDOM, **_VALUES}
ENTRIES: Final[Entries] = {**alias(_BOTH, {"numpy.core": "numpy._core"}), **_BOTH}
