"""Labels: verdicts of people, as far as they were known at the training date."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.declaration import ORDER, SESSION
from features.engine.snapshot import Snapshot
from training.declaration import Model

# Below it, single wrong verdicts explain an operator's confirmed verdicts.
MIN_CONFIRMED_SHARE = 0.1


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
    tables: Snapshot, model: Model, since: pd.Timestamp, until: pd.Timestamp
) -> pd.DataFrame:
    """Operators with verdicts about what was received in [since, until).

    Hostile brushing is not counted.

    Returns
    -------
    pandas.DataFrame
        Index entity_id; columns confirmed (0 or 1: at least one confirmed verdict, and more than
        wrong verdicts explain), typology (empty), audited and accused (bool: any confirmed
        verdict).
    """
    parts = []
    for kind in (SESSION, ORDER):
        table = "sessions" if kind == SESSION else "orders"
        if table not in tables:
            continue
        when = entity_moments(tables, kind)
        when = when[(when["received_at"] >= since) & (when["received_at"] < until)]
        parts.append(verdicts(tables, kind, model.typologies).join(when, how="inner"))
    rows = (
        pd.concat(parts)
        if parts
        else pd.DataFrame(columns=["confirmed", "typology", "audited", "operator_id"])
    )
    grouped = rows.groupby("operator_id")
    count, found = grouped.size(), grouped["confirmed"].sum()
    share = found / count
    guilty = (found >= 1) & (share >= MIN_CONFIRMED_SHARE)
    return pd.DataFrame(
        {
            "confirmed": guilty.astype(int),
            "typology": "",
            "audited": grouped["audited"].any().astype(bool),
            "accused": found >= 1,
        }
    ).rename_axis("entity_id")


def prevalence(labels: pd.DataFrame) -> float:
    """Share of confirmed among the randomly audited, with one pseudo-count a side.

    No other sample is free of selection. NaN without an audit.
    """
    audited = labels[labels["audited"]]
    if not len(audited):
        return float("nan")
    return float((audited["confirmed"].sum() + 1.0) / (len(audited) + 2.0))


def weights(labels: pd.DataFrame) -> np.ndarray:
    """Weights that bring the labelled sample to the audited prevalence, shape (n,).

    Without an audit all rows weigh the same, and probabilities hold for examined entities only.
    """
    rate, labelled = prevalence(labels), float(labels["confirmed"].mean())
    if not np.isfinite(rate) or not 0 < labelled < 1:
        return np.ones(len(labels))
    return np.where(labels["confirmed"] == 1, rate / labelled, (1 - rate) / (1 - labelled))
