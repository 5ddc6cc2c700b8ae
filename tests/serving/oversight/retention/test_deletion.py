"""Retention: nothing goes before its floor, holds and key operators stay, deletions are lines."""

from __future__ import annotations

import shutil
from datetime import date, datetime, timedelta

import pyarrow.parquet as pq
import pytest

from data_contracts.lake import Lake
from data_contracts.runs import published_runs, read_outbound
from serving.ledger.hash_chain import first_broken_line, read_records
from serving.oversight.retention import deletion as retention
from serving.oversight.retention.legal_holds import RetentionRefused, set_hold
from serving.policy.load import BadPolicy, load_policy, parse_policy
from tests.conftest import START

POLICY = load_policy()
FLOOR = timedelta(days=60)


@pytest.fixture
def lake(published, tmp_path):
    """The published lake without complaints: open ones keep rows (`test_proceedings`)."""
    ignored = shutil.ignore_patterns("online", "complaints")
    shutil.copytree(published, tmp_path / "lake", ignore=ignored)
    return tmp_path / "lake"


def rows(lake, table):
    return sum(pq.read_metadata(f).num_rows for f in Lake(lake).files(table))


def noon(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time()) + timedelta(hours=12)


def test_a_day_may_go_on_the_day_after_its_floor_and_not_on_it(lake):
    """A day may go on the day after its floor and not on it."""
    assert [d for d in retention.deletable(lake, START + FLOOR, POLICY) if d.table == "views"] == []
    one = [
        d
        for d in retention.deletable(lake, START + FLOOR + timedelta(days=1), POLICY)
        if d.table == "views"
    ]
    assert [d.day for d in one] == [START.isoformat()]


def test_what_is_too_early_is_refused_whole_and_nothing_is_deleted(lake):
    """A deletion that is too early is refused whole, and nothing is deleted."""
    before = rows(lake, "views")
    with pytest.raises(RetentionRefused, match="kept 60 days"):
        retention.delete_days(
            lake,
            "views",
            START + timedelta(days=3),
            "desk",
            noon(START + FLOOR + timedelta(days=2)),
            POLICY,
        )
    with pytest.raises(RetentionRefused, match="kept 1095 days"):
        retention.delete_days(
            lake,
            "orders",
            START + timedelta(days=3),
            "desk",
            noon(START + timedelta(days=1000)),
            POLICY,
        )
    assert rows(lake, "views") == before and not Lake(lake).deletions.exists()


def test_key_operators_live_content_stays_longer_and_then_goes(lake):
    """Live content of key operators stays longer, and then goes."""
    key = {
        o
        for night in published_runs(lake)
        for o in read_outbound(lake, "tier_decisions", night).query("is_key_operator")[
            "operator_id"
        ]
    }
    owner = (
        pq.ParquetDataset([str(f) for f in Lake(lake).files("sessions")])
        .read()
        .to_pandas()
        .set_index("session_id")["operator_id"]
    )
    soon = START + FLOOR + timedelta(days=20)
    done = retention.delete_days(
        lake, "views", START + timedelta(days=16), "desk", noon(soon), POLICY
    )
    left = pq.ParquetDataset([str(f) for f in Lake(lake).files("views")]).read().to_pandas()
    assert len(left) == sum(d.stay for d in done) > 0 and set(left["session_id"].map(owner)) <= key
    later = START + timedelta(days=POLICY.retention.key_operator_live_content + 20)
    retention.delete_days(lake, "views", START + timedelta(days=16), "desk", noon(later), POLICY)
    assert Lake(lake).files("views") == []


def test_a_legal_hold_keeps_rows_until_it_is_lifted(lake):
    """A legal hold keeps rows until it is lifted."""
    orders = pq.ParquetDataset([str(f) for f in Lake(lake).files("orders")]).read().to_pandas()
    owner = orders["operator_id"].value_counts().index[0]
    late = START + timedelta(days=1200)
    set_hold(lake, owner, "counsel", "case 7", False, noon(late))
    retention.delete_days(lake, "parcels", late - timedelta(days=1096), "desk", noon(late), POLICY)
    retention.delete_days(lake, "orders", late - timedelta(days=1096), "desk", noon(late), POLICY)
    left = pq.ParquetDataset([str(f) for f in Lake(lake).files("orders")]).read().to_pandas()
    signed = pq.ParquetDataset([str(f) for f in Lake(lake).files("parcels")]).read().to_pandas()
    done = set(signed.loc[signed["signed_at"].notna(), "order_id"])
    assert (left["operator_id"] == owner).sum() == (orders["operator_id"] == owner).sum()
    others = left[left["operator_id"] != owner]  # paid for, and never delivered or refunded
    assert others["paid_at"].notna().all() and not set(others["order_id"]) & done
    assert rows(lake, "parcels") > 0
    set_hold(lake, owner, "counsel", "closed", True, noon(late))
    retention.delete_days(lake, "orders", late - timedelta(days=1096), "desk", noon(late), POLICY)
    left = pq.ParquetDataset([str(f) for f in Lake(lake).files("orders")]).read().to_pandas()
    assert left["paid_at"].notna().all() and not set(left["order_id"]) & done
    with pytest.raises(RetentionRefused, match="no legal hold"):
        set_hold(lake, owner, "counsel", "again", True, noon(late))


def test_each_deletion_is_a_line_with_the_digests_of_what_went(lake):
    """Each deletion is a line with the digests of the deleted files."""
    late = START + timedelta(days=400)
    done = retention.delete_days(
        lake, "views", START + timedelta(days=5), "desk", noon(late), POLICY
    )
    log = read_records(Lake(lake).deletions)
    assert [r["day"] for r in log] == [d.day for d in done] and len(done) == 5
    assert (
        all(len(x) == 64 for r in log for x in r["files"].values())
        and first_broken_line(Lake(lake).deletions) is None
    )
    assert (
        retention.delete_days(lake, "views", START + timedelta(days=5), "desk", noon(late), POLICY)
        == []
    )  # a rerun finds nothing


def test_a_run_goes_whole_and_its_decisions_stay(lake):
    """A run is deleted whole, and its decisions stay."""
    late = START + timedelta(days=1300)
    night = min(published_runs(lake))
    lines = len((lake / "journal" / "decisions.jsonl").read_text().splitlines())
    retention.delete_days(
        lake, "runs", date.fromisoformat(night) + timedelta(days=1), "desk", noon(late), POLICY
    )
    assert not (lake / "runs" / published_runs(lake)[night]).exists()
    assert len((lake / "journal" / "decisions.jsonl").read_text().splitlines()) == lines


BELOW_THE_FLOOR = [
    ("live_content = 60", "live_content = 59"),
    ("trade = 1095", "trade = 1094"),
    ("record = 1095", "record = 1"),
]


@pytest.mark.parametrize(("old", "new"), BELOW_THE_FLOOR)
def test_a_policy_below_the_laws_floor_is_refused(old, new):
    """A policy below the law's floor is refused."""
    with pytest.raises(BadPolicy, match="retention"):
        parse_policy(POLICY.text.replace(old, new, 1))
