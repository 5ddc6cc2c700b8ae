"""Labels: what people found out, as far as it was known at the training date."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.declaration import ORDER, SESSION
from features.engine.snapshot import Snapshot
from training.declaration import Model

NOISE = (
    0.1  # confirmed share of an operator's verdicts below which single errors of verdict explain it
)


def verdicts(tables: Snapshot, kind: str, typologies: tuple[str, ...]) -> pd.DataFrame:
    """Latest verdict of each entity: index entity_id; confirmed (0/1), typology, audited (bool: came by the random audit).

    An appeal that overturned a verdict is later than it, so it counts.
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
    """When each session or order was received and whose it is: index entity_id; received_at, operator_id."""
    table = tables["sessions" if kind == SESSION else "orders"]
    frame = table.select(
        entity_id=f"{kind}_id", received_at="received_at", operator_id="operator_id"
    ).to_pandas()
    return frame.set_index("entity_id")


def operator_verdicts(
    tables: Snapshot, model: Model, since: pd.Timestamp, until: pd.Timestamp
) -> pd.DataFrame:
    """Operators with verdicts about what was received in [since, until): index operator_id; confirmed (0/1), typology (none), audited,
    accused (bool).

    Confirmed is who has a confirmed verdict and more of them than errors of verdict explain, accused who has any; hostile brushing
    is not counted.
    """
    parts = []
    for kind in (SESSION, ORDER):
        table = "sessions" if kind == SESSION else "orders"
        if table not in tables:
            continue
        when = entity_moments(tables, kind)
        when = when[(when["received_at"] >= since) & (when["received_at"] < until)]
        parts.append(verdicts(tables, kind, model.typologies).join(when, how="inner"))
    both = (
        pd.concat(parts)
        if parts
        else pd.DataFrame(columns=["confirmed", "typology", "audited", "operator_id"])
    )
    grouped = both.groupby("operator_id")
    count, found = grouped.size(), grouped["confirmed"].sum()
    share = found / count
    guilty = (found >= 1) & (share >= NOISE)
    return pd.DataFrame(
        {
            "confirmed": guilty.astype(int),
            "typology": "",
            "audited": grouped["audited"].any().astype(bool),
            "accused": found >= 1,
        }
    ).rename_axis("entity_id")


def prevalence(labels: pd.DataFrame) -> float:
    """Share of confirmed among the randomly audited (with one pseudo-count a side), the only fair sample there is."""
    fair = labels[labels["audited"]]
    return float((fair["confirmed"].sum() + 1.0) / (len(fair) + 2.0)) if len(fair) else float("nan")


def weights(labels: pd.DataFrame) -> np.ndarray:
    """Weights that bring the labelled sample to the audited prevalence, so that probabilities mean what they say.

    Where nothing was audited, all weigh the same and probabilities hold for what was looked at only.
    """
    rate, seen = prevalence(labels), float(labels["confirmed"].mean())
    if not np.isfinite(rate) or not 0 < seen < 1:
        return np.ones(len(labels))
    return np.where(labels["confirmed"] == 1, rate / seen, (1 - rate) / (1 - seen))
