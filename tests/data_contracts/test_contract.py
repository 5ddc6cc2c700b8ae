"""Contracts and the check of a lake."""

from __future__ import annotations

import shutil
from datetime import datetime

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from open_data_contract_standard.model import OpenDataContractStandard

from data_contracts.contract import all_contracts, contract
from data_contracts.errors import LakeProblem, StructuralBreak
from data_contracts.lake import Lake
from data_contracts.parquet import connect, to_arrow, write_file
from data_contracts.row_checks import check_lake
from data_contracts.runs import read_outbound

NOW = datetime(2026, 1, 1)
CONTRACTS = list(all_contracts().values())


def order(number: int, **more) -> dict:
    return {
        "order_id": f"r{number}",
        "operator_id": "o1",
        "buyer_id": f"a{number}",
        "placed_at": pd.Timestamp("2026-01-01 10:00"),
        "received_at": pd.Timestamp("2026-01-01 10:01"),
    } | more


def lake_of(folder, rows: list[dict], name: str = "orders"):
    write_file(folder / name / "part-0.parquet", to_arrow(contract(name), pd.DataFrame(rows)))
    return folder


def rewritten(folder, change, name: str = "orders"):
    path = Lake(folder).files(name)[0]
    pq.write_table(change(pq.read_table(path)), path)
    return folder


@pytest.mark.parametrize("table", CONTRACTS, ids=lambda c: c.name)
def test_each_contract_is_valid_odcs_and_says_type_unit_null_and_meaning(table):
    """Each contract is valid ODCS and has type, unit, null and meaning of each column."""
    path = f"data_contracts/tables/{table.name}.yaml"
    document = OpenDataContractStandard.from_file(path)
    assert document.apiVersion == "v3.1.0"
    for column in table.columns:
        assert column.type and column.unit and column.description
        assert column.null_means in {"unknown", "did_not_happen", "not_allowed"}
    if table.inbound:
        assert table.received == "received_at"


def test_every_table_of_the_design_has_a_contract():
    """Every table of the design has a contract."""
    wanted = """operators accounts sessions views interactions orders parcels refunds reviews
    room_minutes boosts room_links streamers complaints dispositions notices outcomes signals
    scores rings ring_members corrected_figures tier_decisions boost_decisions quarantine runs"""
    assert set(wanted.split()) <= {c.name for c in CONTRACTS}


def test_a_good_lake_has_nothing_set_aside(tmp_path):
    """A good lake has nothing set aside."""
    result = check_lake(lake_of(tmp_path, [order(1), order(2)]), NOW)
    assert [(r.table, r.rows, r.quarantined) for r in result] == [("orders", 2, 0)]


def test_bad_rows_are_set_aside_with_rule_and_value_and_good_rows_go_on(tmp_path):
    """Bad rows are set aside with rule and value, and good rows go on."""
    rows = [
        order(1),
        order(2, paid_amount=-5.0),
        order(3, paid_at=pd.Timestamp("2026-01-01 09:00")),
        order(4, quantity=0),
    ]
    lake = lake_of(tmp_path, rows)
    check_lake(lake, NOW)
    bad = read_outbound(lake, "quarantine").set_index("row_key")
    assert bad.at["r2", "rule"] == "paid_amount_not_below_0" and bad.at["r2", "value"] == "-5.0"
    assert bad.at["r3", "rule"] == "paid_after_placed" and bad.at["r4", "column_name"] == "quantity"
    from features.engine.snapshot import Snapshot

    known = Snapshot.open(lake, datetime(2026, 1, 2))["orders"].order_id.to_pandas().tolist()
    assert known == ["r1"]


def test_a_value_exactly_at_the_bound_is_good(tmp_path):
    """A value exactly at the bound is good."""
    assert (
        check_lake(lake_of(tmp_path, [order(1, paid_amount=0.0, quantity=1)]), NOW)[0].quarantined
        == 0
    )


def test_infinity_and_nan_do_not_pass_as_amounts(tmp_path):
    """Infinity and NaN do not pass as amounts."""
    lake = lake_of(tmp_path, [order(1)])
    bad = rewritten(
        lake, lambda t: t.set_column(8, t.schema.field("list_amount"), pa.array([float("inf")]))
    )
    assert check_lake(bad, NOW)[0].quarantined == 1


