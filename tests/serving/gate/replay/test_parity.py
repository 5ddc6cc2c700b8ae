"""Parity: LIVE signals of the gate's minutes beside those of the lake."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from features.engine.minute_arrays import minutes_frame, ragged
from features.engine.minute_kernels import COLUMNS
from features.engine.snapshot import Snapshot
from serving.cli.main import app
from serving.gate.dependencies.minute_store import open_minute_store
from serving.gate.parity import parity_of_night
from serving.scoring.scope import moment_of
from tests.conftest import NIGHT

SESSIONS = 12


@pytest.fixture(scope="module")
def seen(published, tmp_path_factory):
    """A lake whose gate was sent the minutes of twelve sessions, as the platform delivered them."""
    folder = tmp_path_factory.mktemp("parity") / "lake"
    shutil.copytree(published, folder, ignore=shutil.ignore_patterns("online", "views"))
    lake = Lake(folder)
    ids, values, offsets = ragged(minutes_frame(Snapshot.open(lake, moment_of(NIGHT)), None))
    store = open_minute_store(lake, None)
    for i in range(SESSIONS):
        rows = values[offsets[i] : offsets[i + 1]]
        store.put(ids[i], "o", list(enumerate(rows)))
    return lake, store, list(ids)


def test_the_same_minutes_have_the_same_values_bit_for_bit(seen):
    found = parity_of_night(seen[0], NIGHT)
    assert found.holds and found.sessions == SESSIONS and len(found.signals) > 20
    assert found.only_online == 0 and found.only_offline > 0


def test_another_minute_is_a_difference_and_a_lost_counter_is_missing(seen):
    lake, store, ids = seen
    changed = np.full(len(COLUMNS), np.nan)
    changed[COLUMNS.index("viewers")] = 9e6
    store.put(ids[0], "o", [(0, changed)])
    store.put("elsewhere", "o", [(0, changed)])
    for minute in range(400):
        only = np.full(len(COLUMNS), np.nan)
        only[COLUMNS.index("viewers")] = 5.0
        store.put(ids[1], "o", [(minute, only)])
    found = parity_of_night(lake, NIGHT)
    assert not found.holds and found.only_online == 1
    assert sum(s.different for s in found.signals) and sum(s.missing for s in found.signals)
    assert max(s.largest_delta or 0.0 for s in found.signals) > 0.0
    for one in found.signals:
        assert one.equal + one.missing + one.extra + one.different == SESSIONS
    done = CliRunner().invoke(
        app, ["parity", str(lake.root), "--date", str(NIGHT), "--json"], catch_exceptions=False
    )
    printed = json.loads(done.stdout)
    assert printed["sessions"] == SESSIONS and not printed["equal"]
    assert printed["signals"][0].keys() >= {"signal", "equal", "missing", "extra", "different"}


def test_a_lake_without_a_gate_is_said(tmp_path):
    with pytest.raises(LakeProblem, match="has no minutes of a gate"):
        parity_of_night(tmp_path, NIGHT)
