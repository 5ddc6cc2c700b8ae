"""Scores of a night: signals of one kind of entity, what its models say of them, and which models those are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from data_contracts.errors import ArtefactRefused
from data_contracts.lake import Lake
from features import catalogue
from features.declaration import OPERATOR, ORDER, SESSION, VIEW
from features.engine.compute import compute
from features.engine.snapshot import Snapshot
from features.peers.baseline_fit import MIN_PEERS
from features.posteriors import owner_pooling
from features.posteriors.owner_pooling import log_odds, shifted
from features.signals.peer_deviation import signals_of
from serving.policy.schema import Policy
from serving.scoring import entity_scores, scope
from serving.scoring.view_evidence import look, worth_looking
from training.release import artefact
from training.release.artefact import Released

MODEL_OF = {
    SESSION: "session_inflation",
    ORDER: "order_brushing",
    OPERATOR: "operator_rank",
    VIEW: "view_authenticity",
}
VIEWS = "view_fraud"  # what single views tell of
# what is asked where a model is not: counters by minute were delivered, single views not
STANDS_IN = {"session_inflation": "session_inflation_live"}
KNOWN = 0.5  # share of what a model goes by that has to be known; one that was taught with views says little of orders alone
Say = Callable[[str], None]


@dataclass(frozen=True)
class Scored:
    """Signals and scores of one kind of entity; `main` is the model that decisions follow.

    `kinds`: probability of each typology that it tells apart, index entity; without columns where it tells none apart.
    `beside`: what they are compared and weighed with; `released`: the model so compared, None where none was asked.
    """

    signals: pd.DataFrame
    scores: pd.DataFrame
    main: str
    peers: entity_scores.Peers
    kinds: pd.DataFrame
    beside: entity_scores.Beside
    released: Released | None = None

    @property
    def judged(self) -> pd.DataFrame:
        """Scores of the model that decisions follow."""
        return self.scores[self.scores["model"] == self.main]

    def probability(self) -> pd.Series:
        return self.judged["probability"]

    @cached_property
    def by_own_signals(self) -> pd.Series:
        """Probabilities by their own signals and views of all that are compared and of those known from before: index entity, sorted; none
        without a model."""
        if self.released is None:
            return pd.Series(dtype=float)
        rows, known = self.judged["own_probability"], self.beside.further()
        others = self.beside.usual[~self.beside.usual.index.isin(rows.index)]
        more = pd.Series(
            entity_scores.weighed(self.released, others, self.beside)[1] if len(others) else [],
            others.index,
            dtype=float,
        )
        return pd.concat(
            [part for part in (rows, more, known) if len(part)] or [known]
        ).sort_index()

    @cached_property
    def shown(self) -> pd.DataFrame:
        """What those that have owners showed of them (`pooling.shown`): index operator; nothing without a model."""
        return owner_pooling.shown(self.by_own_signals.to_numpy(), self._owners())

    @cached_property
    def worst(self) -> pd.DataFrame:
        """Of each owner the session most probably inflated by its own signals and views: index operator; worst_session, worst_probability.

        Nothing where no single view was looked at: by counters alone no session is held inflated beyond doubt.
        """
        if self.beside.looked is None:
            return pd.DataFrame(
                {
                    "worst_session": pd.Series(dtype=object),
                    "worst_probability": pd.Series(dtype=float),
                }
            )
        of = self.by_own_signals.groupby(self._owners().to_numpy())
        return pd.DataFrame({"worst_session": of.idxmax(), "worst_probability": of.max()})

    def _owners(self) -> pd.Series:
        """Whose each of those is of which something is known, in the order of `by_own_signals`."""
        return (
            pd.Series(dtype=object)
            if self.beside.owner is None
            else self.beside.owner.reindex(self.by_own_signals.index)
        )

    def by_all_views(self) -> pd.Series:
        """Probability of each having false views, those of buyers among them, by whom no verdict on a session is meant; where they were looked at."""
        assert self.released is not None
        found = entity_scores.weighed(self.released, self.signals, self.beside, "all")[2]
        return pd.Series(found, index=self.signals.index)

    def moved_by(self) -> pd.Series:
        """Log-odds by which each was moved from what its own signals say, by entity; nothing where no model gave a probability."""
        return (
            log_odds(self.judged["probability"]) - log_odds(self.judged["own_probability"])
        ).fillna(0.0)


def operators_shown(scored: dict[str, Scored]) -> pd.DataFrame | None:
    """What sessions and orders of each operator showed of it, in log-odds: index operator, a column a kind; None where no model judged any."""
    found = {
        e: s.shown["log_odds"]
        for e, s in scored.items()
        if s.beside.owner is not None and s.released is not None
    }
    return pd.DataFrame(found) if found else None


def load_models(models: Path | None) -> dict[str, Released]:
    """Champions of the nightly models and of those that stand in for them; none where nothing was released."""
    if models is None:
        return {}
    in_service = artefact.champions(models)
    return {
        name: artefact.load(models, name)
        for name in (*MODEL_OF.values(), *STANDS_IN.values())
        if name in in_service
    }


def shadows(models: Path | None, champions: dict[str, Released]) -> dict[str, Released]:
    """Challengers of the models in service, which score beside them and decide nothing."""
    if models is None:
        return {}
    return {
        name: artefact.load(models, name, v)
        for name, v in artefact.challengers(models).items()
        if name in champions
    }


def shadow_scores(scored: dict[str, Scored], challengers: dict[str, Released]) -> pd.DataFrame:
    """What challengers say of the night's entities, weighed as the champions' is: rows of their contract less the run's stamp."""
    parts = []
    for entity, s in scored.items():
        if s.main in challengers:
            c = challengers[s.main]
            raw, _own, probability = entity_scores.weighed(
                c.among(s.beside.usual), s.signals, s.beside
            )
            rank = np.empty(len(raw), dtype=np.int64)
            rank[np.lexsort((-raw, -probability))] = np.arange(1, len(raw) + 1)
            named = {
                "entity_kind": entity,
                "entity_id": s.signals.index,
                "model": s.main,
                "model_version": c.version,
            }
            parts.append(pd.DataFrame({**named, "probability": probability, "rank": rank}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def model_before(lake: Lake, before: str | None, name: str) -> str | None:
    """Version of a model that decided the night before."""
    if before is None:
        return None
    return (
        json.loads((lake.run(before) / "manifest.json").read_text("utf-8"))["models"]
        .get(name, {})
        .get("version")
    )


def ranker_before(
    lake: Lake, before: str | None, models_folder: Path | None, models: dict[str, Released]
) -> Released | None:
    """The ranker of the night before, tonight's where it is the same; None where it is not at hand any more."""
    name = MODEL_OF[OPERATOR]
    version = model_before(lake, before, name)
    if name in models and models[name].version == version:
        return models[name]
    try:
        return artefact.load(models_folder, name, version) if version and models_folder else None
    except ArtefactRefused:
        return None


def unfit(released: Released, usual: pd.DataFrame) -> str | None:
    """Why a model is not asked about entities with these signals; None where it is."""
    if len(usual) and released.known(usual) < KNOWN:
        return "most of what it was taught with is unknown here"
    if len(usual) < MIN_PEERS and released.trees.unlike(usual[released.columns].to_numpy()):
        return "this is not what it was taught on, and too few are here to compare with"
    return None


def asked(
    models: dict[str, Released], entity: str, usual: pd.DataFrame, say: Say
) -> Released | None:
    """The model that is asked of one kind of entity with these signals: its own, else the one that stands in for it, else none."""
    name = MODEL_OF.get(entity)
    while name is not None:
        if name in models:
            why = unfit(models[name], usual)
            if why is None:
                return models[name]
            say(f"{entity} scores: {name} is not asked, for {why}")
        name = STANDS_IN.get(name)
    return None


def score_entity(
    tables: Snapshot,
    entity: str,
    only: list[str] | None,
    models: dict[str, Released],
    policy: Policy,
    say: Say,
    others: list[str] | None = None,
    known: pd.Series | None = None,
    showed: pd.DataFrame | None = None,
) -> Scored:
    """Signals and scores of one kind of entity, by its champion where there is one and by deviance always.

    `others`: entities of other nights that tonight's are compared with too; nothing is said of them. `known` and `showed`: as of `Beside`.
    """
    wanted = only if only is None else [*only, *(others or [])]

    def step(name: str) -> None:
        say(f"{entity} signals: {name}")

    usual = signals_of(tables, catalogue.of_entity(entity), entity, wanted, step)
    if (
        entity == OPERATOR and usual.empty
    ):  # where only counters are public nothing is known of operators but who they are
        usual = compute(tables, catalogue.of_entity(entity), entity, scope.operators_named(tables))
    signals = usual[~usual.index.isin(others)] if others else usual
    everyone = usual.index if known is None else usual.index.union(known.index)
    owner = scope.owners_of(tables, entity, everyone) if entity in scope.OWNED else None
    beside = entity_scores.Beside(usual, owner, known, showed)
    peers = entity_scores.peers_of(signals, categories_of(tables, entity))
    by_view = models.get(MODEL_OF[VIEW]) if entity == SESSION and "views" in tables else None
    say(f"{entity} scores")
    parts = [
        entity_scores.deviance_scores(
            signals, entity, catalogue.digest()[:12], peers, policy.night, beside
        )
    ]
    main, kinds = entity_scores.DEVIANCE, pd.DataFrame(index=signals.index)
    released = asked(models, entity, usual, say)
    if released is not None:
        released = released.among(usual)
        if by_view is not None:
            say("views")
            alone = pd.Series(entity_scores.weighed(released, usual, beside)[2], index=usual.index)
            beside = replace(
                beside,
                looked=look(
                    tables, by_view, alone[worth_looking(usual["view_count"], signals.index)]
                ),
            )
        parts.append(entity_scores.model_scores(released, signals, peers, policy.night, beside))
        main = released.model.name
        kinds = kinds_of(released, signals, parts[-1])
    return Scored(signals, pd.concat(parts), main, peers, kinds, beside, released)


def kinds_of(released: Released, signals: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Probability of each typology that a model tells apart, index entity. What single views said is said of views alone."""
    by_views, most = scores["by_views"].fillna(0.0).to_numpy(), scores["probability"].to_numpy()
    told = released.by_typology(signals[released.columns].to_numpy(), shifted(most, -by_views))
    found = {
        name: np.minimum(shifted(p, by_views) if name == VIEWS else p, most)
        for name, p in told.items()
    }
    return pd.DataFrame(found, index=signals.index)


def categories_of(tables: Snapshot, entity: str) -> pd.Series | None:
    """Entity → category, the first stratum of peers."""
    if entity == SESSION and "sessions" in tables:
        frame = (
            tables["sessions"].select("session_id", "category").to_pandas().set_index("session_id")
        )
    elif entity == OPERATOR and "operators" in tables:
        frame = (
            tables["operators"]
            .select("operator_id", "category")
            .to_pandas()
            .set_index("operator_id")
        )
    elif entity == ORDER and "operators" in tables and "orders" in tables:
        o = (
            tables["orders"]
            .select("order_id", "operator_id")
            .join(tables["operators"].select("operator_id", "category"), "operator_id")
        )
        frame = o.select("order_id", "category").to_pandas().set_index("order_id")
    else:
        return None
    return frame["category"].astype(object)


def long_rows(known: dict[str, pd.DataFrame], entities: int = 20_000) -> Iterator[pd.DataFrame]:
    """Known values of signals by kind of entity as rows of the `signals` contract, sorted by its key, so many entities at a time."""
    for kind in sorted(known):
        whole = known[kind].sort_index(axis=1)
        for start in range(0, len(whole), entities):
            signals = whole.iloc[start : start + entities]
            values = signals.to_numpy()
            i, j = np.nonzero(np.isfinite(values))
            columns = {
                "entity_id": signals.index.to_numpy()[i],
                "signal": signals.columns.to_numpy()[j],
                "value": values[i, j],
            }
            yield pd.DataFrame({"entity_kind": kind, **columns})
