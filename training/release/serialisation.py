"""Trees and reference sets as text: LightGBM's text format and JSON. Nothing is pickled."""

from __future__ import annotations

import json
from typing import Any

import lightgbm as lgb
import numpy as np

from features.former_names import BY_ANY_NAME
from features.peers import baseline
from training.estimator.conformal import HonestReference
from training.estimator.ensemble import Trees

FORMAT = 2  # of the files of a release; a change of their keys or of their meaning raises it
PEERS_FILE = "peers.json"
SETTINGS = ("use_raw_values", "anomaly_weight", "logit_floor", "rarity_weight")


def release_texts(trees: Trees, no_graph: Trees) -> dict[str, str]:
    """Files of a model's trees and of its no-graph control's, by name."""
    named = {"model": trees, "no_graph": no_graph}
    peers = {
        name: {"peers": t.peers and t.peers.as_json(), "typologies": list(t.typologies)}
        | {key: getattr(t, key) for key in SETTINGS}
        for name, t in named.items()
    }
    return {
        "model.txt": trees.booster.model_to_string(),
        "no_graph.txt": no_graph.booster.model_to_string(),
        PEERS_FILE: json.dumps(peers, sort_keys=True),
    }


def read_trees(
    files: dict[str, str], columns: list[str], no_graph_columns: list[str]
) -> tuple[Trees, Trees]:
    """Read trees as `release_texts` wrote them.

    The caller has checked digests: LightGBM aborts the process on text that is not its own.
    """
    peers_of = json.loads(files[PEERS_FILE])

    def read(name: str, signals: list[str]) -> Trees:
        given = peers_of[name]
        return Trees(
            lgb.Booster(model_str=files[f"{name}.txt"]),
            signals,
            None if given["peers"] is None else baseline.from_json(BY_ANY_NAME, given["peers"]),
            tuple(given["typologies"]),
            **{key: given[key] for key in SETTINGS},
        )

    return read("model", columns), read("no_graph", no_graph_columns)


def reference_as_json(reference: HonestReference) -> dict[str, list[float]]:
    """A reference set as a manifest holds it."""
    return {"raw": reference.raw.tolist(), "weight": reference.weight.tolist()}


def reference_from_json(given: dict[str, Any]) -> HonestReference:
    """Read a reference set as `reference_as_json` wrote it."""
    return HonestReference(
        np.array(given["raw"], dtype=np.float64), np.array(given["weight"], dtype=np.float64)
    )
