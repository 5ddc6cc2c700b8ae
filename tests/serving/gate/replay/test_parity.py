"""Parity: LIVE signals of the gate's minutes beside those of the lake."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from data_contracts.runs import published_run
from features.engine.minute_arrays import minutes_frame, ragged
from features.engine.minute_kernels import COLUMNS
from features.engine.snapshot import Snapshot
from serving.cli.main import app
from serving.cli.night_commands import compare_with_gate
from serving.gate.dependencies.minute_store import open_minute_store
from serving.gate.parity import keep_parity, parity_of_night
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
    """The same minutes have the same values, bit for bit."""
    found = parity_of_night(seen[0], NIGHT)
    assert found.holds and found.sessions == SESSIONS and len(found.signals) > 20
    assert found.only_online == 0 and found.only_offline > 0


def test_another_minute_is_a_difference_and_a_lost_counter_is_missing(seen):
    """A different minute is a difference, and a lost counter is missing."""
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
    """A lake without minutes of a gate is named as such."""
    with pytest.raises(LakeProblem, match="has no minutes of a gate"):
        parity_of_night(tmp_path, NIGHT)


def test_a_night_compares_and_its_report_shows_what_differs(seen, published, models):
    """`nightly` compares with the gate once; counts without ids are private and in the report."""
    lake, store, ids = seen
    changed = np.full(len(COLUMNS), np.nan)
    changed[COLUMNS.index("viewers")] = 9e6
    store.put(ids[2], "o", [(0, changed)])
    shutil.copytree(published / "views", lake.root / "views")
    shutil.rmtree(lake.runs)
    arguments = ["nightly", str(lake.root), "--date", str(NIGHT), "--models", str(models)]
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    path = lake.parity(NIGHT)
    kept = json.loads(path.read_text())
    assert done.exit_code == 0 and path.stat().st_mode & 0o777 == 0o600
    assert kept["sessions"] == SESSIONS and not kept["equal"]
    assert not any(name in path.read_text() for name in ids)
    worst = min(kept["signals"], key=lambda s: (s["equal"], s["signal"]))
    page = published_run(lake).text("report/en/report.html")
    assert f"{SESSIONS} sessions were compared" in page
    assert f'<code>{worst["signal"]}</code></td><td class="number">{worst["equal"]}<' in page
    assert keep_parity(lake, NIGHT) is None  # once


def test_a_gate_that_shares_no_session_stops_no_night(seen, tmp_path, capsys):
    """What cannot be compared is said on stderr."""
    lake = Lake(tmp_path)
    shutil.copytree(seen[0].root / "room_minutes", tmp_path / "room_minutes")
    changed = np.full(len(COLUMNS), np.nan)
    open_minute_store(lake, None).put("elsewhere", "o", [(0, changed)])
    compare_with_gate(tmp_path, NIGHT, lambda _: None)
    words = " ".join(capsys.readouterr().err.split())
    assert "no session of the gate is in the lake" in words
    assert not lake.parity(NIGHT).exists()
