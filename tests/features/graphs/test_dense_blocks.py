"""Claims about dense blocks: the peel equals the plain greedy, a popular room is no block, a
planted block is found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.graphs.block_search import burst_weights, find_blocks
from features.graphs.dense_blocks import DenseBlocks
from features.graphs.excess_density import bipartite, climb, evidence, spectral_starts
from features.graphs.peeling import column_weights, densest_block


def power_law(
    rng: np.random.Generator, edges: int, rows: int, columns: int
) -> tuple[np.ndarray, np.ndarray]:
    p = 1.0 / np.arange(1, columns + 1) ** 0.8
    c = rng.choice(columns, edges, p=p / p.sum())
    keys = np.unique(rng.integers(0, rows, edges) * columns + c)
    return (keys // columns).astype(np.int32), (keys % columns).astype(np.int32)


def with_block(seed: int, a: int = 40, b: int = 25, density: float = 0.6):
    rng = np.random.default_rng(seed)
    r, c = power_law(rng, 30_000, 8000, 1500)
    rows, columns = rng.choice(8000, a, replace=False), rng.choice(1500, b, replace=False)
    i, j = np.nonzero(rng.random((a, b)) < density)
    hidden = rng.choice(rows, len(i)) * 1500 + c[rng.integers(0, len(c), len(i))]
    keys = np.unique(np.concatenate([r * np.int64(1500) + c, rows[i] * 1500 + columns[j], hidden]))
    return (keys // 1500).astype(np.int32), (keys % 1500).astype(np.int32), rows, columns


def plain_greedy(r, c, w, edge_weight=None):
    """FRAUDAR's greedy, word for word: remove the lightest node, keep the best prefix."""
    e = w[c] * (1.0 if edge_weight is None else edge_weight)
    alive = {("r", x) for x in r} | {("c", x) for x in c}
    best = 0.0
    edges = list(zip(r.tolist(), c.tolist(), e.tolist(), strict=True))
    while alive:
        total = sum(v for a, b, v in edges)
        best = max(best, total / len(alive))
        weight = dict.fromkeys(alive, 0.0)
        for a, b, v in edges:
            weight[("r", a)] += v
            weight[("c", b)] += v
        gone = min(alive, key=lambda n: (weight[n], n[0] == "c", n[1]))
        alive.discard(gone)
        edges = [x for x in edges if ("r", x[0]) in alive and ("c", x[1]) in alive]
    return best


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 7)), min_size=1, max_size=50, unique=True),
    st.sampled_from(["flat", "log", "sqrt"]),
)
def test_pruning_before_peeling_gives_the_density_of_the_plain_greedy(edges, kind):
    """Pruning before peeling gives the density of the plain greedy."""
    r, c = (np.array(x, dtype=np.int32) for x in zip(*edges, strict=True))
    w = column_weights(c, int(c.max()) + 1, kind)
    found = densest_block(r, c, w)
    # ties are broken in another order, which can move a greedy prefix; the guarantee is half of the
    # optimum either way
    assert found.density == pytest.approx(plain_greedy(r, c, w), rel=0.15)
    assert found.density == pytest.approx(found.weight / (len(found.rows) + len(found.columns)))


def test_weights_of_edges_count():
    """Weights of edges count."""
    r, c = np.array([0, 0, 1, 1, 2, 3], np.int32), np.array([0, 1, 0, 1, 2, 2], np.int32)
    heavy = densest_block(r, c, np.ones(3), np.array([1, 1, 1, 1, 9, 9.0]))
    assert (
        heavy.rows.tolist() == [2, 3]
        and heavy.columns.tolist() == [2]
        and heavy.density == pytest.approx(6.0)
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_camouflaged_block_is_found_first_and_whole(seed):
    """A camouflaged block is found first and whole."""
    r, c, rows, columns = with_block(seed)
    best = find_blocks(bipartite(r, c, 8000, 1500), 3)[0]
    assert len(np.intersect1d(best.rows, rows)) >= 0.95 * len(rows) and len(best.rows) <= 1.1 * len(
        rows
    )
    assert len(np.intersect1d(best.columns, columns)) >= 0.95 * len(columns)
    assert best.evidence > 100 and best.lift > 3


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_popular_room_is_no_block(seed):
    """Edges thrown by degree alone: dense where the popular columns are, and no evidence
    anywhere."""
    r, c = power_law(np.random.default_rng(seed), 60_000, 5000, 300)
    graph = bipartite(r, c, 5000, 300)
    peeled = densest_block(r, c, column_weights(c, 300, "flat"), n_rows=5000)
    assert peeled.density > 5  # dense it is
    assert find_blocks(graph, 3) == []


def test_climbing_never_lowers_excess_density():
    """Climbing never lowers excess density."""
    r, c, _rows, columns = with_block(5)
    graph = bipartite(r, c, 8000, 1500)
    rows, found, value = climb(graph, columns[:10])
    assert climb(graph, found)[2] >= value > 0
    assert evidence(graph, rows, found).fill <= 1.0


def test_a_burst_weighs_more_than_the_everyday():
    """Links of a burst weigh more than everyday links."""
    at = np.concatenate([np.linspace(0, 86400, 50), np.full(50, 40_000.0)])
    w = burst_weights(np.zeros(100, np.int64), at, 600)
    assert w[50:].min() > 2 * w[:20].max() >= 2.0


def test_the_estimator_takes_a_frame_and_names_members():
    """The estimator takes a frame and names members."""
    r, c, rows, _columns = with_block(11)
    frame = pd.DataFrame({"buyer": [f"b{x}" for x in r], "shop": [f"s{x}" for x in c]})
    found = DenseBlocks(n_blocks=1).fit(frame)
    said = found.predict([f"b{x}" for x in rows])
    assert (said == -1).mean() > 0.95 and found.score_samples(["nobody"])[0] == 0
    with pytest.raises(ValueError, match="two columns"):
        DenseBlocks().fit(frame[["buyer"]])
    with pytest.raises(ValueError, match="no row or no column"):
        DenseBlocks().fit(frame.assign(shop=None))


def test_complete_graph_has_no_spectral_start():
    """A graph that degrees explain completely has no spectral start and raises no error.

    Everybody with everything: the modularity matrix is nought, at which ARPACK stops with an error.
    """
    rows, columns = (x.ravel().astype(np.int32) for x in np.meshgrid(np.arange(6), np.arange(5)))
    assert spectral_starts(bipartite(rows, columns, 6, 5), 3) == []
