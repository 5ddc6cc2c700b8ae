"""Models of a night: champions, challengers, and which model is applicable to which entities."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from data_contracts.errors import ArtefactRefused, LakeProblem
from data_contracts.verification.published_run import PublishedRun
from features.declaration import ACCOUNT, OPERATOR, ORDER, SESSION, VIEW
from training.estimator.combination import MIN_ENTITIES
from training.release import artefact, store
from training.release.artefact import Released

LIVE_MODEL = "session_inflation_live"
MODEL_OF = {
    SESSION: "session_inflation",
    ORDER: "order_brushing",
    OPERATOR: "operator_rank",
    VIEW: "view_authenticity",
    ACCOUNT: "account_risk",
}
# A model taught with views says little of orders alone.
MIN_KNOWN_GAIN_SHARE = 0.5


def require_models(folder: Path) -> None:
    """Raise LakeProblem for a folder that has no model in service."""
    without = "leave --models out to score by the released prior"
    if not folder.is_dir():
        raise LakeProblem(f"{folder} is not a folder. Is its name right? Else {without}")
    pointer = folder / store.CHAMPIONS
    try:
        in_service = store.champions(folder)
    except ArtefactRefused as error:
        raise LakeProblem(f"the models in service cannot be read: {error}") from error
    if not in_service:
        raise LakeProblem(
            f"{pointer} names no model in service. Run: steelyard train LAKE --models {folder}, "
            f"or {without}"
        )


def own_models(manifest: dict[str, Any]) -> frozenset[str]:
    """Names of the models of a published night that are the platform's own, not the prior."""
    named: dict[str, dict[str, Any]] = manifest.get("models", {})
    return frozenset(
        name for name, m in named.items() if not str(m.get("version")).startswith(artefact.PRIOR)
    )


def load_champions(folder: Path | None) -> dict[str, Released]:
    """Champions of the nightly models; the released prior where a platform has none of its own.

    The live model is among them, because a night publishes its peers.
    """
    in_service = {} if folder is None else store.champions(folder)
    found: dict[str, Released] = {}
    for name in (*MODEL_OF.values(), LIVE_MODEL):
        if folder is not None and name in in_service:
            found[name] = artefact.load(folder, name)
        elif (prior := artefact.released_prior(name)) is not None:
            found[name] = prior
    return found


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
    previous_run: PublishedRun | None, folder: Path | None, champions: dict[str, Released]
) -> Released | None:
    """The operator model of the night before; None where it is no longer at hand.

    Parameters
    ----------
    previous_run
        The run of the night before.
    folder
        Folder of releases.
    champions
        Tonight's champions; the operator model among them is returned when it has not changed.
    """
    name = MODEL_OF[OPERATOR]
    version = (
        None
        if previous_run is None
        else previous_run.manifest["models"].get(name, {}).get("version")
    )
    if name in champions and champions[name].version == version:
        return champions[name]
    try:
        return artefact.load(folder, name, version) if version else None
    except ArtefactRefused:
        return None


def why_inapplicable(released: Released, compared: pd.DataFrame) -> str | None:
    """Why a model is not applied to entities with these signals; None where it is."""
    if not compared[released.columns].notna().any(axis=None):
        return "none of its signals is known here"
    if without_peers(released, len(compared)) and released.trees.reference is None:
        return f"{len(compared)} are too few to be compared; {MIN_ENTITIES} are needed"
    return None


def without_peers(released: Released, compared: int) -> bool:
    """Whether so few entities show no peers, and the model has none of its own."""
    return released.trees.peers is None and compared < MIN_ENTITIES


def applicable_model(
    champions: dict[str, Released],
    entity: str,
    compared: pd.DataFrame,
    say: Callable[[str], None],
) -> Released | None:
    """The model of one kind of entity, else the released prior, else None.

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
    released = champions.get(MODEL_OF.get(entity, ""))
    if released is None:
        return None
    name = released.model.name
    if not released.is_prior and released.known_gain_share(compared) < MIN_KNOWN_GAIN_SHARE:
        say(f"{entity} scores: most of what {name} was taught with is unknown; the prior is asked")
        released = artefact.released_prior(name) or released
    why = why_inapplicable(released, compared)
    if why is None:
        if without_peers(released, len(compared)):
            say(
                f"{entity} scores: {len(compared)} are fewer than {MIN_ENTITIES}; they are "
                "compared with honest entities of simulated platforms, not with one another"
            )
        return released
    say(f"{entity} scores: {name} is not asked: {why}")
    return None
