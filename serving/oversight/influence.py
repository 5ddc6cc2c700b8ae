"""Components of supervision: credit, visits, marketing amount, other, compliance, kind of goods.

Influence is their weighted mean, from corrected figures: fraud must not buy it. Low credit, a bad
compliance record and goods of life and health raise it (ADR-0302). It raises supervision, never
guilt.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.engine.snapshot import Snapshot
from serving.policy.grading_policy import InfluencePolicy

COMPONENTS = ("credit", "visits", "marketing", "other", "compliance", "goods")
EXTENT = ("visits", "marketing", "other")  # without any of them an influence is unknown
GOOD_RECORDS = ("credit", "compliance")  # the lower, the more supervision


def _percentile_rank(values: pd.Series) -> pd.Series:
    """Share of operators with at most this value, NaN where unknown."""
    return values.rank(pct=True)


def _genuine_share(figures: pd.DataFrame, measure: str, index: pd.Index) -> pd.Series:
    """Share of a counted figure that is estimated genuine, NaN where none was corrected."""
    if figures.empty:
        return pd.Series(np.nan, index=index)
    f = figures[(figures["entity_kind"] == "operator") & (figures["measure"] == measure)].set_index(
        "entity_id"
    )
    return (f["estimate"] / f["counted"].where(f["counted"] > 0)).reindex(index)


def boost_spend(tables: Snapshot, index: pd.Index) -> pd.Series:
    """Amount spent on granted boosts, by operator."""
    if not {"boosts", "sessions"} <= set(tables):
        return pd.Series(np.nan, index=index)
    b = tables["boosts"].join(tables["sessions"].select("session_id", "operator_id"), "session_id")
    spent = (
        b.group_by("operator_id")
        .aggregate(amount=b.amount.sum())
        .to_pandas()
        .set_index("operator_id")["amount"]
    )
    return spent.astype(float).reindex(index).fillna(0.0)


def components(
    signals: pd.DataFrame,
    probability: pd.Series,
    figures: pd.DataFrame,
    credit: pd.Series,
    spent: pd.Series,
    records: pd.DataFrame,
) -> pd.DataFrame:
    """Components of each operator as shares of 0 to 1; NaN is unknown.

    `records` has columns compliance and goods, index operator. Returns a frame with index operator
    and columns `COMPONENTS`. Where no figure was corrected, views
    are reduced by half of the operator's risk.
    """
    index = signals.index
    discount = 1.0 - 0.5 * probability.reindex(index).fillna(0.0)

    def corrected(signal: str, measure: str) -> pd.Series:
        counted = signals[signal] if signal in signals else pd.Series(np.nan, index=index)
        return counted * _genuine_share(figures, measure, index).fillna(discount)

    views = corrected("operator_view_count", "views")
    follows = _corrected_figure(figures, "follows", index)
    sales = _corrected_figure(figures, "net_sales", index)
    orders = corrected("operator_order_count", "orders")
    sessions = (
        signals["operator_session_count"]
        if "operator_session_count" in signals
        else pd.Series(np.nan, index=index)
    )

    def mean(*parts: pd.Series) -> pd.Series:
        return pd.concat([_percentile_rank(p) for p in parts], axis=1).mean(axis=1)

    return pd.DataFrame(
        {
            "credit": credit.reindex(index) / 100.0,
            "visits": mean(views, follows),
            "marketing": mean(sales, orders),
            "other": mean(sessions, spent),
            "compliance": records["compliance"].reindex(index),
            "goods": records["goods"].reindex(index),
        }
    )


def _corrected_figure(figures: pd.DataFrame, measure: str, index: pd.Index) -> pd.Series:
    """Corrected figure of each operator, NaN where there is none."""
    if figures.empty:
        return pd.Series(np.nan, index=index)
    f = figures[(figures["entity_kind"] == "operator") & (figures["measure"] == measure)]
    return f.set_index("entity_id")["estimate"].reindex(index)


def influence(parts: pd.DataFrame, policy: InfluencePolicy) -> pd.Series:
    """Share of operators with a lower weighted mean of their known components.

    NaN where neither visits nor sales nor other extent is known.
    """
    weight = pd.Series({name: getattr(policy, name) for name in COMPONENTS})
    known = parts[weight.index].copy()
    for name in GOOD_RECORDS:
        known[name] = 1.0 - known[name]
    total = known.notna().mul(weight).sum(axis=1)
    mean = known.mul(weight).sum(axis=1) / total.where(total > 0)
    return _percentile_rank(mean.where(known[list(EXTENT)].notna().any(axis=1)))
