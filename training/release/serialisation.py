"""Combinations and reference sets as text: LightGBM's text format and JSON. Nothing is pickled."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from features.former_names import BY_ANY_NAME, current_name
from features.peers import comparison
from training.estimator.combination import Combination
from training.estimator.conformal import HonestReference
from training.estimator.model_text import booster_of, require_inputs
from training.estimator.stage import Stage

FORMAT = 3  # of the files of a release; a change of their keys or of their meaning raises it
TREES_FILE = "trees.json"


def release_texts(trees: Combination, no_graph: Combination) -> dict[str, str]:
    """Files of a model's trees and of its no-graph control's, by name."""
    texts, described = {}, {}
    for name, combination in (("model", trees), ("no_graph", no_graph)):
        stages = []
        for i, stage in enumerate(combination.stages):
            files = [f"{name}.{i}.{t}.txt" for t in combination.typologies]
            for file, booster in zip(files, stage.boosters, strict=True):
                texts[file] = booster.model_to_string()
            stages.append({"files": files, "offset": list(stage.offset)})
        described[name] = {
            "columns": combination.columns,
            "typologies": list(combination.typologies),
            "size_signals": list(combination.size_signals),
            "hidden": list(combination.hidden),
            "stages": stages,
            "peers": combination.peers and combination.peers.as_json(),
            "reference": combination.reference and combination.reference.as_json(),
        }
    return texts | {TREES_FILE: json.dumps(described, sort_keys=True)}


def read_trees(files: dict[str, str]) -> tuple[Combination, Combination]:
    """Read combinations as `release_texts` wrote them.

    The caller has checked digests. Texts are validated, because LightGBM trusts its text.

    Raises
    ------
    ArtefactRefused
        A text is none of LightGBM's, or reads other inputs than the combination has.
    """
    described = json.loads(files[TREES_FILE])

    def read(given: dict[str, Any]) -> Combination:
        stages = tuple(
            Stage(
                tuple(booster_of(files[f], f) for f in stage["files"]),
                tuple(stage["offset"]),
            )
            for stage in given["stages"]
        )
        compared = [
            given.get(key) and comparison.from_json(BY_ANY_NAME, given[key])
            for key in ("peers", "reference")  # releases of before have no reference
        ]
        found = Combination(
            [current_name(n) for n in given["columns"]],
            tuple(given["typologies"]),
            stages,
            tuple(given["size_signals"]),
            tuple(current_name(n) for n in given["hidden"]),
            *compared,
        )
        require_inputs(found)
        return found

    return read(described["model"]), read(described["no_graph"])


def reference_as_json(reference: HonestReference) -> dict[str, list[float]]:
    """A reference set as a manifest holds it."""
    return {"raw": reference.raw.tolist(), "weight": reference.weight.tolist()}


def reference_from_json(given: dict[str, Any]) -> HonestReference:
    """Read a reference set as `reference_as_json` wrote it."""
    return HonestReference(
        np.array(given["raw"], dtype=np.float64), np.array(given["weight"], dtype=np.float64)
    )
