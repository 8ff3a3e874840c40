"""Whole models and optimizers of torch, as `torch.save(model)` writes them.

Not in force by default. Loading a module sets its attributes and fills in those that its version
lacks; no method of the file's choosing is called. What it holds is called later, by `forward`:
hooks and activation functions, which can only be names that are allowed. A class of your own stays
refused: allow it by name, and read its ``__setstate__`` first.

Left out, and why: lazy modules and hooks of scripted ones (they register code at load);
quantized and traced modules, which hold native state; functions that call what they are given
(``torch.utils.checkpoint``) or read files (``torch.from_file``).
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.quiet import quiet
from safeload.allowlists.rules import only_later
from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.rules_modules import optimizer_state, recurrent_state
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "torch-modules"

MODULES: Final[Entries] = rows(
    PROFILE,
    """
    torch.nn.modules.activation: CELU ELU GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh
    torch.nn.modules.activation: LeakyReLU LogSigmoid LogSoftmax Mish MultiheadAttention PReLU
    torch.nn.modules.activation: RReLU ReLU ReLU6 SELU SiLU Sigmoid Softmax Softmax2d Softmin
    torch.nn.modules.activation: Softplus Softshrink Softsign Tanh Tanhshrink Threshold
    torch.nn.modules.adaptive: AdaptiveLogSoftmaxWithLoss
    torch.nn.modules.batchnorm: BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm
    torch.nn.modules.channelshuffle: ChannelShuffle
    torch.nn.modules.container: ModuleDict ModuleList ParameterDict ParameterList Sequential
    torch.nn.modules.conv: Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d
    torch.nn.modules.distance: CosineSimilarity PairwiseDistance
    torch.nn.modules.dropout: AlphaDropout Dropout Dropout1d Dropout2d Dropout3d
    torch.nn.modules.dropout: FeatureAlphaDropout
    torch.nn.modules.flatten: Flatten Unflatten
    torch.nn.modules.fold: Fold Unfold
    torch.nn.modules.instancenorm: InstanceNorm1d InstanceNorm2d InstanceNorm3d
    torch.nn.modules.linear: Bilinear Identity Linear NonDynamicallyQuantizableLinear
    torch.nn.modules.linear: _LinearWithBias
    torch.nn.modules.loss: BCELoss BCEWithLogitsLoss CTCLoss CosineEmbeddingLoss
    torch.nn.modules.loss: CrossEntropyLoss GaussianNLLLoss HingeEmbeddingLoss HuberLoss
    torch.nn.modules.loss: KLDivLoss L1Loss LinearCrossEntropyLoss MSELoss MarginRankingLoss
    torch.nn.modules.loss: MultiLabelMarginLoss MultiLabelSoftMarginLoss MultiMarginLoss
    torch.nn.modules.loss: NLLLoss NLLLoss2d PoissonNLLLoss SmoothL1Loss SoftMarginLoss
    torch.nn.modules.loss: TripletMarginLoss TripletMarginWithDistanceLoss
    torch.nn.modules.module: Module
    torch.nn.modules.normalization: CrossMapLRN2d GroupNorm LayerNorm LocalResponseNorm RMSNorm
    torch.nn.modules.padding: CircularPad1d CircularPad2d CircularPad3d ConstantPad1d
    torch.nn.modules.padding: ConstantPad2d ConstantPad3d ReflectionPad1d ReflectionPad2d
    torch.nn.modules.padding: ReflectionPad3d ReplicationPad1d ReplicationPad2d
    torch.nn.modules.padding: ReplicationPad3d ZeroPad1d ZeroPad2d ZeroPad3d
    torch.nn.modules.pixelshuffle: PixelShuffle PixelUnshuffle
    torch.nn.modules.pooling: AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d
    torch.nn.modules.pooling: AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d AvgPool1d
    torch.nn.modules.pooling: AvgPool2d AvgPool3d FractionalMaxPool2d FractionalMaxPool3d
    torch.nn.modules.pooling: LPPool1d LPPool2d LPPool3d MaxPool1d MaxPool2d MaxPool3d
    torch.nn.modules.pooling: MaxUnpool1d MaxUnpool2d MaxUnpool3d
    torch.nn.modules.sparse: Embedding EmbeddingBag
    torch.nn.modules.transformer: Transformer TransformerDecoder TransformerDecoderLayer
    torch.nn.modules.transformer: TransformerEncoder TransformerEncoderLayer
    torch.nn.modules.upsampling: Upsample UpsamplingBilinear2d UpsamplingNearest2d
    torch.nn.parallel.data_parallel: DataParallel
    torch.optim.swa_utils: AveragedModel
    torch.ao.quantization.stubs: DeQuantStub QuantStub QuantWrapper
    torch.quantization.stubs: DeQuantStub QuantStub QuantWrapper
    """,
    uses="ns",
    reason="parameters, buffers and settings in its attributes; hooks among them run at forward. A partial "
    "may hold the class: it makes a layer of numbers",
    call=only_later,
    new=no_args,
    state=dict_state,
) | rows(
    PROFILE,
    "torch.nn.modules.rnn: GRU GRUCell LSTM LSTMCell RNN RNNCell",
    uses="ns",
    reason="as other modules; up to torch 0.4's files, a loop over its layers at load",
    call=no_args,
    state=recurrent_state,
)

_OPTIMIZERS: Final[Entries] = rows(
    PROFILE,
    """
    torch.optim.adadelta: Adadelta
    torch.optim.adagrad: Adagrad
    torch.optim.adam: Adam
    torch.optim.adamax: Adamax
    torch.optim.adamw: AdamW
    torch.optim.asgd: ASGD
    torch.optim.lbfgs: LBFGS
    torch.optim.nadam: NAdam
    torch.optim.radam: RAdam
    torch.optim.rmsprop: RMSprop
    torch.optim.rprop: Rprop
    torch.optim.sgd: SGD
    torch.optim.sparse_adam: SparseAdam
    torch.optim: Adafactor Muon
    torch.optim._adafactor: Adafactor
    torch.optim._muon: Muon
    """,
    uses="ns",
    reason="patches its class at load through a method of its own: no attribute may replace it",
    call=no_args,
    state=optimizer_state,
)

_SCHEDULERS: Final[Entries] = rows(
    PROFILE,
    """
    torch.optim.lr_scheduler: ChainedScheduler ConstantLR CosineAnnealingLR
    torch.optim.lr_scheduler: CosineAnnealingWarmRestarts CyclicLR ExponentialLR LambdaLR LinearLR
    torch.optim.lr_scheduler: MultiStepLR MultiplicativeLR OneCycleLR PolynomialLR
    torch.optim.lr_scheduler: ReduceLROnPlateau SequentialLR StepLR
    torch.optim.swa_utils: SWALR
    """,
    uses="ns",
    reason="numbers and an optimizer in its attributes; no code at load",
    call=no_args,
    state=dict_state,
)

_HOOKS: Final[Entries] = rows(
    PROFILE,
    """
    torch.nn.modules.module: _WrappedHook
    torch.nn.utils.weight_norm: WeightNorm
    torch.nn.utils.spectral_norm: SpectralNorm SpectralNormLoadStateDictPreHook SpectralNormStateDictHook
    torch.nn.utils.prune: BasePruningMethod CustomFromMask Identity L1Unstructured LnStructured PruningContainer
    torch.nn.utils.prune: RandomStructured RandomUnstructured
    """,
    uses="ns",
    reason="a hook of torch's own: computes a weight of the module that it stands in, at forward",
    call=no_args,
    state=dict_state,
)

_BESIDE: Final[Entries] = rows(
    PROFILE,
    """
    torch.amp.grad_scaler: GradScaler
    torch.cuda.amp.grad_scaler: GradScaler
    torch.utils.data.sampler: BatchSampler RandomSampler SequentialSampler SubsetRandomSampler
    torch.utils.data.sampler: WeightedRandomSampler
    torch.utils.data.dataloader: DataLoader
    """,
    uses="ns",
    reason="numbers, data and settings in its attributes; no code of its own at load but to set them",
    call=only_later,
    new=no_args,
    state=dict_state,
) | quiet(PROFILE, "a distribution: tensors in its attributes; no code of its own at load")

# Functions of torch's own that modules keep as they keep an activation. Each is named whole here; before
# protocol 4 and for builtins at all, picklers take it from its class by getattr.
_BUILTINS: Final = """
    abs acos acosh add addmm all allclose amax amin any argmax argmin asin asinh atan atan2 atanh baddbmm bmm
    cat ceil celu celu_ clamp clamp_max clamp_min clip concat conv1d conv2d conv3d cos cosh cosine_similarity
    count_nonzero cross cumprod cumsum diag diff dist div dot dropout eq erf erfc erfinv exp exp2 expm1 flatten
    flip floor fmod gather ge gt hardshrink hypot index_select inner isfinite isinf isnan kron layer_norm le
    lerp lgamma log log10 log1p log2 log_softmax logaddexp logical_and logical_not logical_or logit logsumexp lt
    masked_fill masked_select matmul max maximum mean median min minimum mm mul multiply nan_to_num nanmean
    nansum ne neg negative ones_like outer permute polar pow prelu prod reciprocal relu relu_ remainder reshape
    roll round rrelu rsqrt selu selu_ sigmoid sigmoid_ sign sin sinc sinh softmax sort split_with_sizes sqrt
    square squeeze stack std sub subtract sum tan tanh tanh_ threshold threshold_ topk transpose tril triu trunc
    unbind unsqueeze var vdot where xlogy zeros_like
