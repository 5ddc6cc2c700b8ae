"""Values that no column can hold set their rows aside, or refuse the file in words."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pytest

from data_contracts.contract import contract
from data_contracts.errors import StructuralBreak
from data_contracts.lake import Lake
from data_contracts.parquet import connect
from data_contracts.row_checks import check_lake
from data_contracts.runs import read_outbound
from tests.data_contracts.test_contract import NOW, lake_of, order, rewritten


@pytest.mark.parametrize("year", [1, 1900, 2099, 2262])
def test_a_sentinel_time_sets_its_row_aside(tmp_path, year):
    """What exporters write for "no time" is set aside with its value; other rows go on."""
    lake = lake_of(tmp_path, [order(1), order(2)])

    def spoil(table):
        place = table.column_names.index("placed_at")
        times = pa.array([datetime(year, 1, 1), datetime(2026, 1, 1)], pa.timestamp("us"))
        return table.set_column(place, "placed_at", times)

    [result] = check_lake(rewritten(lake, spoil), NOW)
    assert (result.rows, result.quarantined) == (2, 1)
    bad = read_outbound(Lake(lake), "quarantine")
    assert set(bad["row_key"]) == {"r1"} and set(bad["column_name"]) == {"placed_at"}
    assert bad["value"].iloc[0].startswith(f"{year:04d}-01-01")
    with connect() as connection:
        good = connection.execute(Lake(lake).scan_sql(contract("orders"), None)).df()
    assert good["order_id"].tolist() == ["r2"]


@pytest.mark.parametrize(
    ("kind", "value"),
    [(pa.uint64(), 2**64 - 1), (pa.uint64(), 2**63), (pa.decimal128(30, 0), 10**25)],
)
def test_an_integer_beyond_63_bits_sets_its_row_aside(tmp_path, kind, value):
    """An overflow is no traceback and no other number: its row is set aside with the value."""
    lake = lake_of(tmp_path, [order(1, quantity=1), order(2, quantity=2)])

    def spoil(table):
        place = table.column_names.index("quantity")
        return table.set_column(place, "quantity", pa.array([value, 2], kind))

    if not pa.types.is_integer(kind):  # the file is refused as a whole, by its column
        with pytest.raises(StructuralBreak, match="quantity"):
            check_lake(rewritten(lake, spoil), NOW)
        return
    [result] = check_lake(rewritten(lake, spoil), NOW)
    assert result.quarantined == 1
    bad = read_outbound(Lake(lake), "quarantine").iloc[0]
    assert (bad["row_key"], bad["rule"], bad["value"]) == ("r1", "quantity_fits_bigint", str(value))
    with connect() as connection:
        good = connection.execute(Lake(lake).scan_sql(contract("orders"), None)).df()
    assert good["quantity"].tolist() == [2]


def test_a_time_that_overflows_is_refused_by_its_column(tmp_path):
    """Milliseconds that no microsecond count can hold are refused in words, not by the engine."""
    lake = lake_of(tmp_path, [order(1), order(2)])

    def spoil(table):
        place = table.column_names.index("placed_at")
        times = pa.array([9 * 10**18, 1_767_225_600_000], pa.int64()).cast(pa.timestamp("ms"))
        return table.set_column(place, "placed_at", times)

    with pytest.raises(StructuralBreak, match="placed_at: expected times that a calendar holds"):
        check_lake(rewritten(lake, spoil), NOW)
