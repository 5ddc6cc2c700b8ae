"""The digest of a delivery follows what was known at its moment, not the names of folders."""

from __future__ import annotations

import warnings
from datetime import date, datetime

import pandas as pd
import pytest

from data_contracts.lake import Lake
from serving.nightly.delivery import (
    DeliveryChanged,
    delivered_files,
    input_digest,
    newest_receipt,
    warn_of_changes,
)


def orders(numbers: range, received: str) -> pd.DataFrame:
    """Orders of one operator, received at one moment."""
    at = pd.Timestamp(received)
    return pd.DataFrame(
        {
            "order_id": [f"o{i}" for i in numbers],
            "operator_id": "op",
            "buyer_id": "b",
            "placed_at": at,
            "received_at": at,
        }
    )


@pytest.mark.parametrize(
    ("folder", "received", "changes"),
    [
        (date(2026, 3, 12), "2026-03-10 09:00", True),  # a backfill in a later folder
        (date(2026, 3, 9), "2026-03-10 09:00", True),
        (date(2026, 3, 12), "2026-03-12 09:00", False),
        (date(2026, 3, 10), "2026-03-11 00:00", False),  # a later row in an earlier folder
    ],
)
def test_only_rows_known_that_night_change_its_digest(tmp_path, folder, received, changes):
    """A file changes the digest when a row of it was received before the night's moment."""
    lake, as_of = Lake(tmp_path), datetime(2026, 3, 11)
    lake.append_day("orders", date(2026, 3, 10), orders(range(6), "2026-03-10 08:00"))
    before = input_digest(delivered_files(lake, as_of))
    lake.append_day("orders", folder, orders(range(6, 10), received), part=1)
    assert (input_digest(delivered_files(lake, as_of)) != before) == changes


def test_a_sentinel_receipt_is_not_the_newest(tmp_path):
    """A receipt in the year 9999 does not end the choice of the newest night."""
    lake = Lake(tmp_path)
    lake.append_day("orders", date(2026, 3, 10), orders(range(2), "2026-03-10 08:00"))
    lake.append_day("orders", date(2026, 3, 10), orders(range(2, 3), "9999-12-31"), part=1)
    assert newest_receipt(lake) == datetime(2026, 3, 11)


def test_a_file_that_changed_since_the_last_night_is_said():
    """New files are said nothing of; changed and removed ones are named."""
    before = {"orders/a": "1", "orders/b": "2", "views/c": "3"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_changes(before, before | {"orders/d": "4"})
    with pytest.warns(DeliveryChanged, match=r"orders/b, views/c\. .*deliver them again"):
        warn_of_changes(before, {"orders/a": "1", "orders/b": "9"})


def test_a_file_without_a_footer_is_left_to_the_checks(tmp_path):
    """The digest takes it in, so that the night's checks name it."""
    path = tmp_path / "orders" / "half.parquet"
    path.parent.mkdir()
    path.write_bytes(b"PAR1 half")
    assert list(delivered_files(Lake(tmp_path), datetime(2026, 1, 1))) == ["orders/half.parquet"]