"""
_METHODS: Final = " ".join(f"_VariableFunctionsClass.{name}" for name in _BUILTINS.split())

_FUNCTIONS: Final[Entries] = rows(
    PROFILE,
    f"""
    torch.nn.functional: adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d alpha_dropout avg_pool1d
    torch.nn.functional: avg_pool2d avg_pool3d batch_norm bilinear binary_cross_entropy
    torch.nn.functional: binary_cross_entropy_with_logits celu celu_ conv1d conv2d conv3d cosine_embedding_loss
    torch.nn.functional: cosine_similarity cross_entropy ctc_loss dropout dropout1d dropout2d dropout3d elu elu_
    torch.nn.functional: feature_alpha_dropout gaussian_nll_loss gelu glu grid_sample group_norm gumbel_softmax
    torch.nn.functional: hardshrink hardsigmoid hardswish hardtanh hardtanh_ hinge_embedding_loss huber_loss
    torch.nn.functional: instance_norm interpolate kl_div l1_loss layer_norm leaky_relu leaky_relu_ linear
    torch.nn.functional: log_softmax logsigmoid lp_pool1d lp_pool2d margin_ranking_loss max_pool1d max_pool2d
    torch.nn.functional: max_pool3d mish mse_loss multi_margin_loss multilabel_margin_loss
    torch.nn.functional: multilabel_soft_margin_loss nll_loss normalize one_hot pad pairwise_distance pixel_shuffle
    torch.nn.functional: pixel_unshuffle poisson_nll_loss prelu relu relu6 relu_ rms_norm rrelu rrelu_
    torch.nn.functional: scaled_dot_product_attention selu selu_ sigmoid silu smooth_l1_loss soft_margin_loss
    torch.nn.functional: softmax softmin softplus softshrink softsign tanh tanhshrink threshold threshold_
    torch.nn.functional: triplet_margin_loss unfold upsample upsample_bilinear upsample_nearest
    torch.nn.init: calculate_gain constant_ dirac_ eye_ kaiming_normal kaiming_normal_ kaiming_uniform
    torch.nn.init: kaiming_uniform_ normal normal_ ones_ orthogonal orthogonal_ sparse_ trunc_normal_ uniform
    torch.nn.init: uniform_ xavier_normal xavier_normal_ xavier_uniform xavier_uniform_ zeros_
    torch.functional: cdist einsum meshgrid norm split stft unique
    torch._C: {_METHODS} _VariableFunctionsClass
    torch._C._nn: gelu log_sigmoid softplus softshrink hardtanh leaky_relu elu glu linear one_hot
    torch._C._special: special_expit special_erf special_log1p special_expm1
    torch.amp.grad_scaler: _refresh_per_optimizer_state
    torch.cuda.amp.grad_scaler: _refresh_per_optimizer_state
    torch.optim.lr_scheduler: CyclicLR._triangular_scale_fn CyclicLR._triangular2_scale_fn
    torch.optim.lr_scheduler: CyclicLR._exp_range_scale_fn OneCycleLR._annealing_cos OneCycleLR._annealing_linear
    torch.utils.data._utils.collate: default_collate default_convert
    """,
    uses="r",
    reason="computes a tensor or a number from tensors and numbers",
    call=only_later,
)

ENTRIES: Final[Entries] = MODULES | _OPTIMIZERS | _SCHEDULERS | _HOOKS | _BESIDE | _FUNCTIONS
