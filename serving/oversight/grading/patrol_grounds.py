"""The kind of goods, and the grounds on which Order 117 Art. 11 asks for real-time patrol."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from serving.policy.schema import Policy

FOLLOWERS, TRADE, STREAMERS = "many_followers", "large_trade", "influential_streamers"
VIOLATIONS, LIFE_AND_HEALTH = "repeated_violations", "life_and_health"
GROUNDS = (FOLLOWERS, TRADE, STREAMERS, VIOLATIONS, LIFE_AND_HEALTH)
Tables = Mapping[str, Any]


def goods(categories: Mapping[str, str], index: pd.Index, policy: Policy) -> pd.Series:
    """1 for operators whose goods concern life and health, 0 for others; NaN where unknown."""
    kinds = pd.Series([categories.get(o) for o in index], index=index, dtype=object)
    sensitive = set(policy.patrol.life_and_health)
    value = kinds.map(lambda k: float(k in sensitive) if isinstance(k, str) else np.nan)
    return value.mask(kinds.isin(["", "unknown"])).astype(float)


def streamer_reach(tables: Tables, index: pd.Index) -> pd.Series:
    """Most sessions' views that a streamer of each operator drew; NaN where none is known."""
    if not {"sessions", "views"} <= set(tables):
        return pd.Series(np.nan, index=index)
    s = tables["sessions"].select("session_id", "operator_id", "streamer_ids").to_pandas()
    v = tables["views"]
    views = v.group_by("session_id").aggregate(views=v.count()).to_pandas()
    counted = s.merge(views, on="session_id").explode("streamer_ids").dropna(subset="streamer_ids")
    if counted.empty:
        return pd.Series(np.nan, index=index)
    drawn = counted.groupby("streamer_ids")["views"].transform("sum")
    return drawn.groupby(counted["operator_id"]).max().reindex(index).astype(float)


def patrol_grounds(
    components: pd.DataFrame,
    reach: pd.Series,
    events: pd.DataFrame,
    as_of: datetime,
    policy: Policy,
) -> dict[str, list[str]]:
    """Grounds of patrol of each operator that has any, in the order of `GROUNDS`.

    Parameters
    ----------
    components
        Components of supervision, index operator.
    reach
        Views that its streamers drew (`streamer_reach`).
    events
        What counts against operators (`compliance_events`).
    as_of, policy
        Moment and policy of the night.
    """
    key = 1.0 - policy.influence.key_share
    since = pd.Timestamp(as_of) - timedelta(days=policy.proportionality.repetition_days)
    recent = events[pd.to_datetime(events["at"]) >= since].groupby("operator_id").size()
    holds = pd.DataFrame(
        {
            FOLLOWERS: components["visits"] >= key,
            TRADE: components["marketing"] >= key,
            STREAMERS: reach.rank(pct=True).reindex(components.index) >= key,
            VIOLATIONS: recent.reindex(components.index).fillna(0) >= policy.patrol.violations,
            LIFE_AND_HEALTH: components["goods"] >= 1.0,
        }
    )
    return {
        str(operator): [name for name in GROUNDS if row[name]]
        for operator, row in holds[holds.any(axis=1)].iterrows()
    }
