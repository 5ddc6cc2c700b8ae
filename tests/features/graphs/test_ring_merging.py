"""Claims about rings: what ties, what does not, and that a ring keeps its name from night to
night."""

from __future__ import annotations

import json
from datetime import datetime

import networkx as nx
import pandas as pd
import pytest

from features.graphs.ring_merging import keep_names, linked_components, merge, significance

T0, T1 = datetime(2026, 1, 1), datetime(2026, 1, 9)


def links(*pairs: str, kind: str = "payer", times: int = 2) -> pd.DataFrame:
    return pd.DataFrame(
        [(*sorted(p.split("-")), kind, times) for p in pairs],
        columns=["left", "right", "kind", "times"],
    )


def met(members: str, shops: str = "s1 s2") -> pd.DataFrame:
    return pd.DataFrame(
        [(a, s, T0, T1) for a in members.split() for s in shops.split()],
        columns=["account_id", "operator_id", "first", "last"],
    )


def test_a_ring_has_its_members_shops_window_density_and_evidence():
    """A ring has its members, shops, window, density and evidence."""
    found = merge(links("a-b", "b-c", "c-d", "a-d"), met("a b c d"), 10_000)
    ring = found.rings.iloc[0]
    assert (ring["members"], ring["edges"], ring["operators"]) == (4, 4, 2)
    assert ring["density"] == 4 / 6 and ring["first_at"] == T0 and ring["last_at"] == T1
    assert json.loads(ring["evidence"]) == {"payer": 8} and ring["significance"] > 3
    one = found.ring(ring["ring_id"])
    assert (
        one.members == ("a", "b", "c", "d") and one.shops == ("s1", "s2") and one.window == (T0, T1)
    )
    assert (one.evidence, one.density, one.significance) == (
        {"payer": 8},
        ring["density"],
        ring["significance"],
    )
    with pytest.raises(KeyError, match="no ring 'g0' among the 1"):
        found.ring("g0")


def test_ring_is_a_networkx_graph_with_edge_evidence():
    """A ring is a networkx graph with evidence on each edge, and any of its formats holds it."""
    found = merge(links("a-b", "b-c", "c-d", "a-d"), met("a b c d"), 10_000)
    graph = found.graph(found.rings["ring_id"].iloc[0])
    assert isinstance(graph, nx.Graph) and all(graph[x][y] == {"payer": 2} for x, y in graph.edges)
    assert (
        graph.graph["shops"] == "s1,s2"
        and graph.graph["first_at"] == "2026-01-01T00:00:00"
        and graph.graph["density"] == 4 / 6
    )
    again = nx.parse_graphml("\n".join(nx.generate_graphml(graph)))
    assert again.graph.items() >= graph.graph.items() and set(map(frozenset, again.edges)) == set(
        map(frozenset, graph.edges)
    )


def test_three_accounts_are_no_ring():
    """Three accounts are no ring."""
    assert merge(links("a-b", "b-c"), met("a b c"), 1000).rings.empty


def test_an_address_alone_ties_nobody_and_with_a_referrer_it_does():
    """An address alone links no accounts; together with a referrer it does."""
    address = links("a-b", "b-c", "c-d", kind="address")
    assert merge(address, met("a b c d"), 1000).rings.empty
    both = pd.concat([address, links("a-b", "b-c", "c-d", kind="referrer")], ignore_index=True)
    assert len(merge(both, met("a b c d"), 1000).rings) == 1


def test_a_ring_that_grows_keeps_its_name():
    """A ring that grows keeps its name."""
    first = merge(links("a-b", "b-c", "c-d"), met("a b c d"), 1000)
    grown = merge(
        links("a-b", "b-c", "c-d", "d-e", "e-f", "0-a"), met("0 a b c d e f"), 1000, first.members
    )
    assert grown.rings["ring_id"].tolist() == first.rings["ring_id"].tolist()
    assert grown.rings["members"].iloc[0] == 7


def test_largest_part_of_a_split_keeps_the_name():
    """The larger part of a split keeps the name, and the larger ring names a merger."""
    before = pd.DataFrame(
        {"ring_id": ["x"] * 6 + ["y"] * 3, "account_id": list("abcdef") + list("pqr")}
    )
    assert keep_names({0: set("abcd"), 1: set("ef12")}, before) == {0: "x"}
    assert keep_names({0: set("abcdefpqr")}, before) == {0: "x"}
    assert keep_names({0: set("1234")}, before) == {}


def test_links_are_more_significant_among_more_accounts():
    """The same links mean more among more accounts, and no links mean nothing."""
    assert significance(5, 10, 100_000, 1000) > significance(5, 10, 1000, 1000)
    assert significance(5, 0, 1000, 1000) < 0


def test_only_larger_components_need_account_records():
    """Only accounts in components of four or more need their records read."""
    pairs = [("a", "b"), ("b", "c"), ("c", "d"), ("x", "y")]  # a ring, and two who share a device
    links = pd.DataFrame(
        [(a, b, 1, "device") for a, b in pairs], columns=["left", "right", "times", "kind"]
    )
    strong, different, degree, large = linked_components(links)
    assert sorted(large.index) == ["a", "b", "c", "d"] and large.nunique() == 1
    assert len(strong) == len(different) == 4 and degree["b"] == 2 and degree["x"] == 1
    assert all(len(part) == 0 for part in linked_components(links[:0]))
