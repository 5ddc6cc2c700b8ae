"""How far sessions lie out, and what that tells of their operators."""

from __future__ import annotations

from datetime import datetime

import ibis
import numpy as np
import pandas as pd
import pytest

from features import catalogue
from features.declaration import LIVE, Unit
from features.engine.compute import compute
from features.engine.snapshot import Snapshot
from features.peers.anomaly_score import anomaly_contributions
from features.signals import peer_deviation
from features.signals.sessions.own_level import session_own_levels

CUT = datetime(2026, 1, 17)
SESSION_SCORES = [
    peer_deviation.session_view_anomaly_score,
    peer_deviation.session_engagement_anomaly_score,
]
OPERATOR_SCORES = [
    peer_deviation.session_view_anomaly_score_mean,
    peer_deviation.session_engagement_anomaly_score_mean,
]


@pytest.fixture(scope="module")
def scored(tiny):
    tables = Snapshot.open(tiny, CUT)
    return tables.derived(peer_deviation.session_anomaly_scores).to_pandas().set_index(
        "session_id"
    ), tables


def test_all_that_is_known_of_a_session_but_its_minutes_enters():
    """First-order signals are all but minutes, anomaly scores, and own levels, which repeat one."""
    nightly = {
        s.name
        for s in catalogue.of_entity("session")
        if s.freshness != LIVE
        and s.unit is not Unit.ANOMALY_SCORE
        and s.source is not session_own_levels
    }
    assert {s.name for s in peer_deviation.FIRST_ORDER_SIGNALS} == nightly


def test_sessions_are_compared_within_two_weeks(scored):
    """Sessions of the last two weeks are compared, and older ones are unknown."""
    frame, tables = scored
    assert (
        set(frame.index) == set(tables["sessions"].session_id.to_pandas())
        and frame["view_score"].notna().all()
    )  # the world is twelve days old
    s = tables["sessions"]
    old = sorted(frame.index)[:5]
    aged = s.mutate(
        received_at=s.session_id.isin(old).ifelse(
            s.received_at - ibis.interval(days=20), s.received_at
        )
    )
    assert set(peer_deviation.recent_sessions(Snapshot({**tables, "sessions": aged}, CUT))) == set(
        frame.index
    ) - set(old)


def test_peer_deviation_sums_signals_by_typology(scored):
    """A session's anomaly score is the sum over its signals, each under its typology."""
    frame, tables = scored
    signals = compute(
        tables,
        peer_deviation.FIRST_ORDER_SIGNALS,
        "session",
        peer_deviation.recent_sessions(tables),
    )
    contributions = anomaly_contributions(signals, catalogue.BY_NAME, "session")
    views = [c for c in contributions if catalogue.BY_NAME[c].typology == "view_fraud"]
    np.testing.assert_allclose(
        frame["view_score"], contributions[views].sum(axis=1).reindex(frame.index)
    )
    assert len(views) > 20 and frame["view_score"].max() > 4.0 * frame["view_score"].median()


def test_an_operator_has_the_mean_over_its_sessions(scored):
    """The anomaly scores of an operator are the means over its sessions of two weeks."""
    frame, tables = scored
    owner = (
        tables["sessions"]
        .select("session_id", "operator_id")
        .to_pandas()
        .set_index("session_id")["operator_id"]
    )
    found = compute(tables, OPERATOR_SCORES, "operator")
    expected = frame.groupby(owner.reindex(frame.index))[["view_score", "engagement_score"]].mean()
    np.testing.assert_allclose(found.to_numpy(), expected.reindex(found.index).to_numpy())


def test_a_night_reads_its_sessions_once_for_both_and_finds_the_same(tiny, scored):
    """What is kept among the tables equals what the engine makes without it."""
    alone, wanted = scored[0], peer_deviation.recent_sessions(scored[1])[:20]
    tables = Snapshot.open(tiny, CUT)
    signals = peer_deviation.signals_of(tables, catalogue.of_entity("session"), "session", wanted)
    expected = compute(Snapshot.open(tiny, CUT), catalogue.of_entity("session"), "session", wanted)
    pd.testing.assert_frame_equal(signals, expected, rtol=1e-12)
    kept = tables.derived_frame(peer_deviation.session_anomaly_scores).set_index("session_id")
    pd.testing.assert_frame_equal(kept, alone.reindex(kept.index), rtol=1e-9)


def test_where_there_is_nothing_to_compare_nothing_is_said(tiny):
    """Without anything to compare with the anomaly score is unknown."""
    known = Snapshot.open(tiny, CUT)
    none = known["sessions"].filter(known["sessions"].session_id.isnull())
    tables = Snapshot({**known, "sessions": none}, CUT)
    assert compute(tables, OPERATOR_SCORES, "operator").empty
    assert compute(tables, SESSION_SCORES, "session").empty


def test_counters_by_minute_count_whether_or_not_single_views_are_known():
    """A known join time does not silence them."""
    n, rng = 200, np.random.default_rng(7)
    signals = pd.DataFrame(
        {
            "view_count": 500.0,
            "flash_view_share": np.abs(rng.normal(0.1, 0.01, n)),
            "peak_to_mean_ratio": rng.normal(2, 0.1, n),
        }
    )
    signals.index = [f"s{i}" for i in range(n)]
    signals.loc[["s0", "s1"], "peak_to_mean_ratio"] = 9.0
    signals.loc["s1", ["view_count", "flash_view_share"]] = np.nan
    contributions = anomaly_contributions(signals, catalogue.BY_NAME, "session")[
        "peak_to_mean_ratio"
    ]
    assert contributions["s0"] == pytest.approx(contributions["s1"]) and contributions["s1"] > 1.0
