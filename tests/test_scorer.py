"""Scores, ranks and reasons."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.catalogue import BY_NAME, digest
from serving.policy import load_policy
from serving.scorer import BURSTS, alarm_count, departed, deviance_points, deviance_scores, explained, fact_of, outlying, peers_of

NIGHT = load_policy().night


def orders_of(counts: list[float]) -> pd.DataFrame:
    """Operators with so many orders by one buyer in an hour (alarm at 3)."""
    return pd.DataFrame({"buyer_hour_order_max_count": counts}, index=[f"o{i}" for i in range(len(counts))])


SPREAD = [1.0, 1.5, 2.0, 2.5, 3.0] * 20  # median 2; the distance to the 75th percentile makes a spread of 0.5 / 0.6745


def test_the_further_out_the_more_it_counts_and_an_alarm_that_is_reached_adds_a_little():
    spread = 1.0 / 1.2816  # the 90th percentile, 3, is the further of the two
    signals = orders_of([*SPREAD, 2.0 - 3.0 * spread, 2.0 + 6.0 * spread, 2.99, 3.0])
    away = departed(signals, "operator")
    assert away["buyer_hour_order_max_count"].iloc[100:102].tolist() == pytest.approx([-3.0, 6.0], abs=0.1)
    points = outlying(signals, away)["buyer_hour_order_max_count"]
    assert points["o100"] == 0.0 and points["o101"] == pytest.approx(np.log1p(8.0) + 0.3, abs=0.05)
    assert points["o103"] - points["o102"] == pytest.approx(0.3, abs=0.01)


def test_a_signal_that_raises_no_alarm_alone_adds_half_and_an_unknown_one_nothing():
    away = pd.DataFrame({"burst_order_count": [6.0, np.nan], "views_log_sd": [6.0, np.nan], "operator_order_count": [6.0, 6.0]})
    points = outlying(away * 0.0, away)
    assert points["views_log_sd"].tolist() == pytest.approx([np.log(9.0) / 2, 0.0]) and "operator_order_count" not in points
    assert points["burst_order_count"].tolist() == pytest.approx([np.log(9.0), 0.0])


def test_a_value_is_set_against_peers_of_its_own_size():
    """Shares of small rooms stray; the same share that is usual among them lies far out among large ones."""
    rng = np.random.default_rng(4)
    size = np.repeat([20.0, 2000.0], 100)
    share = rng.normal(0.1, np.repeat([0.1, 0.01], 100))
    signals = pd.DataFrame({"view_count": size, "flash_view_share": share}, index=[f"s{i}" for i in range(200)])
    signals.loc[["s0", "s150"], "flash_view_share"] = 0.2
    away = departed(signals, "session")["flash_view_share"]
    assert away["s0"] < 2.0 < 5.0 < away["s150"]


def test_an_alarm_that_most_peers_share_or_that_a_few_exceed_by_little_makes_no_review():
    assert alarm_count(orders_of([9.0] * 100), "operator", 4.0).sum() == 0
    assert alarm_count(orders_of([9.0] + [1.0] * 99), "operator", 4.0)["o0"] == 1
    assert alarm_count(orders_of([*SPREAD, 3.5]), "operator", 4.0).sum() == 0  # the most extreme of all, and beyond its alarm


def test_one_buyer_who_orders_three_times_within_an_hour_is_one_alarm_however_many_signals_tell_of_it():
    """A third signal, of parcels, is another fact."""
    n = 200
    signals = pd.DataFrame(
        {
            "buyer_hour_order_max_count": [3.0] + [1.0] * (n - 1),
            "sliding_hour_orders_per_buyer_max_ratio": [3.0] + [1.0] * (n - 1),
            "orders_per_buyer_hour_max_ratio": [3.0] + [1.0] * (n - 1),
            "light_parcel_share": [0.0] * n,
        },
        index=[f"o{i}" for i in range(n)],
    )
    assert {BY_NAME[c].source.name for c in signals.columns[:3]} == BURSTS
    assert alarm_count(signals, "operator", 4.0)["o0"] == 1
    signals.loc["o0", "light_parcel_share"] = 0.5
    assert alarm_count(signals, "operator", 4.0)["o0"] == 2


@pytest.mark.parametrize(
    "pair", [("views_per_viewer_hour_median", "views_per_viewer_hour_max"), ("viewers_log_sd", "viewers_log_peak")], ids=lambda p: p[0]
)
def test_two_statistics_of_one_figure_are_one_alarm(pair):
    far = {name: [BY_NAME[name].alarm + 90.0] + [0.1] * 199 for name in pair}
    signals = pd.DataFrame(far, index=[f"o{i}" for i in range(200)])
    assert alarm_count(signals, "operator", 4.0)["o0"] == 1 == alarm_count(signals[[pair[0]]], "operator", 4.0)["o0"]
    assert fact_of("operator_flash_view_share") == "operator_flash_view_share"


def test_ranks_are_a_permutation_and_ties_go_by_name():
    signals = orders_of([90.0, 1.0, 90.0, 99.0, *[1.0] * 40])
    frame = deviance_scores(signals, "operator", digest()[:12], peers_of(signals, None), NIGHT)
    assert frame["rank"].head(4).to_dict() == {"o0": 2, "o1": 4, "o2": 3, "o3": 1}


def test_what_is_unknown_is_named_and_never_counts():
    signals = orders_of([np.nan, 9.0])
    frame = deviance_scores(signals, "operator", "v", peers_of(signals, None), NIGHT)
    assert frame.at["o0", "score"] == 0.0 and "buyer_hour_order_max_count" not in (frame.at["o1", "unknown"] or "")


def test_a_reason_lies_on_the_suspicious_side_of_its_peers_and_is_known():
    columns = ["flash_view_share", "stay_spread_ratio", "view_count", "proxy_view_share"]
    signals = pd.DataFrame([[0.1, 2.0, 50.0, 0.0]] * 30, columns=columns)
    peers = peers_of(signals, None)
    values = np.array([0.05, 0.2, 10.0, np.nan])  # flash below its peers, spread suspiciously low, proxies unknown
    said = explained(columns, values, np.array([2.0, 1.0, 0.5, 3.0]), "x", peers, 4)
    assert [r["signal"] for r in said] == ["stay_spread_ratio", "view_count"]
    assert said[0]["share"] == pytest.approx(1.0 / 6.5, abs=1e-4) and said[0]["peers"] == 2.0


def test_peers_are_those_of_the_same_category_where_there_are_enough():
    signals = pd.DataFrame({"view_count": [10.0] * 25 + [99.0] * 5}, index=[f"s{i}" for i in range(30)])
    peers = peers_of(signals, pd.Series(["food"] * 25 + ["books"] * 5, index=signals.index))
    assert peers.of("s0", "view_count") == 10.0 and peers.of("s29", "view_count") == 10.0  # five books are too few: all are peers


def test_orders_without_labels_rank_by_how_rare_their_values_are():
    """One payer in two hundred pays for two buyers, for nobody a spread; one buyer in ten is a day old, which is hardly rarer than common."""
    signals = pd.DataFrame({"payer_buyer_count": [2.0] + [1.0] * 199, "buyer_age_days": [400.0] * 180 + [1.0] * 20})
    signals.index = [f"r{i}" for i in range(200)]
    points = deviance_points(signals, "order")
    assert points["payer_buyer_count"].iloc[0] == pytest.approx(np.log(0.3 / 0.005)) and not points["payer_buyer_count"].iloc[1:].any()
    assert points["buyer_age_days"].iloc[-1] == pytest.approx(np.log(0.3 / 0.0525))
    ranked = deviance_scores(signals, "order", digest()[:12], peers_of(signals, None), NIGHT)["rank"]
    assert ranked["r0"] == 1
