"""Writes the inputs of graph networks: graphs with injected blocks, and YelpChi with its split."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

from benchmarks.public_sets.graph_carriers import SHAPES, carrier, f1, injected
from benchmarks.public_sets.graph_networks.measure import CARRIERS, SEEDS
from benchmarks.public_sets.reviewers import reviewers
from features.graphs.block_search import find_blocks
from features.graphs.excess_density import bipartite


def prepare(folder: Path) -> None:
    """Write carriers with injected blocks, the ensemble's F1 on them, and YelpChi's split."""
    data = Path(os.environ.get("STEELYARD_PUBLIC_DATA", "../shared/public_data"))
    folder.mkdir(parents=True, exist_ok=True)
    for name in CARRIERS:
        edges = carrier(data, name)
        for seed in SEEDS:
            r, c, rows, columns = injected(*edges, SHAPES[name], seed)
            best = find_blocks(bipartite(r, c, int(r.max()) + 1, int(c.max()) + 1), 1)
            ours = f1((best[0].rows, best[0].columns), rows, columns) if best else 0.0
            np.savez_compressed(
                folder / f"{name}-{seed}.npz", r=r, c=c, rows=rows, columns=columns, ours=ours
            )
    edges_, spam, x, train, test = reviewers(data)
    at = {user: i for i, user in enumerate(x.index)}
    product = edges_["product_id"].astype("category").cat.codes.to_numpy()
    user = edges_["user_id"].map(at).to_numpy()
    here, there = (np.array([at[u] for u in some]) for some in (train, test))
    y = spam.reindex(x.index).to_numpy()
    np.savez_compressed(
        folder / "reviewers.npz",
        user=user,
        product=product,
        x=x.to_numpy(float),
        y=y,
        train=here,
        test=there,
    )


if __name__ == "__main__":
    prepare(Path(sys.argv[1]))
