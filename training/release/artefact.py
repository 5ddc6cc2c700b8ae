"""A released model in memory, checked while it is loaded.

A release holds the trees of each stage and typology (LightGBM's text format), trees.json (signals,
typologies, peers), golden.json, card.md and manifest.json. Before a file is parsed its digest is
checked, the version is computed again from the manifest, and the manifest is held against the
pointer (ADR-0231).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data_contracts.errors import ArtefactRefused
from features.peers.comparison import Comparison
from training.declaration import Model
from training.estimator.calibration import Calibration
from training.estimator.combination import Combination
from training.estimator.conformal import HonestReference
from training.estimator.prior import load_prior
from training.models.registry import BY_NAME
from training.release.serialisation import read_trees, reference_from_json
from training.release.store import (
    MANIFEST,
    SHIPPED_PRIOR,
    VERSION,
    champions,
    pinned_manifest,
)
from training.release.verification import read_manifest, verified_texts

PRIOR = "prior-"  # begins the version of a prior


@dataclass(frozen=True)
class Released:
    """A released model, or the prior: its trees, its no-graph control, calibration and manifest."""

    model: Model
    version: str
    trees: Combination
    no_graph: Combination
    calibration: Calibration
    manifest: dict[str, Any]

    @property
    def columns(self) -> list[str]:
        """Names of the signals that it reads, in order."""
        return self.trees.columns

    @property
    def is_prior(self) -> bool:
        """Whether no verdict of this platform has taught it."""
        return self.version.startswith(PRIOR)

    def rebased_on(self, signals: pd.DataFrame, owner: pd.Series | None = None) -> Released:
        """Return the same release, compared with the entities of a night.

        Parameters
        ----------
        signals
            Signals of the night's entities, index entity id.
        owner
            Operator of each, by entity id; None for entities without one.
        """
        values = signals[self.columns].to_numpy()
        named = None if owner is None else owner.reindex(signals.index).to_numpy(dtype=object)
        return replace(self, trees=self.trees.rebased_on(values, named))

    def with_peers(self, peers: Comparison | None) -> Released:
        """Return the same release with given peers; unchanged if they do not fit."""
        if peers is None or list(peers.columns) != self.trees.columns:
            return self
        return replace(self, trees=replace(self.trees, peers=peers))

    def known_gain_share(self, signals: pd.DataFrame) -> float:
        """Fraction of the trees' gain carried by signals that have any value here, 0 to 1."""
        gain = self.trees.gain()
        mine = {c: gain[c] for c in self.columns}
        known = sum(g for c, g in mine.items() if signals[c].notna().any())
        return known / max(sum(mine.values()), 1e-12)

    def raw(self, values: np.ndarray, owner: np.ndarray | None = None) -> np.ndarray:
        """Raw scores, shape (n,); `values` float64 of shape (n, signals) in the columns' order.

        `owner` names the operator of each entity, shape (n,), where operators are known.
        """
        return self.trees.raw(values, owner)

    def probability(self, raw: np.ndarray) -> np.ndarray:
        """Calibrated probabilities of raw scores, shape (n,)."""
        return self.calibration(raw)

    def by_typology(
        self, values: np.ndarray, probability: np.ndarray, owner: np.ndarray | None = None
    ) -> dict[str, np.ndarray]:
        """Probability of each typology, at most that of any; empty for a single ensemble.

        Parameters
        ----------
        values, owner
            As of `raw`.
        probability
            Probability of any typology, shape (n,).
        """
        names = self.trees.typologies
        if len(names) < 2:
            return {}
        shares = np.zeros((0, len(names)))
        if len(values):
            shares = self.trees.typology_shares(values, owner)
        return {name: probability * np.minimum(shares[:, j], 1.0) for j, name in enumerate(names)}

    @property
    def reference_set(self) -> HonestReference:
        """Reference set of its conformal p-values."""
        return reference_from_json(self.manifest["reference_set"])


def released_prior(name: str) -> Released | None:
    """The prior of a model as a release; None where none is shipped for it."""
    prior, model = load_prior(name), BY_NAME[name]
    if prior is None:
        return None
    unknown = dict.fromkeys(("run_id", "revision", "data_sha256", "until"))
    reference: dict[str, Any] = {"reference_set": {"raw": [], "weight": []}}
    manifest = unknown | prior.manifest | reference | {"name": name}
    trees = prior.combination
    hidden = replace(trees, hidden=model.graph_columns())
    return Released(model, prior.version, trees, hidden, prior.calibration, manifest)


def _prior_of_version(name: str, version: str) -> Released:
    """The shipped prior of a model where it has a version."""
    prior = released_prior(name)
    if prior is None or prior.version != version:
        shipped = "none" if prior is None else prior.version
        raise ArtefactRefused(
            f"{name}: {version} is wanted, and this package ships {shipped}. "
            "Install the version of steelyard that shipped it."
        )
    return prior


def load(folder: Path | None, name: str, version: str | None = None) -> Released:
    """Load a release, the champion unless a version is named.

    Parameters
    ----------
    folder
        The folder of all releases; None for a version of the shipped prior.
    name
        A model's name.
    version
        A version of it.

    Raises
    ------
    ArtefactRefused
        There is no such release, a file does not match its digest or the manifest its version and
        pointer, it has another format or catalogue than this code, or its golden rows are not
        reproduced.
    """
    if version is not None and version.startswith(PRIOR):
        return _prior_of_version(name, version)
    if folder is None:
        raise ArtefactRefused(f"{name}: name the folder of releases. Pass --models")
    version = version or champions(folder).get(name)
    if version == SHIPPED_PRIOR and name in BY_NAME and (prior := released_prior(name)):
        return prior
    if name not in BY_NAME or version is None or not VERSION.fullmatch(version):
        raise ArtefactRefused(
            f"{folder} has no released {name}. Run: steelyard train LAKE --models {folder}"
        )
    place = folder / name / version
    if not (place / MANIFEST).exists():
        raise ArtefactRefused(
            f"{folder} has no released {name}. Run: steelyard train LAKE --models {folder}"
        )
    try:
        return _load(place, BY_NAME[name], pinned_manifest(folder, name, version))
    except (LookupError, TypeError, ValueError, AttributeError, OSError, RecursionError) as error:
        raise ArtefactRefused(
            f"{place}: it is not what a training writes ({type(error).__name__}: {error}). "
            "Restore it from a copy, or train and release again."
        ) from error


def _load(place: Path, model: Model, pinned: str | None) -> Released:
    """Read a release and verify it; errors of its content are named by `load`."""
    manifest = read_manifest(place, pinned)
    texts = verified_texts(place, manifest, model)
    trees = read_trees(texts)
    if trees[0].columns != manifest["signals"]:
        raise ArtefactRefused(
            f"{place}: trees.json and manifest.json name other signals. "
            "Restore both from a copy, or train and release again."
        )
    calibration = Calibration(
        tuple(manifest["calibration"]["raw"]), tuple(manifest["calibration"]["probability"])
    )
    released = Released(model, place.name, *trees, calibration, manifest)
    golden = json.loads(texts["golden.json"])
    rows = np.array(
        [[np.nan if v is None else v for v in row] for row in golden["rows"]], dtype=float
    )
    if not np.array_equal(released.raw(rows), np.array(golden["raw"])):
        raise ArtefactRefused(
            f"{place}: golden rows are not reproduced bit for bit. The LightGBM here differs from "
            "the one that trained it. Install that version, or train and release again."
        )
    return released
