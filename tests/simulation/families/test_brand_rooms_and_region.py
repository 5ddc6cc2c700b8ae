"""What makes brand rooms and the small region families of their own."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from simulation.families.registry import family_named, truth_folder


@pytest.fixture(scope="module", params=[61, 62])
def brand_rooms(request, tmp_path_factory):
    """Lake of brand rooms."""
    return written("brand_rooms", request.param, tmp_path_factory)


@pytest.fixture(scope="module", params=[61, 62])
def small_region(request, tmp_path_factory):
    """Lake of a small region."""
    return written("small_region", request.param, tmp_path_factory)


def written(name, seed, tmp_path_factory):
    """Folder of a lake that a family wrote."""
    lake = tmp_path_factory.mktemp(name) / "lake"
    family_named(name).write(lake, truth_folder(lake), seed)
    return lake


def test_brand_rooms_are_open_for_days_and_seen_by_guests(brand_rooms):
    """Brand rooms are open for days, and guests watch them."""
    sessions = pd.read_parquet(brand_rooms / "sessions.parquet")
    hours = (sessions["ended_at"] - sessions["started_at"]).dt.total_seconds() / 3_600
    assert (hours >= 17).mean() > 0.25
    views = pd.read_parquet(brand_rooms / "views.parquet", columns=["account_id", "joined_at"])
    world = json.loads((truth_folder(brand_rooms) / "world.json").read_text())
    assert abs(views["account_id"].isna().mean() - world["guests"]) < 0.15
    local = (views["joined_at"] + pd.Timedelta(hours=8)).dt.hour
    assert 0.02 < (local < 6).mean() < 0.4


def test_people_of_a_small_region_meet_in_most_rooms(small_region):
    """The median of those who come at all watches a quarter of the forty operators."""
    sessions = pd.read_parquet(small_region / "sessions.parquet")
    operator = sessions.set_index("session_id")["operator_id"]
    assert operator.nunique() == 40
    views = pd.read_parquet(small_region / "views.parquet", columns=["session_id", "account_id"])
    rooms = views["session_id"].map(operator).groupby(views["account_id"]).nunique()
    assert rooms.median() >= 10


def test_small_region_has_few_verdicts(small_region):
    """The small region has few verdicts."""
    path = small_region / "outcomes.parquet"
    rows = len(pd.read_parquet(path)) if path.exists() else 0
    assert rows <= 50
