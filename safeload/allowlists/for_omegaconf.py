"""omegaconf: configurations kept in checkpoints, as Hydra and Lightning write them.

Not in force by default. A configuration is data until it is read: an interpolation such as
``${oc.env:HOME}``, or one of a resolver that *your* program has registered (``eval``, say), runs
when its key is looked up. Structured configurations name your dataclasses, which stay refused until
you allow them. ``hydra.utils.instantiate`` calls whatever a configuration names: never use it on
one that came with a file.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists import rules_checkpoints as rule
from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "omegaconf"

ENTRIES: Final[Entries] = {
    **rows(
        PROFILE,
        """
        omegaconf.dictconfig: DictConfig
        omegaconf.listconfig: ListConfig
        omegaconf.nodes: AnyNode BooleanNode BytesNode EnumNode FloatNode IntegerNode
        omegaconf.nodes: InterpolationResultNode PathNode StringNode
        omegaconf.base: UnionNode
        """,
        uses="ns",
        reason="values and metadata in its attributes; sets types on its metadata at load",
        call=no_args,
        state=rule.node_state,
    ),
    **rows(
        PROFILE,
        "omegaconf.base: ContainerMetadata Metadata",
        uses="ns",
        reason="types and flags in its attributes; no code at load",
        call=no_args,
        state=dict_state,
    ),
}
