"""Claims about anomaly scores without labels, and about evidence groups that deviate."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.catalogue import BY_NAME, signals_named
from features.peers.anomaly_score import (
    MAX_SPREADS_TO_ALARM,
    MIN_SHARE_SPREAD,
    anomaly_contributions,
    deviating_group_counts,
    deviation_contributions,
    min_spread,
    peer_deviations,
)
from features.peers.tail_probability import tail_scores


def orders_of(counts: list[float]) -> pd.DataFrame:
    """Operators with so many orders by one buyer in an hour (alarm at 3)."""
    return pd.DataFrame(
        {"buyer_hour_order_max_count": counts}, index=[f"o{i}" for i in range(len(counts))]
    )


# median 2; the distance to the 75th percentile makes a spread of 0.5 / 0.6745
SPREAD = [1.0, 1.5, 2.0, 2.5, 3.0] * 20


def test_contribution_grows_with_distance():
    """A larger deviation counts more, and an alarm that is reached adds a little."""
    spread = 1.0 / 1.2816  # the 90th percentile, 3, is the further of the two
    signals = orders_of([*SPREAD, 2.0 - 3.0 * spread, 2.0 + 6.0 * spread, 2.99, 3.0])
    deviations = peer_deviations(signals, BY_NAME, "operator")
    assert deviations["buyer_hour_order_max_count"].iloc[100:102].tolist() == pytest.approx(
        [-3.0, 6.0], abs=0.1
    )
    contributions = deviation_contributions(signals, deviations, BY_NAME)[
        "buyer_hour_order_max_count"
    ]
    assert contributions["o100"] == 0.0 and contributions["o101"] == pytest.approx(
        np.log1p(8.0) + 0.3, abs=0.05
    )
    assert contributions["o103"] - contributions["o102"] == pytest.approx(0.3, abs=0.01)


def test_signal_without_alarm_adds_half():
    """A signal that raises no alarm alone adds half, and an unknown one adds nothing."""
    deviations = pd.DataFrame(
        {
            "burst_order_count": [6.0, np.nan],
            "views_log_sd": [6.0, np.nan],
            "operator_order_count": [6.0, 6.0],
        }
    )
    contributions = deviation_contributions(deviations * 0.0, deviations, BY_NAME)
    assert (
        contributions["views_log_sd"].tolist() == pytest.approx([np.log(9.0) / 2, 0.0])
        and "operator_order_count" not in contributions
    )
    assert contributions["burst_order_count"].tolist() == pytest.approx([np.log(9.0), 0.0])


def test_a_signal_that_is_a_deviance_counts_as_what_it_is_beyond_the_usual():
    """A signal that is an anomaly score itself counts by what exceeds the peer median."""
    signals = pd.DataFrame({"session_view_anomaly_score_mean": [2.0, 2.0, 2.0, 1.0, 9.5, np.nan]})
    assert anomaly_contributions(signals, BY_NAME, "operator")[
        "session_view_anomaly_score_mean"
    ].tolist() == [
        0.0,
        0.0,
        0.0,
        0.0,
        7.5,
        0.0,
    ]


def test_session_deviation_counts_when_large_and_rare():
    """A deviation of a session counts as far as it is both large and rare.

    One room in ten lies as far out as another: large for its spread, and not rare.
    """
    rng = np.random.default_rng(5)
    share = np.abs(rng.normal(0.1, 0.01, 200))
    alone = share.copy()
    share[:20], alone[0] = 0.6, 0.6
    signals = pd.DataFrame(
        {"view_count": 500.0, "flash_view_share": share}, index=[f"s{i}" for i in range(200)]
    )
    many = anomaly_contributions(signals, BY_NAME, "session")["flash_view_share"]
    one = anomaly_contributions(signals.assign(flash_view_share=alone), BY_NAME, "session")[
        "flash_view_share"
    ]
    far, rare = (
        deviation_contributions(signals, peer_deviations(signals, BY_NAME, "session"), BY_NAME)[
            "flash_view_share"
        ],
        np.log(0.3 * 200 / 10.5),
    )
    assert many["s0"] == pytest.approx(np.sqrt(far["s0"] * rare)) and one["s0"] > 1.3 * many["s0"]


def test_new_session_is_ranked_among_the_reference_sessions():
    """A session outside the reference is ranked among it; one inside is ranked as it would be
    alone."""
    rng = np.random.default_rng(6)
    reference = pd.DataFrame(
        {"view_count": 500.0, "flash_view_share": np.abs(rng.normal(0.1, 0.03, 300))},
        index=[f"s{i}" for i in range(300)],
    )
    some = reference.iloc[[3, 44, 270]]
    pd.testing.assert_frame_equal(
        anomaly_contributions(some, BY_NAME, "session", reference),
        anomaly_contributions(reference, BY_NAME, "session").loc[some.index],
    )
    values = rng.integers(0, 9, (50, 1)).astype(float)
    assert np.array_equal(
        tail_scores(signals_named(["flash_view_share"]), values, values),
        tail_scores(signals_named(["flash_view_share"]), values),
    )
    assert (
        tail_scores(signals_named(["flash_view_share"]), np.array([[np.nan]]), values).item() == 0.0
    )


def test_a_value_is_set_against_peers_of_its_own_size():
    """A share that is common among small rooms lies far out among large ones."""
    rng = np.random.default_rng(4)
    size = np.repeat([20.0, 2000.0], 100)
    share = rng.normal(0.1, np.repeat([0.1, 0.01], 100))
    signals = pd.DataFrame(
        {"view_count": size, "flash_view_share": share}, index=[f"s{i}" for i in range(200)]
    )
    signals.loc[["s0", "s150"], "flash_view_share"] = 0.2
    deviations = peer_deviations(signals, BY_NAME, "session")["flash_view_share"]
    assert deviations["s0"] < 2.0 < 5.0 < deviations["s150"]


def test_what_most_peers_share_or_a_few_exceed_by_little_is_not_far():
    """A value that most peers share, or that few exceed by little, is no deviation."""
    assert deviating_group_counts(orders_of([9.0] * 100), BY_NAME, 4.0).sum() == 0
    assert deviating_group_counts(orders_of([9.0] + [1.0] * 99), BY_NAME, 4.0)["o0"] == 1
    assert (
        deviating_group_counts(orders_of([*SPREAD, 3.5]), BY_NAME, 4.0).sum() == 0
    )  # the most extreme of all, and beyond its alarm


def test_signals_of_one_burst_are_one_evidence_group():
    """One buyer who orders three times within an hour is one piece of evidence, for any number
    of signals.

    A third signal, of parcels, is another fact.
    """
    n = 200
    signals = pd.DataFrame(
        {
            "buyer_hour_order_max_count": [3.0] + [1.0] * (n - 1),
            "sliding_hour_orders_per_buyer_max_ratio": [3.0] + [1.0] * (n - 1),
            "orders_per_buyer_hour_max_ratio": [3.0] + [1.0] * (n - 1),
            "top_buyer_order_share": [0.7] + [0.01] * (n - 1),
            "light_parcel_share": [0.0] * n,
        },
        index=[f"o{i}" for i in range(n)],
    )
    assert {BY_NAME[c].evidence_group for c in signals.columns[:4]} == {"few_buyers"}
    assert deviating_group_counts(signals, BY_NAME, 4.0)["o0"] == 1
    signals.loc["o0", "light_parcel_share"] = 0.5
    assert deviating_group_counts(signals, BY_NAME, 4.0)["o0"] == 2


def test_viewers_from_abroad_are_one_evidence_group():
    """Viewers from abroad are one piece of evidence, though proxies and regions both show them."""
    far = {
        "operator_proxy_view_share": [0.6] + [0.01] * 199,
        "operator_region_contradiction_share": [0.6] + [0.01] * 199,
    }
    signals = pd.DataFrame(far, index=[f"o{i}" for i in range(200)])
    assert deviating_group_counts(signals, BY_NAME, 4.0)["o0"] == 1
    assert (
        deviating_group_counts(
            signals.assign(operator_flash_view_share=signals["operator_proxy_view_share"]),
            BY_NAME,
            4.0,
        )["o0"]
        == 2
    )


@pytest.mark.parametrize(
    "pair",
    [
        ("views_per_viewer_hour_median", "views_per_viewer_hour_max"),
        ("viewers_log_sd", "viewers_log_peak"),
    ],
    ids=lambda p: p[0],
)
def test_two_statistics_of_one_figure_are_one_fact_and_add_less_than_two(pair):
    """Two statistics of one figure are one evidence group and add less than two signals."""
    far = {name: [BY_NAME[name].alarm + 90.0] + [0.1] * 199 for name in pair}
    signals = pd.DataFrame(far, index=[f"o{i}" for i in range(200)])
    assert (
        deviating_group_counts(signals, BY_NAME, 4.0)["o0"]
        == 1
        == deviating_group_counts(signals[[pair[0]]], BY_NAME, 4.0)["o0"]
    )
    assert BY_NAME["operator_flash_view_share"].evidence_group == "operator_flash_view_share"
    both, alone = (
        anomaly_contributions(signals, BY_NAME, "operator").loc["o0"],
        anomaly_contributions(signals[[pair[0]]], BY_NAME, "operator").loc["o0"],
    )
    assert both[pair[0]] == pytest.approx(alone[pair[0]] / np.sqrt(2.0)) and alone[pair[0]] > 5.0
    unknown = anomaly_contributions(signals.assign(**{pair[1]: np.nan}), BY_NAME, "operator").loc[
        "o0"
    ]
    assert unknown[pair[0]] == alone[pair[0]]  # what nobody knows weighs nothing down


def test_rare_share_needs_a_least_spread():
    """Four accounts in ten thousand are no evidence where no other operator has any; four in a
    hundred are."""
    names = ["operator_exclusive_actor_share", "operator_flash_view_share"]

    def with_one(share: float) -> pd.DataFrame:
        return pd.DataFrame(
            {name: [share] + [0.0] * 199 for name in names}, index=[f"o{i}" for i in range(200)]
        )

    assert (
        deviating_group_counts(with_one(0.0004), BY_NAME, 4.0)["o0"] == 0
        and anomaly_contributions(with_one(0.0004), BY_NAME, "operator").loc["o0"].sum() < 0.1
    )
    assert (
        deviating_group_counts(with_one(0.04), BY_NAME, 4.0)["o0"] == 2
        and (anomaly_contributions(with_one(0.04), BY_NAME, "operator").loc["o0"] > 4.0).all()
    )
    assert [min_spread(BY_NAME[name], 0.0) for name in names] == [
        MIN_SHARE_SPREAD,
        0.3 / MAX_SPREADS_TO_ALARM,
    ]
    assert (
        min_spread(BY_NAME["operator_flash_view_share"], 0.35)
        == pytest.approx(0.05 / MAX_SPREADS_TO_ALARM)
        and min_spread(BY_NAME["complaint_count"], 0.0) == 0.0
    )
