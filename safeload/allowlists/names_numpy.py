"""Names of numpy's types and functions, of every version since 1.2x."""

from __future__ import annotations

from typing import Final

SCALARS: Final = tuple(
    """
    bool bool8 bool_ byte bytes0 bytes_ cdouble cfloat character clongdouble clongfloat complex128
    complex192 complex256 complex64 complex_ complexfloating csingle datetime64 double flexible
    float128 float16 float32 float64 float96 float_ floating generic half inexact int0 int16 int32
    int64 int8 int_ intc integer intp long longcomplex longdouble longfloat longlong number object0
    object_ short signedinteger single singlecomplex str0 str_ string_ timedelta64 ubyte uint
    uint0 uint16 uint32 uint64 uint8 uintc uintp ulong ulonglong unicode_ unsignedinteger ushort
    void void0
    """.split()
)

UFUNCS: Final = tuple(
    """
    abs absolute acos acosh add arccos arccosh arcsin arcsinh arctan arctan2 arctanh asin asinh
    atan atan2 atanh bitwise_and bitwise_count bitwise_invert bitwise_left_shift bitwise_not
    bitwise_or bitwise_right_shift bitwise_xor cbrt ceil conj conjugate copysign cos cosh deg2rad
    degrees divide divmod equal exp exp2 expm1 fabs float_power floor floor_divide fmax fmin fmod
    frexp gcd greater greater_equal heaviside hypot invert isfinite isinf isnan isnat lcm ldexp
    left_shift less less_equal log log10 log1p log2 logaddexp logaddexp2 logical_and logical_not
    logical_or logical_xor matmul matvec maximum minimum mod modf multiply negative nextafter
    not_equal positive pow power rad2deg radians reciprocal remainder right_shift rint sign signbit
    sin sinh spacing sqrt square subtract tan tanh true_divide trunc vecdot vecmat
    """.split()
)

FUNCTIONS: Final = """
    numpy: all allclose amax amin angle any append arange argmax argmin argpartition argsort
    numpy: argwhere around array array_equal asarray asanyarray ascontiguousarray asfortranarray
    numpy: astype atleast_1d atleast_2d atleast_3d average bartlett bincount blackman
    numpy: broadcast_to clip column_stack compress concat concatenate convolve copy corrcoef
    numpy: correlate count_nonzero cov cross cumprod cumsum cumulative_prod cumulative_sum delete
    numpy: diag diagflat diagonal diff digitize dot dsplit dstack ediff1d einsum empty empty_like
    numpy: expand_dims eye fix flatnonzero flip fliplr flipud full full_like geomspace gradient
    numpy: hamming hanning histogram hsplit hstack i0 identity imag in1d inner insert interp
    numpy: intersect1d isclose iscomplex isin isneginf isposinf isreal isscalar kaiser kron
    numpy: linspace logspace matrix_transpose max mean median meshgrid min moveaxis nan_to_num
    numpy: nanargmax nanargmin nancumprod nancumsum nanmax nanmean nanmedian nanmin nanpercentile
    numpy: nanprod nanquantile nanstd nansum nanvar ndim nonzero ones ones_like outer pad partition
    numpy: percentile permute_dims polyadd polyder polydiv polyfit polyint polymul polysub polyval
    numpy: prod product ptp quantile ravel real real_if_close repeat reshape resize roll rollaxis
    numpy: roots rot90 round round_ row_stack searchsorted select setdiff1d setxor1d shape sinc
    numpy: size sort split squeeze stack std sum swapaxes take take_along_axis tensordot tile trace
    numpy: transpose trapezoid trapz tri tril trim_zeros triu union1d unique vander var vdot vsplit
    numpy: vstack where zeros zeros_like
    numpy.linalg: cholesky cond cross det diagonal eig eigh eigvals eigvalsh inv lstsq matmul
    numpy.linalg: matrix_norm matrix_power matrix_rank matrix_transpose multi_dot norm outer pinv
    numpy.linalg: qr slogdet solve svd svdvals tensordot tensorinv tensorsolve trace vecdot
    numpy.linalg: vector_norm
    numpy.fft: fft fft2 fftfreq fftn fftshift ifft ifft2 ifftn ifftshift irfft irfft2 irfftn rfft
    numpy.fft: rfft2 rfftfreq rfftn
    numpy.ma.extras: average median
"""
