"""stable-baselines3: policies, buffers and schedules, with gymnasium's spaces.

Not in force by default. They hold torch's modules: that list comes along. Spaces stand in
the files that ``model.save`` writes, pickled one by one. Left out: environments and loggers, which run
or write, and functions of your own (a learning rate as a lambda is code).
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.quiet import MODULES, quiet
from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.rules_more import box_state
from safeload.allowlists.table import Entries, alias, rows

PROFILE: Final = "stable-baselines3"
WITH: Final = ("torch-modules",)

_SPACES: Final[Entries] = {
    **rows(
        PROFILE,
        """
        gymnasium.spaces.dict: Dict
        gymnasium.spaces.discrete: Discrete
        gymnasium.spaces.graph: Graph
        gymnasium.spaces.multi_binary: MultiBinary
        gymnasium.spaces.multi_discrete: MultiDiscrete
        gymnasium.spaces.sequence: Sequence
        gymnasium.spaces.text: Text
        gymnasium.spaces.tuple: Tuple
        """,
        uses="ns",
        reason="bounds and shapes in its attributes; fills in what older versions lacked",
        call=no_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        "gymnasium.spaces.box: Box",
        uses="ns",
        reason="arrays of bounds; describes them in words at load, where that is missing",
        call=no_args,
        state=box_state,
    ),
}

ENTRIES: Final[Entries] = {
    **quiet(PROFILE, MODULES),
    **_SPACES,
    **alias(_SPACES, {"gymnasium": "gym"}),
    **rows(
        PROFILE,
        "stable_baselines3.common.vec_env.vec_normalize: VecNormalize",
        uses="ns",
        reason="running means and settings in its attributes",
        call=no_args,
        state=dict_state,
    ),
}
