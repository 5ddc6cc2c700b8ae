"""`check` lists every structural break at once, and names what is not forbidden but looks wrong."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_contracts.errors import StructuralBreaks
from data_contracts.intake.profiling.zones import USUAL_ACTIVITY
from data_contracts.intake.suspicions import suspicions
from data_contracts.lake import Lake
from data_contracts.row_checks import check_structure

DAYS, PER_DAY = 6, 200
CHINESE = re.compile("[\u4e00-\u9fff]")


def lake_of_orders(folder: Path, *, ahead: int = 0, scale: float = 1.0, last_scale: float = 1.0):
    """A lake of honest orders; its clock may be `ahead` of UTC, its amounts scaled."""
    draw = np.random.default_rng(3)
    hours = draw.choice(24, DAYS * PER_DAY, p=USUAL_ACTIVITY / USUAL_ACTIVITY.sum())
    days = np.repeat(np.arange(DAYS), PER_DAY)
    local = pd.Timestamp("2026-01-05") + pd.to_timedelta(days * 24 + hours, unit="h")
    placed = local + pd.to_timedelta(draw.integers(1, 3600, len(days)), unit="s")
    placed -= timedelta(hours=8 - ahead)
    received = pd.Timestamp("2026-01-06") + pd.to_timedelta(days, unit="D")
    amount = np.round(draw.lognormal(4.3, 0.7, len(days)), 2) * scale
    amount = np.where(days == DAYS - 1, amount * last_scale, amount)
    frame = pd.DataFrame(
        {
            "order_id": [f"o{i}" for i in range(len(days))],
            "operator_id": "p",
            "buyer_id": [f"b{i % 90}" for i in range(len(days))],
            "placed_at": placed,
            "paid_amount": np.round(amount, 2),
            "received_at": received,
        }
    )
    lake = Lake(folder)
    lake.write_by_day("orders", frame)
    return lake, frame


def said(lake: Lake, table: str = "orders") -> str:
    """What is said of a table in English; each line has Chinese words of its own."""
    found = [s for s in suspicions(lake) if s.table == table]
    assert all(CHINESE.search(s.found_zh) and CHINESE.search(s.mend_zh) for s in found)
    return " ".join(f"{s.column}: {s.found}" for s in found)


def test_honest_lake_is_not_suspicious(tmp_path):
    """Nothing is said of good orders, and missing tables are named with what they cost."""
    lake, _ = lake_of_orders(tmp_path)
    assert said(lake) == ""
    assert "not delivered" in said(lake, "views")


def test_local_times_taken_as_utc_are_seen(tmp_path):
    """Activity at the wrong hours names the zone that the times are in."""
    assert "placed_at: times look like those of Asia/Shanghai" in said(
        lake_of_orders(tmp_path, ahead=8)[0]
    )


def test_cents_taken_as_yuan_are_seen(tmp_path):
    """Whole amounts far above a usual basket are cents."""
    assert "cents, not yuan" in said(lake_of_orders(tmp_path, scale=100)[0])


def test_unit_that_changed_overnight_is_seen(tmp_path):
    """A median that jumps a hundredfold from one day to the next is named with both days."""
    assert "of the day before" in said(lake_of_orders(tmp_path, last_scale=100)[0])


def test_short_and_late_days_are_seen(tmp_path):
    """A last day with a twentieth of its rows, and rows of events long past."""
    lake, frame = lake_of_orders(tmp_path)
    late = frame.head(5).assign(
        order_id=[f"late{i}" for i in range(5)], received_at=datetime(2026, 2, 1)
    )
    lake.append_day("orders", datetime(2026, 2, 1).date(), late)
    words = said(lake)
    assert "5 rows arrived on 2026-02-01" in words and "over 7 days late" in words


def test_views_delivered_twice_are_seen(tmp_path):
    """Rows that repeat others in everything but their arrival."""
    views = pd.DataFrame(
        {
            "session_id": "s",
            "account_id": [f"a{i}" for i in range(100)],
            "joined_at": pd.date_range("2026-01-05", periods=100, freq="min"),
            "received_at": datetime(2026, 1, 6),
        }
    )
    lake = Lake(tmp_path)
    lake.write_by_day("views", views)
    assert said(lake, "views") == ""
    lake.write_by_day("views", views.assign(received_at=datetime(2026, 1, 7)))
    assert "100 of 200 rows repeat another" in said(lake, "views")


def test_every_structural_break_is_listed(tmp_path):
    """Three bad columns of two tables are one message, whatever the number of files."""
    lake, _ = lake_of_orders(tmp_path)
    for path in lake.files("orders"):
        rows = pq.read_table(path)
        ids = pa.array(range(rows.num_rows), pa.float64())
        rows = rows.set_column(rows.column_names.index("order_id"), "order_id", ids)
        rows = rows.rename_columns(["buyer" if n == "buyer_id" else n for n in rows.column_names])
        pq.write_table(rows, path)
    (tmp_path / "views.parquet").write_text("half")
    with pytest.raises(StructuralBreaks) as broken:
        check_structure(lake)
    text = str(broken.value)
    assert len(broken.value.breaks) == 3
    assert text.count("and 5 more files") == 2
    assert "order_id" in text and "rename buyer to buyer_id" in text and "views.parquet" in text
