"""docs/benchmarks/networks.md: graph neural networks beside the detectors here, from what `networks.py` measured elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness.figures_page import row, write
from benchmarks.public_sets.graph_networks import EPOCHS

COMMAND = "python benchmarks/public_sets/graph_networks.py measure out/networks"
TEXT = """
Measured on a machine with PyTorch {torch} ({on}), as `benchmarks/public_sets/graph_networks.py` says in three commands; nothing here is part of `make bench-detection`.

**Reviewers.** The edges, columns and split are those of [detection](detection.md), where trees reach {trees:.3f} and an oracle {oracle:.3f} (goal .40). Networks that average over neighbours, with embeddings of products learnt
beside them and verdicts among their inputs, come to the same: what trees miss is not in these edges. Networks were stopped early on an eighth of the training users; nothing of them was tuned, and each is shown but for a first trial, whose six (one of three layers, one wider) came to .358 to .364.

**Blocks.** The same graphs and blocks as there, seeds 1 to 3, and detectors of PyGOD 1.1.0 as they come, {epochs} epochs. A detector ranks nodes and says of none where a block ends, so that it is
cut at the true number of nodes of the block, which the ensemble is not told. Nodes have no attributes in these graphs; they are described by their degree, their neighbours' mean degree and their side.
Two detectors write out all pairs of nodes and one walks in Python: they were run on the smallest graph alone, one seed.
"""


def page(found: dict[str, Any]) -> None:
    """Write the page and its twin."""
    rows: list[dict[str, Any]] = []
    for name, values in found["reviewers"].items():
        rows.append(
            row(
                f"yelpchi-network-{name}".replace(" ", "-").replace(",", ""),
                f"YelpChi reviewers, edges only, graph network of {name}: average precision, mean of {len(values)} seeds (interval: least to most)",
                float(np.mean(values)),
                COMMAND,
                interval=[min(values), max(values)],
            )
        )
    for name, one in found["blocks"].items():
        carrier, detector = name.split()
        values, ours = one["f1"], float(np.mean(one["ours"]))
        rows.append(
            row(
                f"block-{carrier}-PyGOD-{detector}",
                f"Block in `{carrier}`, PyGOD {detector}: F1 of as many nodes as the block has, mean of {len(values)} seeds (interval: least to most; the ensemble, which is not told how many: {ours:.3f})",
                float(np.mean(values)) if values else one["stopped"],
                COMMAND,
                interval=[min(values), max(values)] if values else None,
            )
        )
    known = {
        r["id"]: r["value"]
        for r in json.loads(Path("docs/benchmarks/detection.json").read_text("utf-8"))["rows"]
    }
    text = TEXT.format(
        **found, epochs=EPOCHS, trees=known["yelpchi-ap-edges-20"], oracle=known["yelpchi-ceiling"]
    )
    write(
        "networks",
        "Graph neural networks, beside the detectors here",
        rows,
        text,
        {"gpu": found["on"], "torch": found["torch"]},
    )
