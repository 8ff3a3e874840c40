"""torchvision: whole models and transforms, as `torch.save(model)` writes them.

Not in force by default. They hold torch's modules: that list comes along. Left out:
datasets, which read files, and what is made by ``torch.fx``, which is code.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.quiet import MODULES, quiet
from safeload.allowlists.rules_checkpoints import one_value
from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "torchvision"
WITH: Final = ("torch-modules",)
_LAYERS: Final = ("torchvision.models.convnext", "torchvision.ops.misc")

_TRANSFORMS: Final[Entries] = rows(
    PROFILE,
    """
    torchvision.transforms.transforms: Compose ToTensor PILToTensor ToPILImage RandomApply
    torchvision.transforms.transforms: RandomChoice RandomOrder RandomTransforms
    """,
    uses="ns",
    reason="settings in its attributes; no code of its own at load",
    call=no_args,
    state=dict_state,
)

ENTRIES: Final[Entries] = {
    **quiet(PROFILE, MODULES, _LAYERS),
    **_TRANSFORMS,
    **rows(
        PROFILE,
        "torchvision.transforms.functional: InterpolationMode",
        uses="c",
        reason="one of a few constants",
        call=one_value,
    ),
}
