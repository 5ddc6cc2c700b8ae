"""Scores, ranks and reasons."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from features.catalogue import BY_NAME, digest
from features.peers.anomaly_score import anomaly_contributions
from serving.policy.load import load_policy
from serving.scoring.peer_medians import peer_medians
from serving.scoring.posterior import ScoringContext, posterior
from serving.scoring.reasons import drivers_of, reasons_of
from serving.scoring.score_rows import anomaly_score_rows

NIGHT = load_policy().night


def orders_of(counts: list[float]) -> pd.DataFrame:
    """Operators with so many orders by one buyer in an hour (alarm at 3)."""
    return pd.DataFrame(
        {"buyer_hour_order_max_count": counts}, index=[f"o{i}" for i in range(len(counts))]
    )


def test_ranks_are_a_permutation_and_ties_go_by_name():
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


def test_a_reason_lies_on_the_suspicious_side_of_its_peers_and_is_known():
    columns = ["flash_view_share", "stay_spread_ratio", "view_count", "proxy_view_share"]
    signals = pd.DataFrame([[0.1, 2.0, 50.0, 0.0]] * 30, columns=columns)
    peers = peer_medians(signals, None)
    values = np.array(
        [0.05, 0.2, 10.0, np.nan]
    )  # flash below its peers, spread suspiciously low, proxies unknown
    drivers = drivers_of(
        pd.Series(values, columns, name="x"), np.array([2.0, 1.0, 0.5, 3.0]), peers
    )
    assert [d.signal.name for d in drivers] == ["stay_spread_ratio", "view_count"]
    said = reasons_of(drivers, 4)
    assert [r["signal"] for r in said] == ["stay_spread_ratio"]  # a count speaks against nobody
    assert said[0]["share"] == pytest.approx(1.0 / 6.5, abs=1e-4) and said[0]["peers"] == 2.0


def test_peers_are_those_of_the_same_category_where_there_are_enough():
    signals = pd.DataFrame(
        {"view_count": [10.0] * 25 + [99.0] * 5}, index=[f"s{i}" for i in range(30)]
    )
    peers = peer_medians(signals, pd.Series(["food"] * 25 + ["books"] * 5, index=signals.index))
    assert (
        peers.median("s0", "view_count") == 10.0 and peers.median("s29", "view_count") == 10.0
    )  # five books are too few: all are peers


def test_orders_without_labels_rank_by_how_rare_their_values_are():
    """One payer in two hundred pays for two buyers, for nobody a spread; one buyer in ten is a day old, which is hardly rarer than common."""
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
    ranked = anomaly_score_rows(
        signals, "order", digest()[:12], peer_medians(signals, None), NIGHT, ScoringContext(signals)
    )["rank"]
    assert ranked["r0"] == 1


class Same:
    """A model whose probability is its one signal."""

    columns = ["view_count"]

    def raw(self, values):
        return values[:, 0]

    def probability(self, raw):
        return raw


def test_entity_is_pooled_with_each_other_entity_once():
    """An entity is pooled with others of tonight and of nights before, each once."""
    usual = pd.DataFrame(
        {"view_count": [0.3, 0.3, 0.9, *[0.02] * 60]}, index=[f"s{i}" for i in range(63)]
    )
    owner = pd.Series(
        ["cheat", "honest", "cheat", *[f"o{i}" for i in range(60)]], index=usual.index
    )
    first = usual.index[:2]

    def found(context, column):
        return posterior(Same(), context).loc[first, column].tolist()

    for column in ("raw", "own", "view_adjusted", "pooled"):
        assert found(ScoringContext(usual), column) == [0.3, 0.3]
    assert found(ScoringContext(usual, owner), "view_adjusted") == [0.3, 0.3]
    tonight = found(ScoringContext(usual, owner), "pooled")
    assert tonight[0] > 0.3 > tonight[1]
    earlier = pd.Series(0.9, index=["b0", "b1", "b2", "s2"])  # s2 is compared too: it counts once
    owners = pd.concat([owner, pd.Series("cheat", index=["b0", "b1", "b2"])])
    assert found(ScoringContext(usual, owners, earlier), "pooled")[0] > tonight[0] + 0.02
    assert found(ScoringContext(usual, owner, earlier.tail(1)), "pooled") == tonight


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
