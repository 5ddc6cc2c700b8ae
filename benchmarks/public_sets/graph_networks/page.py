"""Writes docs/benchmarks/graph_networks.md from the figures that `measure.py` wrote elsewhere."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness.figures import row
from benchmarks.harness.figures_page import About, write

COMMAND = "python benchmarks/public_sets/graph_networks/measure.py out/networks"
ABOUT = About(
    title="Graph neural networks, compared with the detectors here",
    measured="Graph networks on YelpChi's reviewers and PyGOD 1.1.0 on graphs with injected "
    "blocks, measured on a machine with PyTorch.",
    intervals="Intervals are the least and the most of the seeds.",
    records=("0178-graph-networks.md",),
)


def page(found: dict[str, Any]) -> None:
    """Write the JSON and the page; `found`: what `measure.py` wrote."""
    rows: list[dict[str, Any]] = []
    for name, values in found["reviewers"].items():
        rows.append(
            row(
                f"yelpchi-network-{name}".replace(" ", "-").replace(",", ""),
                f"YelpChi reviewers, edges only, graph network of {name}: average precision, mean "
                f"of {len(values)} seeds (interval: least to most)",
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
                f"Block in `{carrier}`, PyGOD {detector}: F1 of as many nodes as the block has, "
                f"mean of {len(values)} seeds (interval: least to most; the ensemble, which is "
                f"not told how many: {ours:.3f})",
                float(np.mean(values)) if values else one["stopped"],
                COMMAND,
                interval=[min(values), max(values)] if values else None,
            )
        )
    write("graph_networks", ABOUT, rows, measured_on={"gpu": found["on"], "torch": found["torch"]})


if __name__ == "__main__":
    page(json.loads((Path(sys.argv[1]) / "found.json").read_text("utf-8")))
