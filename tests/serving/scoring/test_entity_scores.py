"""Scores, ranks and reasons."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from features.catalogue import BY_NAME, digest
from features.peers.anomaly_score import anomaly_contributions
from serving.policy.load import load_policy
from serving.scoring.entity_scores import (
    Beside,
    deviance_scores,
    drivers_of,
    explained,
    peers_of,
    weighed,
)

NIGHT = load_policy().night


def orders_of(counts: list[float]) -> pd.DataFrame:
    """Operators with so many orders by one buyer in an hour (alarm at 3)."""
    return pd.DataFrame(
        {"buyer_hour_order_max_count": counts}, index=[f"o{i}" for i in range(len(counts))]
    )


def test_ranks_are_a_permutation_and_ties_go_by_name():
    signals = orders_of([90.0, 1.0, 90.0, 99.0, *[1.0] * 40])
    frame = deviance_scores(
        signals, "operator", digest()[:12], peers_of(signals, None), NIGHT, Beside(signals)
    )
    assert frame["rank"].head(4).to_dict() == {"o0": 2, "o1": 4, "o2": 3, "o3": 1}


def test_what_is_unknown_is_named_and_never_counts():
    signals = orders_of([np.nan, 9.0])
    frame = deviance_scores(
        signals, "operator", "v", peers_of(signals, None), NIGHT, Beside(signals)
    )
    assert frame.at["o0", "score"] == 0.0 and "buyer_hour_order_max_count" not in (
        frame.at["o1", "unknown"] or ""
    )


def test_nothing_on_the_innocent_side_is_a_reason_without_a_model():
    """The deviance's reasons leave out alarms that most peers reach and values below the median."""
    columns = ["flash_view_share", "proxy_view_share"]
    values = [[0.35, 0.5]] + [[0.4, 0.0]] * 29  # the first reaches the alarm of both
    signals = pd.DataFrame(values, columns=columns, index=[f"s{i:02d}" for i in range(30)])
    frame = deviance_scores(
        signals, "session", "v", peers_of(signals, None), NIGHT, Beside(signals)
    )
    said = json.loads(frame.at["s00", "reasons"])
    assert [r["signal"] for r in said] == ["proxy_view_share"]


def test_a_reason_lies_on_the_suspicious_side_of_its_peers_and_is_known():
    columns = ["flash_view_share", "stay_spread_ratio", "view_count", "proxy_view_share"]
    signals = pd.DataFrame([[0.1, 2.0, 50.0, 0.0]] * 30, columns=columns)
    peers = peers_of(signals, None)
    values = np.array(
        [0.05, 0.2, 10.0, np.nan]
    )  # flash below its peers, spread suspiciously low, proxies unknown
    drivers = drivers_of(columns, values, np.array([2.0, 1.0, 0.5, 3.0]), "x", peers)
    assert [d.signal.name for d in drivers] == ["stay_spread_ratio", "view_count"]
    said = explained(drivers, 4)
    assert [r["signal"] for r in said] == ["stay_spread_ratio"]  # a count speaks against nobody
    assert said[0]["share"] == pytest.approx(1.0 / 6.5, abs=1e-4) and said[0]["peers"] == 2.0


def test_peers_are_those_of_the_same_category_where_there_are_enough():
    signals = pd.DataFrame(
        {"view_count": [10.0] * 25 + [99.0] * 5}, index=[f"s{i}" for i in range(30)]
    )
    peers = peers_of(signals, pd.Series(["food"] * 25 + ["books"] * 5, index=signals.index))
    assert (
        peers.of("s0", "view_count") == 10.0 and peers.of("s29", "view_count") == 10.0
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
    ranked = deviance_scores(
        signals, "order", digest()[:12], peers_of(signals, None), NIGHT, Beside(signals)
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
    raw, own, alone = weighed(Same(), usual.head(2), Beside(usual))
    assert raw.tolist() == own.tolist() == alone.tolist() == [0.3, 0.3]
    _, own, tonight = weighed(Same(), usual.head(2), Beside(usual, owner))
    assert own.tolist() == [0.3, 0.3] and tonight[0] > 0.3 > tonight[1]
    before = pd.Series(0.9, index=["b0", "b1", "b2", "s2"])  # s2 is among tonight's and counts once
    whose = pd.concat([owner, pd.Series("cheat", index=["b0", "b1", "b2"])])
    _, _, both = weighed(Same(), usual.head(2), Beside(usual, whose, before))
    assert both[0] > tonight[0] + 0.02
    assert (
        weighed(Same(), usual.head(2), Beside(usual, owner, before.tail(1)))[2].tolist()
        == tonight.tolist()
    )


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
    frame = deviance_scores(signals, "order", "v", peers_of(signals, None), NIGHT, Beside(signals))
    weighed_ = deviance_scores(
        signals, "order", "v", peers_of(signals, None), NIGHT, Beside(signals, owner)
    )
    assert frame.at["o0", "score"] == frame.at["o1", "score"]
    assert weighed_.at["o0", "score"] > frame.at["o0", "score"] > weighed_.at["o1", "score"]
    assert (
        weighed_.at["o0", "rank"] < weighed_.at["o1", "rank"]
        and frame["own_probability"].isna().all()
    )
