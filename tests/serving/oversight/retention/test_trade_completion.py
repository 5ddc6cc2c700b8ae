"""Retention counts calendar years from completion of the trade."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pandas as pd
import pyarrow as pa
import pytest

from data_contracts.contract import contract
from data_contracts.lake import Lake
from serving.oversight.retention.deletion import deletable
from serving.oversight.retention.trade_completion import (
    first_kept_day,
    kept_until,
    years_after,
    young_orders,
)
from serving.policy.load import load_policy

POLICY = load_policy().retention
PLACED = datetime(2023, 1, 10, 12)
TODAY = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("day", "until"),
    [
        (date(2023, 3, 1), date(2026, 3, 1)),
        (date(2024, 2, 28), date(2027, 2, 28)),
        (date(2024, 2, 29), date(2027, 3, 1)),
        (date(2021, 3, 1), date(2024, 3, 1)),
    ],
)
def test_three_years_end_on_their_day(day, until):
    """Three years end on their day."""
    assert kept_until("orders", day, POLICY) == until == years_after(day, 3)
    assert first_kept_day("orders", until, POLICY) == day
    assert first_kept_day("orders", until + timedelta(days=1), POLICY) > day


def test_live_content_is_kept_by_days():
    """Live content is kept by days."""
    assert kept_until("views", date(2024, 2, 29), POLICY) == date(2024, 4, 29)


def delivered(tmp_path, orders, parcels=(), refunds=()) -> Lake:
    lake = Lake(tmp_path / "lake")
    tables = {
        "orders": (["order_id", "paid_at"], orders),
        "parcels": (["order_id", "signed_at"], parcels),
        "refunds": (["order_id", "refunded_at"], refunds),
    }
    fixed = {"operator_id": "o", "buyer_id": "b", "placed_at": PLACED, "session_id": "s"}
    for name, (columns, lines) in tables.items():
        if lines:
            more = fixed if name == "orders" else {"requested_at": PLACED}
            made = [dict(zip(columns, x, strict=True)) | more for x in lines]
            made = [one | {"received_at": PLACED} for one in made]
            lake.append_day(name, PLACED.date(), full(name, made))
    return lake


def full(name: str, rows: list[dict]) -> pa.Table:
    return pa.table({c.name: [r.get(c.name) for r in rows] for c in contract(name).columns})


def young(lake: Lake) -> set[str]:
    return set(young_orders(lake, TODAY, POLICY)["order_id"].to_pylist())


def test_an_order_is_old_three_years_after_it_was_completed(tmp_path):
    """The last signature or refund counts; what was paid and never arrived is not old."""
    early, late = PLACED + timedelta(days=5), datetime(2023, 7, 1)
    lake = delivered(
        tmp_path,
        [
            [o, None if o == "unpaid" else PLACED]
            for o in ("done", "late", "back", "open", "unpaid")
        ],
        [["done", early], ["late", late], ["back", early], ["open", None]],
        [["back", late]],
    )
    assert young(lake) == {"late", "back", "open"}


def test_without_parcels_completion_is_assumed_some_days_after_payment(tmp_path):
    """Completion is assumed some days after payment where no parcels are delivered."""
    late = datetime(2023, 3, 1)
    lake = delivered(tmp_path, [["old", datetime(2022, 10, 1)], ["young", late], ["unpaid", None]])
    assert young(lake) == {"young"}


def test_interactions_stay_with_the_order_of_their_session(tmp_path):
    """Interactions stay with the order of their session."""
    lake = delivered(tmp_path, [["open", PLACED]], [["open", None]])
    columns = ["session_id", "account_id", "kind", "at", "count", "text_hash", "received_at"]
    lines = [[s, "a", "like", PLACED, 1, None, PLACED] for s in ("s", "other")]
    lake.append_day("interactions", PLACED.date(), pd.DataFrame(lines, columns=columns))
    found = {d.table: (d.rows, d.stay) for d in deletable(lake, TODAY, load_policy())}
    assert found == {"interactions": (2, 1)}


@pytest.mark.parametrize(
    ("completed", "last_day"),
    [
        (datetime(2024, 2, 29, 12), date(2027, 3, 1)),
        (datetime(2024, 2, 28, 12), date(2027, 2, 28)),
        (datetime(2024, 3, 1, 12), date(2027, 3, 1)),
        (datetime(2025, 3, 1, 12), date(2028, 3, 1)),
    ],
)
def test_an_order_and_a_day_are_kept_equally_long(tmp_path, completed, last_day):
    """A trade completed on 29 February stays through 1 March, as a day folder does."""
    lake = delivered(tmp_path, [["o", PLACED]], [["o", completed]])
    assert kept_until("orders", completed.date(), POLICY) == last_day
    kept = [
        young_orders(lake, day, POLICY).num_rows for day in (last_day, last_day + timedelta(days=1))
    ]
    assert kept == [1, 0]
