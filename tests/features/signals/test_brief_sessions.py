"""A test stream of seconds says nothing of shape, and nothing of its operator."""

from __future__ import annotations

import pandas as pd
import pytest

from features.catalogue import BY_NAME
from features.declaration import OPERATOR, SESSION
from features.engine.compute import compute
from tests.spec.tables import sessions, views

SHAPES = (
    "short_view_share",
    "stay_spread_ratio",
    "whole_session_stay_share",
    "burst_join_share",
    "busiest_step_join_share",
    "densest_cell_view_share",
)
VIEWS = views("s a t5 t40", "s b t14 t110", "s c t23 t90", "s d t23 t299")


@pytest.mark.parametrize(("seconds", "known"), [(299, False), (300, True)])
def test_shape_is_unknown_below_five_minutes(seconds, known):
    """Shape is unknown below five minutes."""
    frames = {"views": VIEWS, "sessions": sessions("s", hours=seconds / 3600)}
    values = compute(frames, [BY_NAME[n] for n in (*SHAPES, "view_count")], SESSION)
    assert values.loc["s", list(SHAPES)].notna().all() == known
    assert values.loc["s", list(SHAPES)].notna().any() == known
    assert values.loc["s", "view_count"] == 4


def test_shape_is_known_where_no_end_is():
    """A session that runs has no end yet; bursts and short views of it are known."""
    frames = {"views": VIEWS, "sessions": sessions("s").assign(ended_at=None)}
    names = ["short_view_share", "busiest_step_join_share"]
    assert compute(frames, [BY_NAME[n] for n in names], SESSION).notna().all(axis=None)


def test_a_test_stream_is_not_compared_with_the_operators_sessions():
    """Two sessions with four views, and a test with one: the operator's views do not vary."""
    whole = sessions("s1", "s2", "brief").assign(operator_id="o")
    whole.loc[2, "ended_at"] = (
        whole.loc[2, "started_at"] + (VIEWS["left_at"] - VIEWS["joined_at"])[0]
    )
    rows = [VIEWS.assign(session_id=s) for s in ("s1", "s2")] + [views("brief a t1 t9")]
    names = ["views_log_sd", "views_log_peak", "operator_session_count"]
    frames = {"views": pd.concat(rows, ignore_index=True), "sessions": whole}
    values = compute(frames, [BY_NAME[n] for n in names], OPERATOR)
    assert values.loc["o"].tolist() == [0.0, 0.0, 2.0]
