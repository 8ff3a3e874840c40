"""Whole models and optimizers of torch, as `torch.save(model)` writes them.

Not in force by default. Loading a module sets its attributes and fills in those that its version
lacks; no method of the file's choosing is called. What it holds is called later, by `forward`:
hooks and activation functions, which can only be names that are allowed. A class of your own stays
refused: allow it by name, and read its ``__setstate__`` first.

Left out, and why: lazy modules and hooks of scripted ones (they register code at load);
``torch.relu`` and other functions of ``torch._C._VariableFunctionsClass`` (pickled as ``getattr``);
quantized and traced modules, which hold native state.
"""

from __future__ import annotations

from typing import Final

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
    """,
    uses="ns",
    reason="parameters, buffers and settings in its attributes; hooks among them run at forward",
    call=no_args,
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

_FUNCTIONS: Final[Entries] = rows(
    PROFILE,
    """
    torch.nn.functional: celu elu gelu glu hardsigmoid hardswish hardtanh leaky_relu log_softmax
    torch.nn.functional: mish normalize relu relu6 relu_ selu sigmoid silu softmax softmin softplus
    torch.nn.functional: softsign tanh tanhshrink cross_entropy mse_loss l1_loss nll_loss
    torch.nn.functional: binary_cross_entropy binary_cross_entropy_with_logits smooth_l1_loss
    torch.nn.functional: max_pool1d max_pool2d adaptive_avg_pool1d adaptive_avg_pool2d
    torch._C._nn: gelu log_sigmoid softplus softshrink
    """,
    uses="r",
    reason="computes a tensor from tensors",
    call=only_later,
)

ENTRIES: Final[Entries] = MODULES | _OPTIMIZERS | _SCHEDULERS | _FUNCTIONS
