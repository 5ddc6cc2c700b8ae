"""A frame without tables knows no more than a platform that never delivered them."""

from __future__ import annotations

import pandas as pd
import pytest

from data_contracts.lake import Lake
from features import catalogue
from features.declaration import OPERATOR, ORDER, SESSION
from features.engine.compute import compute
from features.engine.snapshot import Snapshot
from training.prior import world_frames
from training.prior.world_frames import WorldFrame, last_moment, tables_behind


def frame_of(entity, signals):
    empty = pd.DataFrame(index=signals.index)
    scheme = pd.Series("", signals.index)
    return WorldFrame("f", "w", entity, signals, None, empty, empty, scheme)


@pytest.fixture(scope="module")
def snapshot(tiny):
    lake = Lake.open(tiny)
    with Snapshot.open(lake, last_moment(lake.root)) as tables:
        yield tables


def test_a_signal_rests_on_what_it_is_made_from():
    """Own levels rest on the tables of their habit, mean anomaly scores on those of sessions."""
    behind = {s.name: tables_behind(s) for s in catalogue.CATALOGUE}
    assert "interactions" in behind["commonest_text_share_above_own_level"]
    assert {"views", "sessions"} <= behind["session_view_anomaly_score_mean"]
    assert all(set(s.reads) <= behind[s.name] for s in catalogue.CATALOGUE)


@pytest.mark.slow
@pytest.mark.parametrize("entity", [SESSION, OPERATOR, ORDER])
@pytest.mark.parametrize(
    "lost", [("views", "interactions", "orders", "reviews"), ("room_minutes",)]
)
def test_dropped_tables_leave_no_trace(snapshot, entity, lost):
    """What is unknown without the tables is unknown in a frame that had them."""
    declared = catalogue.of_entity(entity)
    ids = None
    if entity != OPERATOR:
        table = snapshot["sessions" if entity == SESSION else "orders"]
        ids = sorted(table[f"{entity}_id"].to_pandas())[:300]
    whole = frame_of(entity, compute(snapshot, declared, entity, ids)).without_tables(set(lost))
    real = compute(snapshot.without(*lost), declared, entity, ids)
    known = set(whole.signals.columns[whole.signals.notna().any()])
    assert known <= set(real.columns[real.notna().any()])
    assert known or entity == ORDER


@pytest.mark.slow
def test_anomaly_scores_are_made_of_what_is_left(snapshot):
    """Scores of sessions without interactions are those of their views alone."""
    ids = world_frames._entities(snapshot, SESSION)
    lost = ("interactions",)
    whole = frame_of(SESSION, compute(snapshot, catalogue.of_entity(SESSION), SESSION, ids))
    left = whole.without_tables(set(lost)).signals["session_view_anomaly_score"]
    real = compute(snapshot.without(*lost), catalogue.of_entity(SESSION), SESSION, ids)
    pd.testing.assert_series_equal(
        left, real["session_view_anomaly_score"].reindex(left.index), rtol=0.05, atol=0.5
    )
