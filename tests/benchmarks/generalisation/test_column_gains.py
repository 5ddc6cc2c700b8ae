"""Gains of columns are paired by world, and a column that is unknown changes what reads it."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import pyarrow.parquet as pq
import pytest

from benchmarks.generalisation.column_gains import (
    WHOLE,
    changed_signals,
    columns_of,
    has_values,
    lake_without,
    summary,
)
from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from features import catalogue
from features.declaration import ORDER
from features.engine.compute import compute
from features.engine.snapshot import Snapshot


@pytest.fixture
def lake(tmp_path) -> Lake:
    """Sixty orders, a third of which one payer pays."""
    at = pd.date_range("2026-01-05 20:00", periods=60, freq="7min")
    frame = pd.DataFrame(
        {
            "order_id": [f"o{i}" for i in range(60)],
            "operator_id": [f"p{i % 3}" for i in range(60)],
            "buyer_id": [f"b{i}" for i in range(60)],
            "payer_id": ["one" if i % 3 == 0 else f"b{i}" for i in range(60)],
            "placed_at": at,
            "paid_amount": 10.0,
            "received_at": at,
        }
    )
    made = Lake(tmp_path / "lake")
    made.write_by_day("orders", frame)
    return made


def signals(lake: Lake) -> pd.DataFrame:
    with Snapshot.open(lake, datetime(2026, 1, 7)) as tables:
        return compute(tables, catalogue.of_entity(ORDER), ORDER, None)


def test_a_column_that_is_unknown_changes_the_signals_that_read_it(lake, tmp_path):
    """The copy has no value in the column, the lake keeps its own, and no other signal moves."""
    copied = lake_without(lake.root, "orders", "payer_id", tmp_path / "copies")
    assert has_values(lake.root, "orders", "payer_id")
    assert not has_values(copied, "orders", "payer_id")
    whole, without = signals(lake), signals(Lake(copied))
    changed = changed_signals(whole, without)
    assert changed and all("payer" in n for n in changed if without[n].isna().all())
    assert len(changed) < len(whole.columns)
    rows = [pq.read_table(f, partitioning=None) for f in Lake(copied).files("orders")]
    assert sum(len(r) for r in rows) == 60


def test_columns_that_cannot_be_unknown_are_refused():
    """A key is never unknown, and what no contract has is named."""
    assert columns_of(["orders.payer_id"]) == [("orders", "payer_id")]
    with pytest.raises(LakeProblem, match="is never unknown"):
        columns_of(["orders.order_id"])
    with pytest.raises(LakeProblem, match="no column of a table"):
        columns_of(["orders.payer"])
    with pytest.raises(LakeProblem, match="no column of a table"):
        columns_of(["scores.rank"])


def test_gain_is_what_is_lost_without_the_column():
    """Worlds are paired, families weigh alike, and a world that lacks the column says nothing."""
    rows = [
        (WHOLE, "a", "a-1", 0.5, 0),
        (WHOLE, "a", "a-2", 0.7, 0),
        (WHOLE, "b", "b-1", 0.4, 0),
        (WHOLE, "c", "c-1", 0.9, 0),
        ("orders.payer_id", "a", "a-1", 0.4, 2),
        ("orders.payer_id", "a", "a-2", 0.4, 3),
        ("orders.payer_id", "b", "b-1", 0.4, 2),
    ]
    records = pd.DataFrame(rows, columns=["column", "family", "world", "recall", "signals"])
    assert summary(records.assign(entity="order")) == {
        "order": {"orders.payer_id": {"gain": 0.1, "families": 2, "worlds": 3, "signals": 3}}
    }
