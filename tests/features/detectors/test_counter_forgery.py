"""Claims about counters of whole sessions beside forgeries of themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.declaration import signals_in
from features.detectors.counter_forgery import MIN_SESSIONS, _past, forgery_log_odds
from features.detectors.inflation_shapes import ENGAGEMENT_SHAPES, VIEW_SHAPES, forged, idle
from features.engine.compute import compute
from features.engine.snapshot import Snapshot
from features.signals.operators import forged_counters as operator_forged_counters
from features.signals.sessions import forged_counters


def rooms(operators: int = 60, each: int = 20, seed: int = 1) -> pd.DataFrame:
    """Sessions of rooms of very different size, each room much the same from day to day."""
    rng = np.random.default_rng(seed)
    n = operators * each
    size = np.repeat(np.exp(rng.uniform(3, 7, operators)), each)
    viewers = size * np.exp(rng.normal(0, 0.2, n))
    hours = rng.uniform(1, 5, n)
    views = viewers * hours * 1.6 * np.exp(rng.normal(0, 0.2, n))
    return pd.DataFrame(
        {
            "operator_id": np.repeat([f"o{i:03d}" for i in range(operators)], each),
            "category": None,
            "hours": hours,
            "viewers": viewers.round(),
            "peak": (viewers * np.exp(np.abs(rng.normal(0.3, 0.1, n)))).round(),
            "views": views.round(),
            "likes": np.nan,
            "comments": np.nan,
            "follows": (views * 0.02 * np.exp(rng.normal(0, 0.5, n))).round(),
        }
    )


def test_sessions_with_bots_stand_out_of_their_room_and_honest_ones_do_not():
    """Sessions with bots stand out of their room, and honest ones do not."""
    t = rooms()
    hit = np.arange(15, len(t), 40)
    botted = t.copy()
    botted.loc[hit] = forged(t.loc[hit], idle, np.full(len(hit), 1.0))
    score = forgery_log_odds(botted, VIEW_SHAPES)
    honest = np.setdiff1d(np.flatnonzero(np.arange(len(t)) % 20 >= 5), hit)
    assert (score[hit] > np.nanquantile(score[honest], 0.95)).mean() > 0.6


def test_equal_counters_give_equal_odds():
    """The same counters give the same odds, and unknown counters ask nothing."""
    t = rooms()
    np.testing.assert_array_equal(
        forgery_log_odds(t, VIEW_SHAPES), forgery_log_odds(t, VIEW_SHAPES)
    )
    assert np.isnan(
        forgery_log_odds(t.assign(follows=np.nan), ENGAGEMENT_SHAPES)
    ).all()  # neither follows, likes nor comments are there


def test_small_sessions_and_small_platforms_are_not_judged():
    """Small sessions and small platforms are not judged."""
    t = rooms()
    t.loc[:9, "viewers"] = 9.0
    score = forgery_log_odds(t, VIEW_SHAPES)
    assert np.isnan(score[:10]).all() and np.isfinite(score[10:]).all()
    assert np.isnan(forgery_log_odds(t.head(MIN_SESSIONS - 1), VIEW_SHAPES)).all()


def test_the_past_of_a_session_is_its_operators_earlier_ones_alone():
    """The past of a session is its operator's earlier sessions alone."""
    values = np.array([[1.0], [3.0], [np.nan], [5.0], [100.0], [7.0]])
    found = _past(values, np.array([0, 4, 6]), 20)
    assert np.isnan(found[0, :5]).all() and found[:, 5].tolist() == [0, 1, 2, 3, 0, 1]
    assert (
        found[3, 0] == pytest.approx(2.0) and found[3, 4] == 3.0
    )  # median of 1 and 3, last known 3
    assert found[5, 0] == 100.0  # not of the operator before


def test_a_forgery_is_in_whole_numbers():
    """A forgery is in whole numbers."""
    t = rooms(3, 3)
    for shape in (*VIEW_SHAPES, *ENGAGEMENT_SHAPES):
        changed = forged(t, shape, np.full(len(t), 0.37))
        known = changed[["viewers", "peak", "views", "follows"]].to_numpy()
        assert np.array_equal(known, known.round())


def test_odds_reach_sessions_and_their_operators():
    """Odds reach sessions and their operators."""
    t = rooms()
    ends = pd.Timestamp("2026-01-05") + pd.to_timedelta(np.tile(np.arange(20), 60), unit="D")
    names = [f"s{i:04d}" for i in range(len(t))]
    sessions = pd.DataFrame(
        {
            "session_id": names,
            "operator_id": t["operator_id"],
            "started_at": (ends - pd.to_timedelta(t["hours"], unit="h")).astype("datetime64[s]"),
            "ended_at": ends,
            "received_at": ends,
        }
    )
    counters = pd.DataFrame(
        {
            "session_id": names,
            "average_viewers": t["viewers"],
            "peak_viewers": t["peak"],
            "views": t["views"],
            "follows": t["follows"],
            "received_at": ends,
        }
    )
    tables = Snapshot.from_frames({"sessions": sessions, "session_totals": counters})
    of_sessions = compute(tables, signals_in(forged_counters), "session")
    of_operators = compute(tables, signals_in(operator_forged_counters), "operator")
    assert of_sessions.notna().all().all() and len(of_operators) == 60
    mean = of_sessions["forged_view_odds"].groupby(t["operator_id"].to_numpy()).mean()
    np.testing.assert_allclose(of_operators["forged_view_odds_mean"], mean)
