"""ultralytics: YOLO models as whole objects, `.pt` files.

Not in force by default. They hold torch's modules: that list comes along. All classes
here are modules with no code of their own at load (8.4.190, read) but one, which fills in a number.
Some keep a method of their own (``Conv.forward_fuse``), which is named whole.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules import only_later
from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "ultralytics"
WITH: Final = ("torch-modules",)

_BLOCKS: Final = """
A2C2f AAttn AConv ABlock ADown Attention BNContrastiveHead Bottleneck BottleneckCSP C1 C2 C2PSA C2f
C2fAttn C2fCIB C2fPSA C3 C3Ghost C3TR C3f C3k C3k2 C3x CBFuse CBLinear CIB ContrastiveHead DFL ELAN1
GhostBottleneck HGBlock HGStem ImagePoolingAttn MaxSigmoidAttnBlock PSA PSABlock Proto Proto26
RealNVP RepBottleneck RepC3 RepCSP RepNCSPELAN4 RepVGGDW ResNetBlock ResNetLayer Residual SAVPE
SCDown SPP SPPELAN SPPF SwiGLUFFN
"""
_CONVOLUTIONS: Final = """
CBAM ChannelAttention Concat Conv Conv2 ConvTranspose DWConv DWConvTranspose2d Focus GhostConv Index
LightConv RepConv SpatialAttention
"""
_HEADS: Final = """
Classify Depth Detect LRPCHead OBB OBB26 Pose Pose26 RTDETRDecoder Segment Segment26 SemanticSegment
WorldDetect YOLOEDetect YOLOESegment YOLOESegment26 v10Detect
"""
_TRANSFORMERS: Final = """
AIFI DeformableTransformerDecoder DeformableTransformerDecoderLayer LayerNorm2d MLP MLPBlock
MSDeformAttn TransformerBlock TransformerEncoderLayer TransformerLayer
"""
_MODELS: Final = """
BaseModel ClassificationModel DepthModel DetectionModel Ensemble OBBModel PoseModel
RTDETRDetectionModel SegmentationModel SemanticSegmentationModel WorldModel YOLOEModel YOLOESegModel
YOLOv10DetectionModel
"""


def _line(module: str, *names: str) -> str:
    return f"{module}: {' '.join(' '.join(names).split())}"


_KEPT: Final = " ".join(
    f"{name}.{method}"
    for name in (_BLOCKS + _CONVOLUTIONS + _HEADS).split()
    for method in ("forward", "forward_fuse", "forward_split")
)

_CLASSES: Final[Entries] = rows(
    PROFILE,
    "\n".join(
        [
            _line("ultralytics.nn.modules.block", _BLOCKS, "Silence"),
            _line("ultralytics.nn.modules.conv", _CONVOLUTIONS),
            _line("ultralytics.nn.modules.head", _HEADS),
            _line("ultralytics.nn.modules.transformer", _TRANSFORMERS),
            _line("ultralytics.nn.modules.activation", "AGLU"),
            # One file for all of them, up to 8.0.105.
            _line("ultralytics.nn.modules", _BLOCKS, _CONVOLUTIONS, _HEADS, _TRANSFORMERS),
            _line("ultralytics.nn.tasks", _MODELS),
            _line("ultralytics.utils", "IterableSimpleNamespace"),
            _line("ultralytics.yolo.utils", "IterableSimpleNamespace"),
            _line(
                "ultralytics.utils.loss",
                "BboxLoss DFLoss E2EDetectLoss FocalLoss KeypointLoss RotatedBboxLoss",
                "VarifocalLoss v10DetectLoss v8ClassificationLoss v8DetectionLoss v8OBBLoss",
                "v8PoseLoss v8SegmentationLoss",
            ),
            _line("ultralytics.utils.tal", "RotatedTaskAlignedAssigner TaskAlignedAssigner"),
        ]
    ),
    uses="ns",
    reason="modules and settings in its attributes; no code at load",
    call=no_args,
    state=dict_state,
)

ENTRIES: Final[Entries] = _CLASSES | rows(
    PROFILE,
    "\n".join(
        _line(module, _KEPT)
        for module in (
            "ultralytics.nn.modules",
            "ultralytics.nn.modules.block",
            "ultralytics.nn.modules.conv",
            "ultralytics.nn.modules.head",
        )
    ),
    uses="r",
    reason="a module's own method, which it keeps in place of another",
    call=only_later,
)
