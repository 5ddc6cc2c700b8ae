"""The check of a lake prints a row for each delivered table and for no other."""

from __future__ import annotations

import json
from datetime import date

import pandas as pd
from typer.testing import CliRunner

from data_contracts.lake import Lake
from serving.cli.main import app


def test_check_prints_delivered_tables_alone(tmp_path):
    """What is said of a table that was not delivered stands in the first row, by its name."""
    at = pd.Timestamp("2026-03-10 09:00")
    frame = pd.DataFrame(
        {
            "order_id": [f"o{i}" for i in range(5)],
            "operator_id": "op",
            "buyer_id": "b",
            "placed_at": at,
            "received_at": at,
        }
    )
    Lake(tmp_path).append_day("orders", date(2026, 3, 10), frame)
    done = CliRunner().invoke(app, ["check", str(tmp_path), "--json"], catch_exceptions=False)
    [row] = json.loads(done.stdout)
    assert (row["table"], row["rows"], row["quarantined"]) == ("orders", 5, 0)
    assert "orders" not in {s["table"] for s in row["suspicious"]} and row["suspicious"]
