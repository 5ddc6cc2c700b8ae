"""Types of other systems in a lake that was filled by hand: read without loss, or refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from data_contracts.contract import contract
from data_contracts.errors import StructuralBreaks
from data_contracts.lake import Lake
from data_contracts.parquet import connect, first_time
from serving.cli.main import app

SHANGHAI = pa.timestamp("us", tz="Asia/Shanghai")
BIG_ID = 7_123_456_789_012_345_678


def put(folder, table: str, rows: int, **foreign: pa.Array) -> None:
    """Write a table as its contract has it, but for the columns that are given."""
    columns = {}
    for field in contract(table).arrow_schema():
        if field.name in foreign:
            columns[field.name] = foreign[field.name]
        elif pa.types.is_timestamp(field.type) and not field.nullable:
            columns[field.name] = pa.array([datetime(2026, 1, 10, 12)] * rows, field.type)
        elif field.nullable:
            columns[field.name] = pa.nulls(rows, field.type)
        else:
            columns[field.name] = pa.array([f"{field.name}{n}" for n in range(rows)])
    (folder / table).mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), folder / table / "part-0.parquet")


def foreign_orders(folder) -> None:
    at = [datetime(2026, 1, 10, 4, tzinfo=UTC)] * 3
    put(
        folder,
        "orders",
        3,
        order_id=pa.array([BIG_ID, BIG_ID + 1, BIG_ID + 2], pa.int64()),
        operator_id=pa.array([Decimal(7)] * 3, pa.decimal128(19, 0)),
        placed_at=pa.array(at, SHANGHAI),
        received_at=pa.array(at, SHANGHAI),
        paid_amount=pa.array([Decimal("19.90")] * 3, pa.decimal128(10, 2)),
        quantity=pa.array([2.0, None, 1.5], pa.float64()),
    )


def check(folder, *more: str):
    return CliRunner().invoke(app, ["check", str(folder), *more])


def test_what_is_lossless_is_read(tmp_path):
    """Whole ids are text, zones are UTC, decimals are numbers; a fraction is no whole number."""
    foreign_orders(tmp_path)
    lake = Lake(tmp_path)
    with connect() as connection:
        rows = connection.execute(
            f"SELECT order_id, operator_id, placed_at, paid_amount, quantity FROM "
            f"({lake.scan_sql(contract('orders'), None)}) ORDER BY order_id"
        ).fetchall()
    at = datetime(2026, 1, 10, 4)
    assert rows == [(str(BIG_ID), "7", at, 19.9, 2), (str(BIG_ID + 1), "7", at, 19.9, None)]
    assert first_time(lake.files("orders")[0], "received_at") == at


def test_check_says_what_it_converts(tmp_path):
    """Each converted column is named with the type that was found and how it is read."""
    foreign_orders(tmp_path)
    [row] = json.loads(check(tmp_path, "--json").stdout)
    assert (row["rows"], row["quarantined"]) == (3, 1)
    assert {(c["column"], c["found"]) for c in row["converted"]} == {
        ("order_id", "int64"),
        ("operator_id", "decimal128(19, 0)"),
        ("placed_at", "timestamp[us, tz=Asia/Shanghai]"),
        ("received_at", "timestamp[us, tz=Asia/Shanghai]"),
        ("paid_amount", "decimal128(10, 2)"),
        ("quantity", "double"),
    }
    text = check(tmp_path).stdout
    assert "Converted, orders.order_id: int64 is read as the text of its digits." in text


def test_check_lists_breaks_conversions_and_rows_at_once(tmp_path):
    """Two broken tables do not hide each other, nor what is said of a third."""
    foreign_orders(tmp_path)
    put(tmp_path, "sessions", 2, session_id=pa.array([1.5, 2e18]))
    put(tmp_path, "refunds", 2, requested_at=pa.array(["10/01/2026", "11/01/2026"]))
    done = check(tmp_path)
    assert isinstance(done.exception, StructuralBreaks)
    said = done.stdout + str(done.exception)
    assert "Converted, orders.order_id" in said and "Rows set aside" in said
    assert "session_id: expected VARCHAR, found double. To mend it: export the column as" in said
    assert "requested_at: expected TIMESTAMP, found string" in said and "steelyard map" in said


@pytest.mark.parametrize("kinds", [(pa.int64(), pa.string()), (pa.int32(), pa.uint64())])
def test_files_of_several_types_are_one_table(tmp_path, kinds):
    """An id is text in every file of a table, whatever each file has."""
    for number, kind in enumerate(kinds):
        value = str(number) if kind == pa.string() else number
        put(tmp_path / f"{number}", "orders", 1, order_id=pa.array([value], kind))
        (tmp_path / "lake" / "orders").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"{number}" / "orders" / "part-0.parquet").rename(
            tmp_path / "lake" / "orders" / f"part-{number}.parquet"
        )
    with connect() as connection:
        sql = Lake(tmp_path / "lake").scan_sql(contract("orders"), None)
        assert sorted(connection.execute(f"SELECT order_id FROM ({sql})").fetchall()) == [
            ("0",),
            ("1",),
        ]
