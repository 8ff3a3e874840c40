"""torch_geometric: graphs and datasets of graphs kept in files.

Not in force by default. Batches are left out: they are rebuilt by an object that makes a class and
is then called.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules_checkpoints import graph_state, one_value
from safeload.allowlists.rules_forms import no_args, values_state
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "torch-geometric"

ENTRIES: Final[Entries] = {
    **rows(
        PROFILE,
        """
        torch_geometric.data.storage: BaseStorage EdgeStorage GlobalStorage NodeStorage
        torch_geometric.data.data: DataEdgeAttr DataTensorAttr
        torch_geometric.data.feature_store: TensorAttr
        torch_geometric.data.graph_store: EdgeAttr
        """,
        uses="ns",
        reason="tensors in its attributes; looks up missing ones in its store, after the load",
        call=no_args,
        state=values_state,
    ),
    **rows(
        PROFILE,
        """
        torch_geometric.data.data: Data
        torch_geometric.data.hetero_data: HeteroData
        torch_geometric.data.temporal: TemporalData
        """,
        uses="ns",
        reason="stores of tensors, each of which learns of its graph when that is copied: so they are stores",
        call=no_args,
        state=graph_state,
    ),
    **rows(
        PROFILE,
        """
        torch_geometric.data.storage: AttrType
        torch_geometric.data.graph_store: EdgeLayout
        torch_geometric.data.feature_store: _FieldStatus
        """,
        uses="c",
        reason="one of a few constants",
        call=one_value,
    ),
}
