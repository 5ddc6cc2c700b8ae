"""Which sessions tonight's are compared with, and that a night keeps what they showed."""

from __future__ import annotations

import json
from datetime import timedelta

import numpy as np
import pytest

from data_contracts.runs import published_run, read_outbound
from data_contracts.runs import published_runs as nights
from data_contracts.verification.published_run import unfinished_run
from features.engine.snapshot import Snapshot
from serving.scoring import peer_snapshots
from serving.scoring.scope import (
    MIN_COMPARED_SESSIONS,
    moment_of,
    reference_sessions,
    scope_of_night,
)
from tests.conftest import NIGHT


@pytest.fixture(scope="module")
def tables(tiny):
    return Snapshot.open(tiny, moment_of(NIGHT))


def test_few_sessions_are_compared_with_two_weeks(tables):
    """A day with few sessions is compared with others of two weeks as well."""
    as_of = moment_of(NIGHT)
    tonight = scope_of_night(tables, as_of).sessions
    further = reference_sessions(tables, as_of, tonight)
    when = (
        tables["sessions"]
        .select("session_id", "received_at")
        .to_pandas()
        .set_index("session_id")["received_at"]
    )
    assert further and not set(further) & set(tonight) and len(set(further)) == len(further)
    assert when[further].min() >= as_of - timedelta(days=14)
    assert len(tonight) + len(further) == min(
        MIN_COMPARED_SESSIONS, int((when >= as_of - timedelta(days=14)).sum())
    )


def test_a_day_with_enough_sessions_is_compared_with_itself(tables):
    """A day with enough sessions is compared with itself."""
    many = [f"s{i}" for i in range(MIN_COMPARED_SESSIONS)]
    assert reference_sessions(tables, moment_of(NIGHT), many) == []
    assert len(reference_sessions(tables, moment_of(NIGHT), many[:-1])) == 1


def test_sessions_that_are_only_compared_with_are_not_published(published, tables):
    """Sessions that are only compared with are not published."""
    scores = read_outbound(published, "scores")
    tonight = set(scope_of_night(tables, moment_of(NIGHT)).sessions)
    assert set(scores.loc[scores["entity_kind"] == "session", "entity_id"]) == tonight
    assert (
        set(read_outbound(published, "signals").query("entity_kind == 'session'")["entity_id"])
        <= tonight
    )


def test_peer_snapshots_are_kept_bit_for_bit(published, tmp_path):
    """A night keeps its peer snapshots bit for bit, and a lake without any has none."""
    run = published / "runs" / nights(published)[NIGHT.isoformat()]
    found = peer_snapshots.read_peer_snapshots(published_run(published))
    assert set(found) >= {"session_inflation", peer_snapshots.LIVE_MODEL, "order_brushing"}
    again = {name: p.as_json() for name, p in found.items()}
    assert again == json.loads((run / peer_snapshots.FILE).read_text())
    assert all(np.isfinite(p.baseline.compared_medians).any() for p in found.values())
    assert peer_snapshots.read_peer_snapshots(unfinished_run(tmp_path)) == {}
    older = again | {
        peer_snapshots.LIVE_MODEL: {
            k: v for k, v in again[peer_snapshots.LIVE_MODEL].items() if k != "ranks"
        }
    }
    (tmp_path / peer_snapshots.FILE).write_text(json.dumps(older))
    assert set(peer_snapshots.read_peer_snapshots(unfinished_run(tmp_path))) == set(found) - {
        peer_snapshots.LIVE_MODEL
    }  # kept by a version that had no ranks
