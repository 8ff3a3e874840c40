"""yolov5 and yolov7: models as whole objects, `.pt` files.

Not in force by default. They hold torch's modules: that list comes along. The modules are those of the
repository (7.0, read) and those that yolov7 adds. They stand on the path as ``models``: where another
package has that name, these are its classes, so put this list in force for yolov5 alone.
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
    models.common: MP SP SPPCSPC RepConv ReOrg DownC Shortcut Foldcut Chuncat
    models.experimental: Ensemble MixConv2d Sum
    models.yolo: BaseModel ClassificationModel Detect DetectionModel Model Segment SegmentationModel
    models.yolo: IAuxDetect IBin IDetect IKeypoint
    """,
    uses="ns",
    reason="modules and settings in its attributes; no code at load",
    call=no_args,
    state=dict_state,
) | rows(
    PROFILE,
    """
    models.common: Conv.forward Conv.forward_fuse Conv.fuseforward DWConv.forward_fuse DWConv.fuseforward
    models.common: RepConv.fuseforward
    """,
    uses="r",
    reason="a module's own method, which it keeps once it was fused",
    call=only_later,
)
