"""A night in an engine: what it holds is what was published."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from data_contracts.errors import LakeProblem, NightRefused
from data_contracts.lake import Lake
from data_contracts.runs import read_outbound, run_folder
from features.declaration import OPERATOR, SESSION
from serving.desk.nights import MAX_NIGHTS_IN_MEMORY, NIGHTS, Nights, read_ahead
from serving.dossiers.night_tables import WHOLE_TABLES
from serving.nightly.scored_night import rings_of
from tests.whole.night_runs import copied


def test_every_published_row_is_in_the_engine(night, published):
    """Each table has as many rows as the file of the run, and scores have one owner each."""
    for name in (*WHOLE_TABLES, "ring_links", "ring_operators", "scores"):
        assert night.count(f"SELECT count(*) FROM {name}") == len(read_outbound(published, name))
    sql = "SELECT count(*) FROM scores WHERE entity_kind = ? AND operator_id IS NULL"
    assert night.count(sql, SESSION) == 0 and night.count(sql, OPERATOR) == 0
    twice = "SELECT 1 FROM scores WHERE leads GROUP BY entity_kind, entity_id HAVING count(*) > 1"
    assert night.rows(twice) == []


def test_history_has_every_night(night):
    """The history of an operator has both nights, oldest first."""
    dates = night.rows("SELECT DISTINCT date FROM history ORDER BY date")
    assert [r["date"] for r in dates] == [date(2026, 1, 19), date(2026, 1, 20)]


def test_links_of_rings_are_those_that_were_found(night, published):
    """Published links and operators of each ring are those that finding them anew gives."""
    found = rings_of(published, night.date)
    assert len(found.rings)
    for ring_id in found.rings["ring_id"]:
        ring = found.ring(ring_id)
        links = night.rows("SELECT * FROM ring_links WHERE ring_id = ?", ring_id)
        assert {(r["left_account"], r["right_account"], r["kind"], r["times"]) for r in links} == {
            tuple(r) for r in ring.links[["left", "right", "kind", "times"]].itertuples(index=False)
        }
        met = night.rows("SELECT operator_id FROM ring_operators WHERE ring_id = ?", ring_id)
        assert tuple(sorted(r["operator_id"] for r in met)) == ring.shops


def test_a_damaged_night_is_refused(published, tmp_path):
    """A file that is not the published one is not shown."""
    lake = copied(published, tmp_path / "lake")
    path = run_folder(lake) / "tier_decisions.parquet"
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.unlink()
    path.write_bytes(body)
    with pytest.raises(NightRefused):
        Nights().open(Lake.open(lake))


def test_a_night_that_was_not_published_is_no_night(published, tmp_path):
    """An unknown date, and a lake without nights, are said to be so."""
    with pytest.raises(LakeProblem):
        NIGHTS.open(Lake.open(published), date(2020, 1, 1))
    (tmp_path / "empty").mkdir()
    with pytest.raises(LakeProblem):
        NIGHTS.open(Lake.open(tmp_path / "empty"))


def test_a_lake_without_optional_tables_opens(published, tmp_path):
    """Tables that were not delivered are empty, and the night opens."""
    lake = copied(published, tmp_path / "lake")
    for name in ("boosts", "room_links", "outcomes", "operators"):
        shutil.rmtree(Path(lake) / name, ignore_errors=True)
    tables = Nights().open(Lake.open(lake))
    assert tables.count("SELECT count(*) FROM boosts") == 0
    assert tables.count("SELECT count(*) FROM tier_decisions") > 0


def test_few_nights_are_kept(night, monkeypatch):
    """The night that was asked least recently goes; reading ahead leaves the latest in memory."""
    nights = Nights()
    for i in range(MAX_NIGHTS_IN_MEMORY + 2):
        nights.keep(("lake", str(i)), night)
    assert [run for _lake, run in nights.loaded] == ["2", "3", "4"]
    monkeypatch.setattr("serving.desk.nights.NIGHTS", nights)
    read_ahead(night.lake).join()
    assert (str(night.lake.root), night.run.run_id) in nights.loaded


def test_reading_ahead_of_no_night_is_quiet(tmp_path):
    """A lake without a published night is left to the pages."""
    read_ahead(Lake(tmp_path)).join()
