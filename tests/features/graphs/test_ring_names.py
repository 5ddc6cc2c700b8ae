"""Rings as graphs: any id is written and read again in the formats of networkx."""

from __future__ import annotations

import io
from datetime import datetime

import networkx as nx
import pandas as pd
import pytest

from features.graphs.rings import Ring, graph_name

ODD = ["a\x01", "a\x0b", "a\ufffe", "a\n", "a\\x01", "a\\", "店\u2028one", "plain"]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("form", ["graphml", "gexf"])
def test_a_ring_is_read_again(odd, form):
    """A ring is read again."""
    links = pd.DataFrame(
        {"left": [odd, "b", odd], "right": ["b", "c", "c"], "kind": "watch", "times": [3, 3, 1]}
    )
    window = (datetime(2026, 3, 1), datetime(2026, 3, 2))
    ring = Ring("g1", (odd, "b", "c"), (odd,), {"watch": 3}, 1.0, window, 12.0, links)
    file = io.BytesIO()
    getattr(nx, f"write_{form}")(ring.graph(), file)
    file.seek(0)
    assert set(getattr(nx, f"read_{form}")(file).nodes) == {graph_name(odd), "b", "c"}


def test_names_stay_different_and_ordinary_ones_as_they_are():
    """Names stay different, and ordinary ones stay as they are."""
    assert len({graph_name(name) for name in ODD}) == len(ODD)
    assert graph_name("plain-7_店") == "plain-7_店"
