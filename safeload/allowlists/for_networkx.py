"""networkx: graphs, and the views of them that a graph keeps once they were asked for.

Not in force by default. Left out: views of edges with their data, which call methods of whatever graph
they are given, and combined views.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules import only_later
from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "networkx"

ENTRIES: Final[Entries] = {
    **rows(
        PROFILE,
        """
        networkx.classes.graph: Graph
        networkx.classes.digraph: DiGraph
        networkx.classes.multigraph: MultiGraph
        networkx.classes.multidigraph: MultiDiGraph
        networkx.algorithms.planarity: PlanarEmbedding
        """,
        uses="ns",
        reason="nested dicts in its attributes; no code of its own at load",
        call=no_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        """
        networkx.classes.coreviews: AtlasView AdjacencyView MultiAdjacencyView
        networkx.classes.reportviews: NodeView NodeDataView
        networkx.classes.reportviews: EdgeView OutEdgeView InEdgeView
        networkx.classes.reportviews: MultiEdgeView OutMultiEdgeView InMultiEdgeView
        networkx.classes.reportviews: DegreeView DiDegreeView InDegreeView OutDegreeView
        networkx.classes.reportviews: MultiDegreeView DiMultiDegreeView
        networkx.classes.reportviews: InMultiDegreeView OutMultiDegreeView
        """,
        uses="ns",
        reason="takes a graph and its dicts out of its state; calls nothing of theirs",
        call=no_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        """
        networkx.classes.coreviews: FilterAdjacency FilterAtlas FilterMultiAdjacency FilterMultiInner
        networkx.classes.filters: hide_nodes show_nodes
        """,
        uses="ns",
        reason="a graph's dicts and the nodes to show of them; calls nothing at load",
        call=no_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        "networkx.classes.function: frozen\nnetworkx.classes.filters: no_filter",
        uses="r",
        reason="stands for the methods of a frozen graph and raises an error, or lets every node through",
        call=only_later,
    ),
}
