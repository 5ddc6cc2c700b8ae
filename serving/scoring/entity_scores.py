"""Signals → scores → reasons. Both doors call it; nothing here knows whether it is night."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from features.catalogue import BY_NAME, of_entity
from features.declaration import Signal
from features.peers.anomaly_score import anomaly_contributions
from features.posteriors.owner_pooling import log_odds, pooled, pooled_points, weighed_owners
from serving.policy.schema import NightPolicy
from serving.scoring.view_evidence import Looked
from training.release.artefact import Released

DEVIANCE = "deviance"


@dataclass(frozen=True)
class Beside:
    """What entities are compared and weighed with.

    `usual`: signals of all that are known, those that are judged among them; `owner`: whose each is, by entity, with those of whose others
    its probability is weighed (`features/posteriors/owner_pooling.py`; None: it is not); `known`: probabilities of further ones by their own signals, as
    nights before published them; `showed`: of operators, log-odds that their sessions and orders showed, index operator, a column a kind;
    `looked`: of sessions, what their single views say.
    """

    usual: pd.DataFrame
    owner: pd.Series | None = None
    known: pd.Series | None = None
    showed: pd.DataFrame | None = None
    looked: Looked | None = None

    def further(self) -> pd.Series:
        """Probabilities of those that are known from before alone."""
        return (
            pd.Series(dtype=float)
            if self.known is None
            else self.known[~self.known.index.isin(self.usual.index)]
        )


@dataclass(frozen=True)
class Peers:
    """Medians of each signal within strata (stratum → signal → median); the whole when a stratum is small."""

    medians: dict[str, dict[str, float]]
    overall: dict[str, float]
    stratum: dict[str, str]

    def of(self, entity: str, name: str) -> float | None:
        value = self.medians.get(self.stratum.get(entity, ""), self.overall)[name]
        value = self.overall[name] if np.isnan(value) else value
        return None if np.isnan(value) else float(value)


def peers_of(signals: pd.DataFrame, stratum: pd.Series | None, least: int = 20) -> Peers:
    """Peers' medians; `stratum` maps entity to a name such as its category."""
    stratum = pd.Series(dtype=object) if stratum is None else stratum
    labels = stratum.reindex(signals.index)
    sizes = labels.value_counts()
    large = labels.where(labels.isin(sizes[sizes >= least].index))
    medians = signals.groupby(large).median().to_dict("index")
    return Peers(
        {str(k): v for k, v in medians.items()},
        signals.median().to_dict(),
        labels.dropna().astype(str).to_dict(),
    )


def reason(name: str, value: float, peers: float | None, share: float) -> dict[str, Any]:
    """A reason in words with its evidence."""
    s = BY_NAME[name]
    return {
        "signal": name,
        "typology": s.typology,
        "value": round(float(value), 6),
        "unit": s.unit,
        "peers": None if peers is None else round(peers, 6),
        "share": round(float(share), 4),
        **s.reason(float(value), peers),
    }


@dataclass(frozen=True)
class Driver:
    """A signal that raises a score: its value, its peers' median and its share of all that do."""

    signal: Signal
    value: float
    median: float | None
    share: float


def drivers_of(
    columns: list[str],
    values: np.ndarray,
    contributions: np.ndarray,
    entity: str,
    peers: Peers,
) -> list[Driver]:
    """Signals that raise a score, the largest contribution first.

    Left out are unknown values, and values on the innocent side of their peers.
    """
    push = np.where(np.isfinite(values), np.clip(contributions, 0, None), 0.0)
    total = np.clip(contributions, 0, None).sum()
    found = []
    for j in np.argsort(-push, kind="stable"):
        if push[j] <= 0:
            break
        known, median = BY_NAME[columns[j]], peers.of(entity, columns[j])
        if not known.speaks_for(values[j], median):
            found.append(Driver(known, float(values[j]), median, push[j] / total))
    return found


def explained(drivers: list[Driver], most: int) -> list[dict[str, Any]]:
    """Reasons of the first drivers that speak against somebody (`Signal.speaks_against`, ADR-0120)."""
    against = [d for d in drivers if d.signal.speaks_against(d.value, d.median)]
    return [reason(d.signal.name, d.value, d.median, d.share) for d in against[:most]]


def mostly_about_orders(drivers: list[Driver]) -> bool:
    """Whether more than half of what raises a score is about orders, which somebody else may have placed."""
    shares = [round(float(d.share), 4) for d in drivers]
    by_orders = [
        x for x, d in zip(shares, drivers, strict=True) if d.signal.typology == "order_fraud"
    ]
    return sum(by_orders) > 0.5 * sum(shares)


