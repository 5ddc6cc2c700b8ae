"""Claims about rows of scores: ranks, unknown signals and reasons without a model."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from features.catalogue import BY_NAME, digest
from features.peers.anomaly_score import anomaly_contributions
from serving.policy.load import load_policy
from serving.scoring.posterior import ScoringContext
from serving.scoring.reasons import peer_medians
from serving.scoring.score_rows import anomaly_score_rows

NIGHT = load_policy().night


def orders_of(counts: list[float]) -> pd.DataFrame:
    """Operators with so many orders by one buyer in an hour (alarm at 3)."""
    return pd.DataFrame(
        {"buyer_hour_order_max_count": counts}, index=[f"o{i}" for i in range(len(counts))]
    )


def test_ranks_are_a_permutation_and_ties_go_by_name():
    """Ranks are a permutation, and ties are ordered by name."""
    signals = orders_of([90.0, 1.0, 90.0, 99.0, *[1.0] * 40])
    frame = anomaly_score_rows(
        signals,
        "operator",
        digest()[:12],
        peer_medians(signals, None),
        NIGHT,
        ScoringContext(signals),
    )
    assert frame["rank"].head(4).to_dict() == {"o0": 2, "o1": 4, "o2": 3, "o3": 1}


def test_what_is_unknown_is_named_and_never_counts():
    """Unknown signals are named, and never count."""
    signals = orders_of([np.nan, 9.0])
    frame = anomaly_score_rows(
        signals, "operator", "v", peer_medians(signals, None), NIGHT, ScoringContext(signals)
    )
    assert frame.at["o0", "score"] == 0.0 and "buyer_hour_order_max_count" not in (
        frame.at["o1", "unknown"] or ""
    )


def test_nothing_on_the_innocent_side_is_a_reason_without_a_model():
    """The deviance's reasons leave out alarms that most peers reach and values below the median."""
    columns = ["flash_view_share", "proxy_view_share"]
    values = [[0.35, 0.5]] + [[0.4, 0.0]] * 29  # the first reaches the alarm of both
    signals = pd.DataFrame(values, columns=columns, index=[f"s{i:02d}" for i in range(30)])
    frame = anomaly_score_rows(
        signals, "session", "v", peer_medians(signals, None), NIGHT, ScoringContext(signals)
    )
    said = json.loads(frame.at["s00", "reasons"])
    assert [r["signal"] for r in said] == ["proxy_view_share"]


def test_orders_without_labels_rank_by_how_rare_their_values_are():
    """One payer in 200 pays for two buyers: no spread. One buyer in ten is new: hardly rare."""
    signals = pd.DataFrame(
        {"payer_buyer_count": [2.0] + [1.0] * 199, "buyer_age_days": [400.0] * 180 + [1.0] * 20}
    )
    signals.index = [f"r{i}" for i in range(200)]
    points = anomaly_contributions(signals, BY_NAME, "order")
    assert (
        points["payer_buyer_count"].iloc[0] == pytest.approx(np.log(0.3 / 0.005))
        and not points["payer_buyer_count"].iloc[1:].any()
    )
    assert points["buyer_age_days"].iloc[-1] == pytest.approx(np.log(0.3 / 0.0525))
    ranks = anomaly_score_rows(
        signals, "order", digest()[:12], peer_medians(signals, None), NIGHT, ScoringContext(signals)
    )["rank"]
    assert ranks["r0"] == 1


def test_rank_without_labels_uses_the_owner_s_others():
    """Without labels, an entity's rank takes in the anomaly scores of its owner's others."""
    counts = [3.0, 3.0, *[9.0] * 12, *[1.0] * 186]
    signals = pd.DataFrame(
        {"payer_buyer_count": counts}, index=[f"o{i}" for i in range(len(counts))]
    )
    owner = pd.Series(
        ["cheat", "honest", *["cheat"] * 12, *["honest"] * 12, *[f"s{i}" for i in range(174)]],
        index=signals.index,
    )
    frame = anomaly_score_rows(
        signals, "order", "v", peer_medians(signals, None), NIGHT, ScoringContext(signals)
    )
    weighed_ = anomaly_score_rows(
        signals, "order", "v", peer_medians(signals, None), NIGHT, ScoringContext(signals, owner)
    )
    assert frame.at["o0", "score"] == frame.at["o1", "score"]
    assert weighed_.at["o0", "score"] > frame.at["o0", "score"] > weighed_.at["o1", "score"]
    assert (
        weighed_.at["o0", "rank"] < weighed_.at["o1", "rank"]
        and frame["own_probability"].isna().all()
    )
