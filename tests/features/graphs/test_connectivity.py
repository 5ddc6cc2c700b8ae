"""The compiled basics agree with networkx."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from features.graphs.connectivity import components, core_numbers


@pytest.fixture(params=[1, 2, 3])
def graph(request):
    g = nx.gnm_random_graph(300, 450, seed=request.param)
    pairs = np.array(list(g.edges()))
    return g, pairs[:, 0], pairs[:, 1]


def test_components(graph):
    """Components are those of networkx."""
    g, left, right = graph
    label = components(left, right, 300)
    assert {frozenset(np.flatnonzero(label == k).tolist()) for k in np.unique(label)} == {
        frozenset(c) for c in nx.connected_components(g)
    }


def test_core_numbers(graph):
    """Core numbers are those of networkx."""
    g, left, right = graph
    assert core_numbers(left, right, 300).tolist() == [nx.core_number(g)[v] for v in range(300)]