def model_scores(
    released: Released, signals: pd.DataFrame, peers: Peers, policy: NightPolicy, beside: Beside
) -> pd.DataFrame:
    """Scores of a released model, with reasons for what will be shown (SHAP values of trees, Lundberg et al. 2020).

    `own_probability` is what the entity's own signals say, of sessions together with their single views; the change in log-odds is `by_views`.
    Index entity id; columns model, model_version, score, probability, own_probability, by_views, rank, reasons, unknown.
    """
    values = signals[released.columns].to_numpy()
    raw, own, probability = weighed(released, signals, beside)
    frame = _ranked(
        signals.index, released.model.name, released.version, 100.0 * probability, probability, raw
    )
    shown = (frame["rank"] <= policy.explain_top) | (frame["probability"] >= policy.explain_from)
    rows = np.flatnonzero(shown.to_numpy())
    contributions = (
        released.trees.contributions(values[rows])
        if len(rows)
        else np.zeros((0, len(released.columns)))
    )
    drivers = {
        frame.index[i]: drivers_of(released.columns, values[i], c, frame.index[i], peers)
        for i, c in zip(rows, contributions, strict=True)
    }
    frame = _with_reasons(frame, drivers, policy.reasons)
    by_views = (
        np.nan if beside.looked is None else log_odds(own) - log_odds(released.probability(raw))
    )
    return frame.assign(
        own_probability=own,
        by_views=by_views,
        unknown=_unknown(signals[released.columns], shown.to_numpy()),
    )


def weighed(
    released: Released, signals: pd.DataFrame, beside: Beside, which: str = "judged"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Raw scores of some entities among those that are usual, probabilities by their own signals (and single views, where those of
    sessions were looked at; `which` of them), and weighed with what is beside them. Shapes (n,).
    """
    usual, owner = beside.usual, beside.owner
    raw = released.raw(usual[released.columns].to_numpy()) if len(usual) else np.zeros(0)
    own = released.probability(raw)
    own = own if beside.looked is None else beside.looked.moved(own, usual.index, which)
    both, rows = own, usual.index.get_indexer(signals.index)
    if owner is not None:
        more = beside.further()
        both = pooled(
            np.append(own, more.to_numpy()), owner.reindex(usual.index.append(more.index))
        )
    if beside.showed is not None:
        both = weighed_owners(own, beside.showed.reindex(usual.index).to_numpy(dtype=float))
    return raw[rows], own[rows], both[rows]


def deviance_scores(
    signals: pd.DataFrame,
    entity: str,
    version: str,
    peers: Peers,
    policy: NightPolicy,
    beside: Beside,
) -> pd.DataFrame:
    """Unsupervised scores: how far an entity lies out among those that are usual, over all signals with a suspicious side.

    Needs no label and says nothing of probability. Columns as those of `model_scores`.
    """
    known = [s.name for s in of_entity(entity) if s.name in signals.columns]
    everyone, owner = beside.usual[known], beside.owner
    points = anomaly_contributions(everyone, BY_NAME, entity)
    total = points.sum(axis=1).to_numpy() if points.shape[1] else np.zeros(len(everyone))
    rows = everyone.index.get_indexer(signals.index)
    key = (total if owner is None else pooled_points(total, owner.reindex(everyone.index)))[rows]
    points, total = points.iloc[rows], total[rows]
    score, unknown = (
        100.0 * (1.0 - np.exp(-np.maximum(key, 0.0) / 6.0)),
        np.full(len(signals), np.nan),
    )
    frame = _ranked(signals.index, DEVIANCE, version, score, unknown, key)
    shown = ((frame["rank"] <= policy.explain_top) & (frame["score"] > 0)).to_numpy()
    drivers = {}
    for i in np.flatnonzero(shown):
        row, one = points.iloc[i], frame.index[i]
        drivers[one] = [
            Driver(BY_NAME[n], signals.at[one, n], peers.of(one, n), v / total[i])
            for n, v in row[row > 0].sort_values(ascending=False, kind="stable").items()
        ]
    frame = _with_reasons(frame, drivers, policy.reasons)
    return frame.assign(
        own_probability=unknown, by_views=unknown, unknown=_unknown(signals[known], shown)
    )


def _with_reasons(frame: pd.DataFrame, drivers: dict[str, list[Driver]], most: int) -> pd.DataFrame:
    """Scores with their reasons as JSON, and whether their first drivers are mostly about orders."""
    said = {k: json.dumps(explained(d, most), ensure_ascii=False) for k, d in drivers.items()}
    by_orders = {k: mostly_about_orders(d[:most]) for k, d in drivers.items()}
    return frame.assign(
        reasons=pd.Series(said, dtype=object).reindex(frame.index),
        mostly_orders=pd.Series(by_orders, dtype=object).reindex(frame.index).eq(True),
    )


def _ranked(
    index: pd.Index,
    model: str,
    version: str,
    score: np.ndarray,
    probability: np.ndarray,
    key: np.ndarray,
) -> pd.DataFrame:
    """Ranks by score, where calibration made equal by the raw key, ties by entity id."""
    order = np.lexsort((index.to_numpy().astype(str), -key, -score))
    rank = np.empty(len(index), dtype=np.int64)
    rank[order] = np.arange(1, len(index) + 1)
    return pd.DataFrame(
        {
            "model": model,
            "model_version": version,
            "score": score,
            "probability": probability,
            "rank": rank,
        },
        index=index,
    )


def _unknown(signals: pd.DataFrame, shown: np.ndarray) -> pd.Series:
    """Names of the signals that are unknown for each shown entity, as JSON."""
    missing = signals.isna().to_numpy()
    names = np.array(signals.columns)
    texts = [
        json.dumps(names[missing[i]].tolist()) if shown[i] else None for i in range(len(signals))
    ]
    return pd.Series(texts, index=signals.index, dtype=object)
