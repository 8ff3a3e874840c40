"""scipy: sparse matrices, interpolators, results and distributions, from 1.8 to 1.18.

What no rule can check: the numbers in arrays. The indices of a sparse matrix, the simplices of a
triangulation and the knots of a spline are used by native code as they stand; forged ones crash the
process when the object is used.

Left out, and why:

- ``scipy.spatial`` ``cKDTree`` and ``KDTree``: a forged node crashes the process *at load*, which
  follows and rewrites the links between nodes; so ``NearestNDInterpolator``'s tree, too.
- ``scipy._lib._uarray._backend:unpickle_function``: imports any module by its name.
- ``Rbf``: holds a bound method of its own, which could be any.
- linear operators, integrators: hold the functions they were made from.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists import rules_scipy as rule
from safeload.allowlists.rules import only_later
from safeload.allowlists.rules_forms import dict_state, no_args, pairs_args
from safeload.allowlists.table import Entries, rows
from safeload.scan.report import GlobalRef

PROFILE: Final = "scipy"

_FORMATS: Final = ("bsr", "coo", "csc", "csr", "dia", "lil")
_DISTRIBUTIONS: Final = """
alpha anglit arcsine argus beta betaprime bradford burr12 burr cauchy chi2 chi cosine crystalball
dgamma dpareto_lognorm dweibull erlang expon exponnorm exponpow exponweib f fatiguelife fisk
foldcauchy foldnorm gamma gausshyper genexpon genextreme gengamma genhalflogistic genhyperbolic
geninvgauss genlogistic gennorm genpareto gibrat gilbrat gompertz gumbel_l gumbel_r halfcauchy
halfgennorm halflogistic halfnorm hypsecant invgamma invgauss invweibull irwinhall jf_skew_t
johnsonsb johnsonsu kappa3 kappa4 ksone kstwo kstwobign landau laplace_asymmetric laplace levy
levy_l loggamma logistic loglaplace lognorm lomax maxwell mielke moyal nakagami ncf nct ncx2 norm
norminvgauss pareto pearson3 powerlaw powerlognorm powernorm rayleigh rdist recipinvgauss reciprocal
rel_breitwigner rice semicircular skew_norm skewcauchy skewnorm studentized_range t trapezoid triang
truncexpon truncnorm truncpareto truncweibull_min tukeylambda uniform vonmises wald weibull_max
weibull_min wrapcauchy
"""
_DISCRETE: Final = """
bernoulli betabinom betanbinom binom boltzmann dlaplace geom hypergeom logser nbinom
nchypergeom_fisher nchypergeom_wallenius nhypergeom planck poisson_binom poisson randint skellam
yulesimon zipf zipfian
"""


def _sparse() -> Entries:
    lines = []
    for form in _FORMATS:
        lines += [
            f"scipy.sparse._{form}: {form}_matrix {form}_array",
            f"scipy.sparse.{form}: {form}_matrix",
        ]
    arrays = " ".join(f"{form}_array" for form in _FORMATS)
    found = rows(
        PROFILE,
        "\n".join([*lines, f"scipy.sparse._arrays: {arrays}"]),
        uses="ns",
        reason="arrays of values and places; the places are unchecked, until they are used",
        call=no_args,
        state=dict_state,
    )
    found |= rows(
        PROFILE,
        """
        scipy.sparse._compressed: _cs_matrix _cs_matrix.toarray
        scipy.sparse._base: _spbase _spbase.toarray _spbase.todense spmatrix spmatrix.toarray spmatrix.todense
        scipy.sparse._matrix: spmatrix spmatrix.todense
        scipy.sparse.compressed: _cs_matrix _cs_matrix.toarray
        scipy.sparse.base: spmatrix spmatrix.toarray spmatrix.todense
        """,
        uses="r",
        reason="a method that makes an array, as transformers keep it, and the class that has it",
        call=only_later,
    )
    return found | rows(
        PROFILE,
        """
        scipy.sparse._dok: dok_matrix dok_array
        scipy.sparse.dok: dok_matrix
        scipy.sparse._arrays: dok_array
        """,
        uses="nsi",
        reason="a dict of places and values",
        call=pairs_args,
        state=dict_state,
    )


def _interpolators() -> Entries:
    found = rows(
        PROFILE,
        """
        scipy.interpolate._bsplines: BSpline _BSpline
        scipy.interpolate._cubic: Akima1DInterpolator CubicHermiteSpline CubicSpline
        scipy.interpolate._cubic: PchipInterpolator
        scipy.interpolate._fitpack2: InterpolatedUnivariateSpline LSQUnivariateSpline
        scipy.interpolate._fitpack2: RectBivariateSpline SmoothBivariateSpline UnivariateSpline
        scipy.interpolate._fitpack2: LSQBivariateSpline BivariateSpline
        scipy.interpolate._interpnd: CloughTocher2DInterpolator LinearNDInterpolator
        scipy.interpolate._interpolate: BPoly NdPPoly PPoly RegularGridInterpolator _BPoly _PPoly
        scipy.interpolate._interpolate: interp1d
        scipy.interpolate._ndbspline: NdBSpline
        scipy.interpolate._polyint: BarycentricInterpolator KroghInterpolator
        scipy.interpolate._rgi: RegularGridInterpolator
        scipy.interpolate.interpnd: CloughTocher2DInterpolator LinearNDInterpolator
        scipy.interpolate.interpolate: BPoly PPoly interp1d RegularGridInterpolator
        scipy.interpolate.fitpack2: InterpolatedUnivariateSpline UnivariateSpline
        """,
        uses="ns",
        reason="arrays of points and of coefficients; no code at load",
        call=no_args,
        state=rule.interpolator_state,
    )
    found |= rows(
        PROFILE,
        """
        scipy.interpolate._interpolate: interp1d._call_linear interp1d._call_linear_np
        scipy.interpolate._interpolate: interp1d._call_nearest interp1d._call_previousnext
        scipy.interpolate._interpolate: interp1d._call_spline interp1d._call_nan_spline
        scipy._lib.array_api_compat.numpy._aliases: asarray
        scipy._external.array_api_compat.numpy._aliases: asarray
        """,
        uses="r",
        reason="a function of its library that an interpolator keeps, computing from its arguments",
    )
    found |= rows(
        PROFILE,
        "scipy.interpolate._rbfinterp: RBFInterpolator",
        uses="ns",
        reason="arrays of points and of coefficients; looks at three of them at load",
        call=no_args,
        state=rule.radial_state,
    )
    return found | rows(
        PROFILE,
        """
        scipy.spatial._qhull: ConvexHull Delaunay Voronoi
        scipy.spatial.qhull: ConvexHull Delaunay Voronoi
        """,
        uses="ns",
        reason="arrays of points and simplices; its native half is never saved, and is refused",
        call=no_args,
        state=rule.hull_state,
    )


def _objects() -> Entries:
    found = rows(
        PROFILE,
        """
        scipy.optimize._optimize: OptimizeResult
        scipy.optimize.optimize: OptimizeResult
        scipy.optimize._zeros_py: RootResults
        scipy.integrate._ivp.ivp: OdeResult
        """,
        uses="nsi",
        reason="a dict",
        call=pairs_args,
        state=dict_state,
    )
    found |= rows(
        PROFILE,
        """
        scipy.cluster.hierarchy: ClusterNode
        scipy.integrate._cubature: CubatureRegion CubatureResult
        scipy.integrate._ivp.base: ConstantDenseOutput
        scipy.integrate._ivp.bdf: BdfDenseOutput
        scipy.integrate._ivp.common: OdeSolution
        scipy.integrate._ivp.lsoda: LsodaDenseOutput
        scipy.integrate._ivp.radau: RadauDenseOutput
        scipy.integrate._ivp.rk: RkDenseOutput Dop853DenseOutput
        scipy.interpolate._bary_rational: AAA FloaterHormannInterpolator
        scipy.optimize._constraints: Bounds LinearConstraint
        scipy.optimize._hessian_update_strategy: BFGS SR1
        scipy.optimize._lbfgsb_py: LbfgsInvHessProduct
        scipy.signal._czt: CZT ZoomFFT
        scipy.signal._ltisys: StateSpaceContinuous StateSpaceDiscrete TransferFunctionContinuous
        scipy.signal._ltisys: TransferFunctionDiscrete ZerosPolesGainContinuous ZerosPolesGainDiscrete
        scipy.signal.ltisys: StateSpaceContinuous StateSpaceDiscrete TransferFunctionContinuous
        scipy.signal.ltisys: TransferFunctionDiscrete ZerosPolesGainContinuous ZerosPolesGainDiscrete
        scipy.signal._short_time_fft: ShortTimeFFT
        scipy.spatial._spherical_voronoi: SphericalVoronoi
        scipy.spatial.transform._rotation: Slerp
        scipy.spatial.transform._rotation_spline: RotationSpline
        scipy.stats._binomtest: BinomTestResult
        scipy.stats._censored_data: CensoredData
        scipy.stats._covariance: CovViaCholesky CovViaDiagonal CovViaEigendecomposition CovViaPSD CovViaPrecision
        scipy.stats._fit: FitResult
        scipy.stats._hypotests: BarnardExactResult BoschlooExactResult CramerVonMisesResult SomersDResult
        scipy.stats._hypotests: TukeyHSDResult
        scipy.stats._distn_infrastructure: rv_continuous_frozen rv_discrete_frozen rv_frozen
        scipy.stats._kde: gaussian_kde
        scipy.stats.kde: gaussian_kde
        scipy.stats._morestats: DirectionalStats
        scipy.stats._multicomp: DunnettResult
        scipy.stats._multivariate: _PSD dirichlet_frozen dirichlet_gen dirichlet_multinomial_frozen
        scipy.stats._multivariate: dirichlet_multinomial_gen invwishart_frozen invwishart_gen matrix_normal_frozen
        scipy.stats._multivariate: matrix_normal_gen multinomial_frozen multinomial_gen
        scipy.stats._multivariate: multivariate_hypergeom_frozen multivariate_hypergeom_gen
        scipy.stats._multivariate: multivariate_normal_frozen multivariate_normal_gen multivariate_t_frozen
        scipy.stats._multivariate: multivariate_t_gen ortho_group_frozen ortho_group_gen random_correlation_gen
        scipy.stats._multivariate: special_ortho_group_frozen special_ortho_group_gen uniform_direction_frozen
        scipy.stats._multivariate: uniform_direction_gen unitary_group_frozen unitary_group_gen
        scipy.stats._multivariate: vonmises_fisher_frozen vonmises_fisher_gen wishart_frozen wishart_gen
        scipy.stats._odds_ratio: OddsRatioResult
        scipy.stats._page_trend_test: PageTrendTestResult
        scipy.stats._qmc: Halton LatinHypercube MultinomialQMC MultivariateNormalQMC PoissonDisk Sobol
        scipy.stats._relative_risk: RelativeRiskResult
        scipy.stats._resampling: BootstrapResult MonteCarloTestResult PermutationTestResult PowerResult
        scipy.stats._sensitivity_analysis: BootstrapSobolResult SobolResult
        scipy.stats._survival: ECDFResult EmpiricalDistributionFunction LogRankResult
        """,
        uses="ns",
        reason="numbers and arrays in its attributes; no code at load",
        call=no_args,
        state=dict_state,
    )
    found |= rows(
        PROFILE,
        """
        scipy.spatial.transform._rotation: Rotation
        scipy.spatial.transform.rotation: Rotation
        """,
        uses="ns",
        reason="an array of quaternions",
        call=no_args,
        state=rule.rotation_state,
    )
    found |= rows(
        PROFILE,
        "scipy.spatial.transform._rigid_transform: RigidTransform",
        uses="r",
        reason="the owner of from_matrix",
    )
    found |= rows(
        PROFILE,
        "scipy.spatial.transform._rigid_transform: RigidTransform.from_matrix",
        uses="c",
        reason="a transform from its matrix, which scipy checks",
        call=rule.one_array,
    )
    for name in ("PearsonRResult", "TtestResult"):
        found |= rows(
            PROFILE,
            f"scipy.stats._stats_py: {name}",
            uses="ns",
            reason="a named tuple of numbers, with methods",
            call=rule.tuple_args,
            state=dict_state,
            new_of=GlobalRef("scipy.stats._stats_py", f"{name}Base"),
        )
    return found | rows(
        PROFILE,
        """
        scipy.stats._binned_statistic: BinnedStatisticResult BinnedStatistic2dResult
        scipy.stats._common: ConfidenceInterval
        scipy.stats._mannwhitneyu: MannwhitneyuResult
        scipy.stats._morestats: AndersonResult AnsariResult BartlettResult FlignerResult LeveneResult
        scipy.stats._crosstab: CrosstabResult
        scipy.stats._mgc: MGCResult
        scipy.stats._morestats: MedianTestResult ShapiroResult WilcoxonResult
        scipy.stats._mstats_basic: SenSeasonalSlopesResult
        scipy.stats._stats_mstats_common: LinregressResult SiegelslopesResult TheilslopesResult
        scipy.stats._stats_py: AlexanderGovernResult DescribeResult F_onewayResult FriedmanchisquareResult
        scipy.stats._stats_py: QuantileTestResult
        scipy.stats._stats_py: JarqueBeraResult KruskalResult KstestResult KurtosistestResult
        scipy.stats._stats_py: LinregressResult ModeResult NormaltestResult PearsonRResultBase
        scipy.stats._stats_py: Power_divergenceResult RanksumsResult SignificanceResult
        scipy.stats._stats_py: SkewtestResult SpearmanrResult Ttest_1sampResult Ttest_indResult
        scipy.stats._stats_py: TtestResultBase
        scipy.stats.contingency: Chi2ContingencyResult
        """,
        uses="ns",
        reason="a named tuple of numbers",
        call=rule.tuple_args,
        state=dict_state,
    )


def _distributions() -> Entries:
    continuous = " ".join(f"{name}_gen" for name in _DISTRIBUTIONS.split())
    discrete = " ".join(f"{name}_gen" for name in _DISCRETE.split())
    entropies = " ".join(f"{name}._entropy" for name in discrete.split())
    found = rows(
        PROFILE,
        f"""
        scipy.stats._continuous_distns: {continuous} rv_histogram levy_stable_gen
        scipy.stats._discrete_distns: {discrete}
        scipy.stats._distn_infrastructure: rv_sample
        scipy.stats._levy_stable: levy_stable_gen
        """,
        uses="ns",
        reason="runs the source code in its state, which must be scipy's own, word for word",
        call=no_args,
        state=rule.distribution_state,
    )
    return found | rows(
        PROFILE,
        f"""
        scipy.stats._discrete_distns: {entropies}
        scipy.stats._distn_infrastructure: rv_sample._entropy
        """,
        uses="r",
        reason="a distribution's own method, which it keeps vectorized and makes anew when it is loaded",
        call=only_later,
    )


def _functions() -> Entries:
    numbers = """
        agm airy airye bdtr bdtrc bdtri bdtrik bdtrin bei beip ber berp besselpoly beta betainc betaincc
        betainccinv betaincinv betaln binom boxcox boxcox1p btdtria btdtrib cbrt chdtr chdtrc chdtri chdtriv
        chndtr chndtridf chndtrinc chndtrix cosdg cosm1 cotdg dawsn digamma ellipe ellipeinc ellipj ellipk
        ellipkinc ellipkm1 elliprc elliprd elliprf elliprg elliprj entr erf erfc erfcinv erfcx erfi erfinv
        eval_chebyc eval_chebys eval_chebyt eval_chebyu eval_gegenbauer eval_genlaguerre eval_hermite
        eval_hermitenorm eval_jacobi eval_laguerre eval_legendre eval_sh_chebyt eval_sh_chebyu
        eval_sh_jacobi eval_sh_legendre exp1 exp10 exp2 expi expit expm1 expn exprel fdtr fdtrc fdtri
        fdtridfd fresnel gamma gammainc gammaincc gammainccinv gammaincinv gammaln gammasgn gdtr gdtrc
        gdtria gdtrib gdtrix hankel1 hankel1e hankel2 hankel2e huber hyp0f1 hyp1f1 hyp2f1 hyperu i0 i0e i1
        i1e inv_boxcox inv_boxcox1p it2i0k0 it2j0y0 it2struve0 itairy iti0k0 itj0y0 itmodstruve0 itstruve0
        iv ive j0 j1 jn jv jve k0 k0e k1 k1e kei keip kelvin ker kerp kl_div kn kolmogi kolmogorov kv kve
        log1p log_expit log_ndtr log_wright_bessel loggamma logit lpmv mathieu_a mathieu_b mathieu_cem
        mathieu_modcem1 mathieu_modcem2 mathieu_modsem1 mathieu_modsem2 mathieu_sem modfresnelm modfresnelp
        modstruve nbdtr nbdtrc nbdtri nbdtrik nbdtrin ncfdtr ncfdtri ncfdtridfd ncfdtridfn ncfdtrinc nctdtr
        nctdtridf nctdtrinc nctdtrit ndtr ndtri ndtri_exp nrdtrimn nrdtrisd obl_ang1 obl_ang1_cv obl_cv
        obl_rad1 obl_rad1_cv obl_rad2 obl_rad2_cv owens_t pbdv pbvv pbwa pdtr pdtrc pdtri pdtrik poch powm1
        pro_ang1 pro_ang1_cv pro_cv pro_rad1 pro_rad1_cv pro_rad2 pro_rad2_cv pseudo_huber psi radian
        rel_entr rgamma round shichi sici sinc sindg smirnov smirnovi spence stdtr stdtridf stdtrit struve
        tandg tklmbda voigt_profile wofz wright_bessel wrightomega xlog1py xlogy y0 y1 yn yv yve zeta zetac
    """
    names = " ".join(numbers.split())
    return rows(
        PROFILE,
        f"""
        scipy.special._ufuncs: {names}
        scipy.special._special_ufuncs: {names}
        scipy.special._logsumexp: logsumexp softmax log_softmax
        scipy.special._basic: digamma
        scipy.spatial.distance: braycurtis canberra chebyshev cityblock correlation cosine dice
        scipy.spatial.distance: euclidean hamming jaccard jensenshannon mahalanobis minkowski
        scipy.spatial.distance: rogerstanimoto russellrao seuclidean sokalsneath sqeuclidean yule
        scipy.signal._savitzky_golay: savgol_filter
        scipy.stats._entropy: entropy
        scipy.stats._stats_py: gmean gstd hmean iqr kendalltau kurtosis mode pearsonr rankdata sem
        scipy.stats._stats_py: skew spearmanr trim_mean zscore
        """,
        uses="r",
        reason="computes from the numbers it is given",
        call=only_later,
    )


ENTRIES: Final[Entries] = _sparse() | _interpolators() | _objects() | _distributions() | _functions()
