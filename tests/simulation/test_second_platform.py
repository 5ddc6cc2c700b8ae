"""The second simulator: a platform by other mechanics that fulfils the same contracts."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd
import pyarrow.parquet as pq
import pytest

from data_contracts.errors import LakeProblem
from data_contracts.row_checks import check_lake
from data_contracts.runs import read_outbound
from serving.nightly.pipeline import nightly
from serving.policy.load import load_policy
from simulation.schemes import SCHEMES, TYPOLOGY
from simulation.second_platform.platform import PlatformSpec, write_platform
from tests.simulation.test_world import START, bytes_of, read

DAYS = 8


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A platform of eight days and its ground truth."""
    folder = tmp_path_factory.mktemp("platform")
    write_platform(folder / "lake", folder / "truth", PlatformSpec(5, 200, 9_000, DAYS, START))
    return folder


def truth(place, name):
    return pd.concat(
        [pq.read_table(p).to_pandas() for p in sorted((place / "truth" / name).glob("*.parquet"))]
    )


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path):
    """The same seed gives the same bytes, and another seed does not."""
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        spec = PlatformSpec(seed, 40, 3_000, 2, START)
        write_platform(tmp_path / name, tmp_path / f"{name}-truth", spec)
    assert bytes_of(tmp_path / "a") == bytes_of(tmp_path / "b") != bytes_of(tmp_path / "c")
    assert bytes_of(tmp_path / "a-truth") == bytes_of(tmp_path / "b-truth")


def test_where_nobody_cheats_nothing_is_planted(tmp_path):
    """A platform without cheats has nothing planted."""
    spec = PlatformSpec(3, 40, 3_000, 2, START, cheating_share=0.0)
    write_platform(tmp_path / "lake", tmp_path / "truth", spec)
    assert pq.read_table(tmp_path / "truth" / "operators.parquet").num_rows == 0
    assert not [p for p in (tmp_path / "truth").glob("*/*.parquet") if pq.read_table(p).num_rows]


def test_a_market_keeps_to_the_contracts_and_is_not_written_over(place):
    """A market keeps to the contracts and is not written over."""
    assert sum(c.quarantined for c in check_lake(place / "lake", datetime(2026, 2, 1))) == 0
    with pytest.raises(LakeProblem, match="not empty"):
        write_platform(place / "lake", place / "other", PlatformSpec(1, 10, 1_000, 1, START))
    assert not (place / "other").exists()


def test_people_swipe_so_that_many_honest_views_last_seconds(place):
    """People swipe, so that many honest views last seconds."""
    views, planted = read(place / "lake", "views"), truth(place, "views")
    key = ["session_id", "account_id", "joined_at"]
    honest = views.merge(planted[key].drop_duplicates(), on=key, how="left", indicator=True).query(
        "_merge == 'left_only'"
    )
    stay = (honest["left_at"] - honest["joined_at"]).dt.total_seconds()
    assert 0.1 < (stay <= 3).mean() < 0.3
    assert honest.groupby("account_id")["session_id"].nunique().median() >= 3


def test_what_is_planted_is_named_by_known_schemes_and_lies_in_the_lake(place):
    """Planted rows have a known scheme, and lie in the lake."""
    sessions, views, orders = (truth(place, n) for n in ("sessions", "views", "orders"))
    assert set(sessions["scheme"]) <= set(SCHEMES[1:]) and len(set(sessions["scheme"])) >= 8
    assert {TYPOLOGY[s] for s in sessions["scheme"]} >= {
        "view_fraud",
        "engagement_fraud",
        "order_fraud",
    }
    assert set(views["session_id"]) <= set(sessions["session_id"]) and len(orders) > 50
    delivered = set(read(place / "lake", "orders")["order_id"])
    assert len(set(orders["order_id"]) & delivered) > 0.9 * len(
        orders
    )  # the last minutes' are not received yet


@pytest.mark.slow
def test_a_night_without_models_reviews_hardly_any_honest_operator(place, tmp_path):
    """Two platforms together: one has 150 honest operators, of whom .03 are fewer than five."""
    write_platform(tmp_path / "lake", tmp_path / "truth", PlatformSpec(6, 200, 9_000, DAYS, START))
    honest = []
    for platform in (place, tmp_path):
        nightly(platform / "lake", date(2026, 1, 12), None, load_policy())
        tiers = read_outbound(platform / "lake", "tier_decisions").set_index("operator_id")["tier"]
        planted = pq.read_table(platform / "truth" / "operators.parquet")["operator_id"]
        honest.append(tiers[~tiers.index.isin(planted.to_pylist())])
    honest = pd.concat(honest)
    assert len(honest) > 200 and (honest != "A").mean() < 0.03 and (honest != "D").all()
