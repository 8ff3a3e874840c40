"""yolov5 and yolov7: models as whole objects, `.pt` files.

Not in force by default. They hold torch's modules: that list comes along. The modules are those of the
repositories: yolov5 7.0, and yolov7 with its branches pose, mask, u5, u6 and u7, all read. They stand on the
path as ``models``: where another package has that name, these are its classes, so put this list in force for
yolov5 alone.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules import only_later
from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "yolov5"
WITH: Final = ("torch-modules",)

ENTRIES: Final[Entries] = rows(
    PROFILE,
    """
    models.common: Bottleneck BottleneckCSP C3 C3Ghost C3SPP C3TR C3x Classify Concat Contract Conv CrossConv DWConv
    models.common: DWConvTranspose2d Expand Focus GhostBottleneck GhostConv Proto SPP SPPF TransformerBlock
    models.common: TransformerLayer
    models.common: BottleneckCSP2 BottleneckCSPA BottleneckCSPB BottleneckCSPC BottleneckCSPF Chuncat ConvBN ConvFocus
    models.common: DownC Foldcut Ghost GhostCSPA GhostCSPB GhostCSPC GhostSPPCSPC GhostStem ImplicitA ImplicitM MP Merge
    models.common: Mlp Mlp_v2 NMS NMS_Export OREPA_3x3_RepConv Refine ReOrg RepBottleneck RepBottleneckCSPA
    models.common: RepBottleneckCSPB RepBottleneckCSPC RepConv RepConv_OREPA RepRes RepResCSPA RepResCSPB RepResCSPC
    models.common: RepResX RepResXCSPA RepResXCSPB RepResXCSPC Res ResCSPA ResCSPB ResCSPC ResX ResXCSPA ResXCSPB
    models.common: ResXCSPC RobustConv RobustConv2 SP SPPCSP SPPCSPC ST2CSPA ST2CSPB ST2CSPC STCSPA STCSPB STCSPC
    models.common: Shortcut Stem SwinTransformer2Block SwinTransformerBlock SwinTransformerLayer
    models.common: SwinTransformerLayer_v2 WindowAttention WindowAttention_v2
    models.experimental: CrossConv Ensemble GhostBottleneck GhostConv MixConv2d Sum
    models.yolo: BaseModel ClassificationModel Detect DetectionModel Model Segment SegmentationModel
    models.yolo: IAuxDetect IBin IDetect IKeypoint IRSegment ISegment
    """,
    uses="ns",
    reason="modules and settings in its attributes; no code at load",
    call=no_args,
    state=dict_state,
) | rows(
    PROFILE,
    """
    models.common: Conv.forward Conv.forward_fuse Conv.fuseforward DWConv.forward_fuse DWConv.fuseforward
    models.yolo: IAuxDetect.fuseforward IDetect.fuseforward
    """,
    uses="r",
    reason="a module's own method, which it keeps once it was fused",
    call=only_later,
)
