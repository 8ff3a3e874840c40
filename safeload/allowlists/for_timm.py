"""timm: whole image models, as `torch.save(model)` writes them.

Not in force by default. They hold torch's modules: that list comes along. Every module
class of 1.0 that runs no code of its own at load, from its models and its layers; ``Conv2dSame`` and
the standardised convolutions are convolutions of torch's, whose state they set as that does.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.quiet import MODULES, quiet
from safeload.allowlists.rules_checkpoints import one_value
from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "timm"
WITH: Final = ("torch-modules",)
_LAYERS: Final = ("timm.layers.mlp", "timm.layers.norm", "timm.layers.norm_act", "timm.layers.squeeze_excite")

ENTRIES: Final[Entries] = quiet(PROFILE, MODULES, _LAYERS) | rows(
    PROFILE,
    """
    timm.layers.conv2d_same: Conv2dSame Conv2dSameExport
    timm.layers.std_conv: ScaledStdConv2d ScaledStdConv2dSame StdConv2d StdConv2dSame
    """,
    uses="ns",
    reason="a convolution of torch's, which fills in the padding that older versions lacked",
    call=no_args,
    state=dict_state,
) | rows(
    PROFILE,
    "timm.layers.format: Format",
    uses="c",
    reason="one of a few constants",
    call=one_value,
)
