"""A small release, made from the shipped prior without training."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from features import catalogue
from training.models.registry import BY_NAME
from training.release import store
from training.release.artefact import released_prior
from training.release.serialisation import release_texts

NAME = "operator_rank"
ENTITIES, GOLDEN_ROWS = 120, 8


def write_small_release(models: Path) -> str:
    """Release the prior's trees with peers that are drawn; returns the version."""
    prior = released_prior(NAME)
    assert prior is not None
    rng = np.random.default_rng(5)
    values = rng.gamma(2.0, 1.0, (ENTITIES, len(prior.columns)))
    trees = prior.trees.rebased_on(values)
    no_graph = replace(trees, hidden=BY_NAME[NAME].graph_columns())
    rows = values[:GOLDEN_ROWS]
    golden = {"rows": rows.tolist(), "raw": trees.raw(rows).tolist()}
    texts = release_texts(trees, no_graph)
    texts |= {"golden.json": json.dumps(golden), store.CARD: "# a card\n"}
    calibration = prior.calibration
    manifest = {
        "name": NAME,
        "signals": trees.columns,
        "calibration": {"raw": calibration.raw, "probability": calibration.probability},
        "reference_set": {"raw": [0.0, 1.0], "weight": [1.0, 1.0]},
        "catalogue_sha256": catalogue.digest(),
        "run_id": "drawn",
    }
    version = store.write_release(models, texts, manifest)
    store.set_champion(models, NAME, version)
    return version