def test_mending_the_rows_empties_the_quarantine(tmp_path):
    """Mending the rows empties the quarantine."""
    lake = lake_of(tmp_path, [order(1, paid_amount=-1.0)])
    check_lake(lake, NOW)
    check_lake(lake_of(tmp_path, [order(1, paid_amount=1.0)]), NOW)
    assert read_outbound(lake, "quarantine").empty


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        (lambda t: t.drop_columns(["buyer_id"]), "buyer_id", "deliver the column"),
        (lambda t: t.drop_columns(["payer_id"]), "payer_id", "filled with nulls"),
        (
            lambda t: t.rename_columns(
                ["buyerid" if n == "buyer_id" else n for n in t.column_names]
            ),
            "buyer_id",
            "rename buyerid to buyer_id",
        ),
        (
            lambda t: t.set_column(4, "buyer_id", pa.array([1.0] * len(t))),
            "buyer_id",
            "export the column as text",
        ),
        (
            lambda t: t.set_column(
                9,
                pa.field("paid_amount", pa.float64(), metadata={"unit": "USD"}),
                pa.array([1.0] * len(t)),
            ),
            "paid_amount",
            "convert the values to CNY",
        ),
    ],
    ids=["missing", "missing-nullable", "renamed", "retyped", "wrong-unit"],
)
def test_structural_break_names_its_place_and_mend(tmp_path, change, column, words):
    """A structural break names file, column, expected, found and mend, and writes nothing."""
    lake = rewritten(lake_of(tmp_path, [order(1)]), change)
    with pytest.raises(StructuralBreak) as broken:
        check_lake(lake, NOW)
    message = str(broken.value)
    assert broken.value.column == column and "part-0.parquet" in message
    assert "expected" in message and "found" in message and words in message
    assert not (lake / "quarantine").exists()


def test_a_key_that_is_none_stops_and_names_it(tmp_path):
    """Rows that arrived together and contradict each other: order lines, not orders."""
    lines = [order(1, paid_amount=float(i)) for i in range(20)]
    with pytest.raises(StructuralBreak, match=r"19 rows that arrived together .* such as r1"):
        check_lake(lake_of(tmp_path, lines), NOW)


def test_a_repeated_row_is_set_aside_with_its_reason(tmp_path):
    """Of rows that share a key the last received counts; the others are set aside."""
    later = pd.Timestamp("2026-01-01 12:00")
    rows = [
        order(1),
        order(1, received_at=later),
        order(2),
        order(2, received_at=later, paid_amount=9.0),
        order(3, paid_amount=5.0),
        order(3, paid_amount=7.0),
        order(4),
    ]
    lake = Lake(lake_of(tmp_path, rows))
    assert check_lake(lake, NOW)[0].quarantined == 3
    aside = read_outbound(lake, "quarantine")
    assert dict(zip(aside["row_key"], aside["rule"], strict=True)) == {
        "r1": "row_was_delivered_again",
        "r2": "row_was_superseded",
        "r3": "row_was_contradicted",
    }
    with connect() as connection:
        read = lake.scan_sql(contract("orders"), None)
        known = lake.scan_sql(contract("orders"), later.to_pydatetime())
        paid = "SELECT order_id, paid_amount FROM ({}) ORDER BY 1"
        now = dict(connection.execute(paid.format(read)).fetchall())
        before = dict(connection.execute(paid.format(known)).fetchall())
    assert now == {"r1": None, "r2": 9.0, "r3": 5.0, "r4": None}
    assert before == now | {"r2": None}


def test_a_half_written_file_stops_and_says_so(tmp_path):
    """A half-written file stops the reader with a message."""
    path = Lake(lake_of(tmp_path, [order(1)])).files("orders")[0]
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(StructuralBreak, match="deliver the file again"):
        check_lake(tmp_path, NOW)


def test_a_lake_without_sessions_and_orders_is_refused(tmp_path):
    """A lake without sessions and orders is refused."""
    with pytest.raises(LakeProblem, match="neither a sessions nor an orders table"):
        check_lake(tmp_path, NOW)


def test_a_simulated_lake_fulfils_its_contracts(tiny, tmp_path):
    """A simulated lake fulfils its contracts."""
    copy = tmp_path / "lake"
    shutil.copytree(tiny, copy, ignore=shutil.ignore_patterns("runs", "quarantine", "online"))
    results = check_lake(copy, NOW)
    assert sum(r.quarantined for r in results) == 0 and {r.table for r in results} >= {
        "views",
        "orders",
        "outcomes",
        "room_minutes",
    }
