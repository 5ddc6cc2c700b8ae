"""Models of a night: champions, challengers, and which model is applicable to which entities."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from data_contracts.errors import ArtefactRefused
from features.declaration import OPERATOR, ORDER, SESSION, VIEW
from features.peers.baseline_fit import MIN_PEERS
from training.release import artefact, store
from training.release.artefact import Released

MODEL_OF = {
    SESSION: "session_inflation",
    ORDER: "order_brushing",
    OPERATOR: "operator_rank",
    VIEW: "view_authenticity",
}
# Public counters by minute are often delivered where single views are not.
SUBSTITUTE_OF = {"session_inflation": "session_inflation_live"}
# A model taught with views says little of orders alone.
MIN_KNOWN_GAIN_SHARE = 0.5


def load_champions(folder: Path | None) -> dict[str, Released]:
    """Champions of the nightly models and of their substitutes; none without a folder."""
    if folder is None:
        return {}
    in_service = store.champions(folder)
    return {
        name: artefact.load(folder, name)
        for name in (*MODEL_OF.values(), *SUBSTITUTE_OF.values())
        if name in in_service
    }


def load_challengers(folder: Path | None, champions: dict[str, Released]) -> dict[str, Released]:
    """Challengers of the champions. They score in the shadow and decide nothing (ADR-0039)."""
    if folder is None:
        return {}
    return {
        name: artefact.load(folder, name, version)
        for name, version in store.challengers(folder).items()
        if name in champions
    }


def replaced_ranker(
    previous_run: Path | None, folder: Path | None, champions: dict[str, Released]
) -> Released | None:
    """The operator model of the night before; None where it is no longer at hand.

    Parameters
    ----------
    previous_run
        Folder of the run of the night before.
    folder
        Folder of releases.
    champions
        Tonight's champions; the operator model among them is returned when it has not changed.
    """
    name = MODEL_OF[OPERATOR]
    version = None if previous_run is None else _version_in_run(previous_run, name)
    if name in champions and champions[name].version == version:
        return champions[name]
    try:
        return artefact.load(folder, name, version) if version and folder else None
    except ArtefactRefused:
        return None


def _version_in_run(folder: Path, name: str) -> str | None:
    """Version of a model that a published run was scored by."""
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    return manifest["models"].get(name, {}).get("version")


def why_inapplicable(released: Released, compared: pd.DataFrame) -> str | None:
    """Why a model is not applied to entities with these signals; None where it is."""
    if len(compared) and released.known_gain_share(compared) < MIN_KNOWN_GAIN_SHARE:
        return "most of what it was taught with is unknown here"
    if len(compared) < MIN_PEERS and released.trees.has_shifted(
        compared[released.columns].to_numpy()
    ):
        return "this is not what it was taught on, and too few are here to compare with"
    return None


def applicable_model(
    champions: dict[str, Released],
    entity: str,
    compared: pd.DataFrame,
    say: Callable[[str], None],
) -> Released | None:
    """The model of one kind of entity, else its substitute, else None.

    Parameters
    ----------
    champions
        Releases by model name.
    entity
        Kind of entity.
    compared
        Signals of the compared entities.
    say
        Called with the reason for each model that is not applicable.
    """
    name = MODEL_OF.get(entity)
    while name is not None:
        if name in champions:
            why = why_inapplicable(champions[name], compared)
            if why is None:
                return champions[name]
            say(f"{entity} scores: {name} is not asked, for {why}")
        name = SUBSTITUTE_OF.get(name)
    return None
