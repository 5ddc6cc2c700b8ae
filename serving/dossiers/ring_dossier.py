"""One ring: its members and links with the why of each, the operators it met, and GraphML."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass

import networkx as nx

from features.graphs.rings import graph_name
from serving.dossiers.night_tables import NightTables, Row
from serving.dossiers.row_pages import RowPage, queried_page

LINKS_ON_PAGE, MEMBERS_ON_PAGE = 50, 50
LINKS_SQL = """
    SELECT left_account, right_account, list(kind ORDER BY kind) AS kinds,
           list(times ORDER BY kind) AS times
    FROM ring_links WHERE ring_id = ? GROUP BY left_account, right_account
"""
MEMBERS_SQL = """
    SELECT m.account_id, m.links, s.probability FROM ring_members m
    LEFT JOIN scores s ON s.entity_kind = 'account' AND s.leads AND s.entity_id = m.account_id
    WHERE m.ring_id = ?
"""


@dataclass(frozen=True)
class RingDossier:
    """A ring as the night found it.

    Attributes
    ----------
    ring
        Row of `rings`; `evidence` is an object: number of links by kind.
    links
        Linked accounts, each pair with the kinds of its links and how often.
    operators
        Operators that at least two members met.
    has_links
        Whether the night published links; nights of earlier versions did not.
    """

    ring: Row
    members: RowPage
    links: RowPage
    operators: tuple[Row, ...]
    has_links: bool


def ring_dossier(
    tables: NightTables, ring_id: str, members_page: int = 1, links_page: int = 1
) -> RingDossier | None:
    """A ring; None where the night found none of that name."""
    ring = tables.first("SELECT * FROM rings WHERE ring_id = ?", ring_id)
    if ring is None:
        return None
    members = queried_page(
        tables,
        MEMBERS_SQL,
        "links DESC, account_id",
        ring_id,
        number=members_page,
        size=MEMBERS_ON_PAGE,
    )
    has_links = tables.has("ring_links")
    links, operators = RowPage((), 0), []
    if has_links:
        links = queried_page(
            tables,
            LINKS_SQL,
            "len(kinds) DESC, left_account, right_account",
            ring_id,
            number=links_page,
            size=LINKS_ON_PAGE,
        )
        sql = """SELECT o.operator_id, o.members, d.tier, d.risk FROM ring_operators o
                 LEFT JOIN tier_decisions d USING (operator_id)
                 WHERE o.ring_id = ? ORDER BY o.members DESC, o.operator_id"""
        operators = tables.rows(sql, ring_id)
    evidence = json.loads(ring["evidence"])
    return RingDossier(ring | {"evidence": evidence}, members, links, tuple(operators), has_links)


def ring_graph(tables: NightTables, ring_id: str) -> nx.Graph:
    """A ring as a networkx graph, the number of links by kind on each edge."""
    ring = tables.first("SELECT * FROM rings WHERE ring_id = ?", ring_id)
    graph = nx.Graph(ring_id=graph_name(ring_id))
    if ring is not None:
        graph.graph |= {
            "kind": ring["kind"],
            "evidence": ring["evidence"],
            "density": ring["density"],
            "significance": ring["significance"],
            "first_at": ring["first_at"].isoformat(),
            "last_at": ring["last_at"].isoformat(),
        }
    sql = "SELECT account_id FROM ring_members WHERE ring_id = ? ORDER BY account_id"
    graph.add_nodes_from(graph_name(r["account_id"]) for r in tables.rows(sql, ring_id))
    if tables.has("ring_links"):
        sql = (
            "SELECT * FROM ring_links WHERE ring_id = ? ORDER BY left_account, right_account, kind"
        )
        for r in tables.rows(sql, ring_id):
            ends = graph_name(r["left_account"]), graph_name(r["right_account"])
            graph.add_edge(*ends)
            graph.edges[ends][r["kind"]] = int(r["times"])
    return graph


def linking_path(graph: nx.Graph) -> list[tuple[str, str, dict[str, int]]]:
    """The shortest path between the two least connected members of a ring's largest part.

    Each step has from, to and the number of links by kind.
    """
    part = (
        graph.subgraph(max(nx.connected_components(graph), key=lambda c: (len(c), sorted(c))))
        if len(graph)
        else graph
    )
    if len(part) < 2:
        return []
    first = min(part.nodes, key=lambda n: (part.degree[n], n))
    far = nx.single_source_shortest_path(part, first)
    last = max(sorted(far), key=lambda n: len(far[n]))
    path = far[last]
    return [(a, b, dict(sorted(part.edges[a, b].items()))) for a, b in itertools.pairwise(path)]


def graphml(graph: nx.Graph) -> str:
    """A graph as GraphML text."""
    return "\n".join(nx.generate_graphml(graph))
