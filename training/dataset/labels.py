"""Labels: verdicts of people, as far as they were known at the training date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pandas as pd

from features.declaration import OPERATOR, ORDER, SESSION
from features.engine.snapshot import Snapshot
from training.declaration import Model

Weigh = Callable[[pd.DataFrame, str], pd.DataFrame]

# Below it, single wrong verdicts explain an operator's confirmed verdicts.
MIN_CONFIRMED_SHARE = 0.1
VERDICT_WINDOW = timedelta(days=14)  # before a verdict on an operator, that it is about


def verdicts(tables: Snapshot, kind: str, typologies: tuple[str, ...]) -> pd.DataFrame:
    """Latest verdict of each entity of a kind.

    An appeal that overturned a verdict is later than it, so it counts.

    Returns
    -------
    pandas.DataFrame
        Index entity_id; columns confirmed (0 or 1), typology, and audited (bool): whether any
        verdict came from the random audit.
    """
    if "outcomes" not in tables:
        return pd.DataFrame(
            {"confirmed": [], "typology": [], "audited": []}, index=pd.Index([], name="entity_id")
        )
    o = tables["outcomes"]
    o = o.filter((o.entity_kind == kind) & o.typology.isin(typologies)).to_pandas()
    o = o.sort_values(["entity_id", "decided_at", "source"])
    grouped = o.groupby("entity_id")
    return pd.DataFrame(
        {
            "confirmed": (grouped["verdict"].last() == "confirmed").astype(int),
            "typology": grouped["typology"].last(),
            "audited": grouped["source"].agg(lambda s: (s == "random_audit").any()).astype(bool),
        }
    )


def entity_moments(tables: Snapshot, kind: str) -> pd.DataFrame:
    """Receipt and operator of each session or order: index entity_id; received_at, operator_id."""
    table = tables["sessions" if kind == SESSION else "orders"]
    frame = table.select(
        entity_id=f"{kind}_id", received_at="received_at", operator_id="operator_id"
    ).to_pandas()
    return frame.set_index("entity_id")


def operator_verdicts(
    tables: Snapshot,
    model: Model,
    since: pd.Timestamp,
    until: pd.Timestamp,
    weigh: Weigh = lambda labels, _kind: labels,
) -> pd.DataFrame:
    """Operators with verdicts on themselves, their sessions or orders, received in [since, until).

    Hostile brushing is not counted. A verdict on the operator counts instead of those of its
    typology on sessions and orders. It is about the window before it (ADR-0065).

    Parameters
    ----------
    tables, model
        What is known, and the model whose typologies count.
    since, until
        Receipt of the sessions and orders.
    weigh
        Gives labels of a kind a column `weight` where verdicts on appeals have one (ADR-0291).

    Returns
    -------
    pandas.DataFrame
        Index entity_id; columns confirmed (0 or 1: confirmed itself, or at least one confirmed
        verdict and more than wrong verdicts explain), typology (empty), audited and accused
        (bool: any confirmed verdict). With a verdict that has a weight also `weight`, the mean over
        an operator's verdicts.
    """
    parts = []
    for kind in (SESSION, ORDER):
        table = "sessions" if kind == SESSION else "orders"
        if table not in tables:
            continue
        when = entity_moments(tables, kind)
        when = when[(when["received_at"] >= since) & (when["received_at"] < until)]
        mine = verdicts(tables, kind, model.typologies).join(when, how="inner")
        parts.append(weigh(mine, kind))
    rows = (
        pd.concat(parts)
        if parts
        else pd.DataFrame(columns=["confirmed", "typology", "audited", "operator_id"])
    )
    direct = _direct_verdicts(tables, model, since, until)
    judged = set(zip(direct["operator_id"], direct["typology"], strict=True))
    instead = [k in judged for k in zip(rows["operator_id"], rows["typology"], strict=True)]
    rows = rows.assign(counted=~np.array(instead, dtype=bool), direct=False)
    rows = pd.concat([rows, direct.assign(counted=True, direct=True)], ignore_index=True)
    rows = rows.assign(confirmed=rows["confirmed"].astype(int))
    every = rows.groupby("operator_id")
    mine = rows[rows["direct"]].groupby("operator_id")["confirmed"].max()
    counted = rows[rows["counted"] & ~rows["direct"]]
    grouped = counted.groupby("operator_id")["confirmed"]
    found, share = grouped.sum(), grouped.mean()
    if "weight" in rows:
        share = _weighted_share(counted)
    guilty = ((found >= 1) & (share >= MIN_CONFIRMED_SHARE)).reindex(every.size().index)
    by_itself = mine.reindex(guilty.index).fillna(0).astype(int)
    labels = pd.DataFrame(
        {
            "confirmed": np.maximum(guilty.fillna(False).astype(int), by_itself),
            "typology": "",
            "audited": every["audited"].any().astype(bool),
            "accused": every["confirmed"].sum() >= 1,
        }
    ).rename_axis("entity_id")
    if "weight" not in rows:
        return labels
    weight = rows.assign(weight=rows["weight"].fillna(1.0)).groupby("operator_id")["weight"]
    return labels.assign(weight=weight.mean())


def _weighted_share(counted: pd.DataFrame) -> pd.Series:
    """Share of confirmed verdicts by weight, of each operator."""
    weight = counted["weight"].fillna(1.0)
    both = pd.DataFrame({"all": weight, "confirmed": weight * counted["confirmed"]})
    total = both.groupby(counted["operator_id"]).sum()
    return total["confirmed"] / total["all"].clip(lower=np.finfo(float).tiny)


def _direct_verdicts(
    tables: Snapshot, model: Model, since: pd.Timestamp, until: pd.Timestamp
) -> pd.DataFrame:
    """Latest verdict of each typology on operators, whose window meets [since, until)."""
    columns = ["operator_id", "typology", "confirmed", "audited"]
    if "outcomes" not in tables:
        return pd.DataFrame(columns=columns)
    o = tables["outcomes"]
    o = o.filter((o.entity_kind == OPERATOR) & o.typology.isin(model.typologies)).to_pandas()
    decided = o["decided_at"]
    o = o[(decided > since) & (decided - VERDICT_WINDOW < until)]
    o = o.sort_values(["entity_id", "typology", "decided_at", "source"])
    grouped = o.groupby(["entity_id", "typology"])
    found = pd.DataFrame(
        {
            "confirmed": (grouped["verdict"].last() == "confirmed").astype(int),
            "audited": grouped["source"].agg(lambda s: (s == "random_audit").any()).astype(bool),
        }
    ).reset_index()
    return found.rename(columns={"entity_id": "operator_id"})[columns]


def prevalence(labels: pd.DataFrame) -> float:
    """Share of confirmed among the randomly audited, with one pseudo-count a side.

    No other sample is free of selection. NaN without an audit.
    """
    audited = labels["audited"].to_numpy(dtype=bool)
    if not audited.any():
        return float("nan")
    weight, confirmed = row_weights(labels)[audited], labels["confirmed"].to_numpy()[audited]
    return float(((weight * confirmed).sum() + 1.0) / (weight.sum() + 2.0))


def weights(labels: pd.DataFrame) -> np.ndarray:
    """Weights that bring the labelled sample to the audited prevalence, shape (n,).

    Without an audit all rows weigh the same, and probabilities hold for examined entities only.
    """
    weight = row_weights(labels)
    if not weight.sum() > 0:
        return weight
    rate, labelled = prevalence(labels), float(np.average(labels["confirmed"], weights=weight))
    if not np.isfinite(rate) or not 0 < labelled < 1:
        return weight
    return weight * np.where(labels["confirmed"] == 1, rate / labelled, (1 - rate) / (1 - labelled))


def row_weights(labels: pd.DataFrame) -> np.ndarray:
    """Weight of each row, shape (n,): 1 of a verdict, less of a label by another's verdict."""
    return labels["weight"].to_numpy(dtype=float) if "weight" in labels else np.ones(len(labels))
