"""The latest night of the small world in its engine, and what tests of its dossiers open."""

from __future__ import annotations

import pytest

from data_contracts.lake import Lake
from serving.desk.nights import NIGHTS
from serving.dossiers.night_tables import NightTables


@pytest.fixture(scope="session")
def night(published) -> NightTables:
    """The latest night of the small world, in its engine."""
    return NIGHTS.open(Lake.open(published))


@pytest.fixture(scope="session")
def riskiest(night) -> str:
    """The operator of the highest risk."""
    sql = "SELECT operator_id FROM tier_decisions ORDER BY risk DESC NULLS LAST, operator_id"
    return night.first(sql)["operator_id"]


@pytest.fixture(scope="session")
def falsest(night) -> str:
    """The session with most views that are named false."""
    sql = "SELECT session_id FROM false_views GROUP BY 1 ORDER BY count(*) DESC, 1"
    return night.first(sql)["session_id"]


@pytest.fixture(scope="session")
def largest_ring(night) -> str:
    """The ring with most members."""
    return night.first("SELECT ring_id FROM rings ORDER BY members DESC, ring_id")["ring_id"]
