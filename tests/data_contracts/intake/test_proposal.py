"""The proposal of a map: what sources are, in which zone and unit, and what must be asked."""

from __future__ import annotations

from datetime import datetime

import duckdb
import numpy as np
import pytest
import yaml

from data_contracts.contract import all_contracts
from data_contracts.intake.conversion.lost_digits import digits_lost
from data_contracts.intake.conversion.macros import create_macros
from data_contracts.intake.map_file import parse_map
from data_contracts.intake.map_writer import map_text
from data_contracts.intake.mapping import Source
from data_contracts.intake.profiling.columns import profile
from data_contracts.intake.profiling.dictionary import dictionary, match_column
from data_contracts.intake.profiling.discovery import discover
from data_contracts.intake.profiling.money import guess_money
from data_contracts.intake.profiling.proposal import propose
from data_contracts.intake.profiling.samples import samples
from data_contracts.intake.profiling.zones import USUAL_ACTIVITY, zone_of_hours
from data_contracts.intake.sources.relation import ReadContext
from data_contracts.parquet import connect
from tests.data_contracts.intake.messy_exports import write_exports


@pytest.fixture(scope="module")
def proposed(tmp_path_factory):
    """Proposal of the map of three messy exports, and its sample rows."""
    folder = tmp_path_factory.mktemp("own")
    write_exports(folder / "exports")
    sources, passed = discover(["exports"], folder)
    with connect() as connection:
        context = ReadContext(connection, folder, folder / "work", 200_000)
        made = propose(context, sources, lambda _text: None)
        rows = samples(context, made.map, made.opened, datetime(2026, 2, 1))
    return made, rows, passed


def columns_of(made, table: str) -> dict[str, str]:
    return {c: entry.from_ for c, entry in made.map.tables[table].columns.items()}


def test_orders_of_a_shop_system_are_recognised(proposed):
    """Chinese headers, a zone from the hours, cents from the digits, an encoding from the bytes."""
    made, _, _ = proposed
    assert columns_of(made, "orders") == {
        "order_id": "订单编号",
        "session_id": "直播场次ID",
        "operator_id": "达人ID",
        "merchant_id": "店铺ID",
        "buyer_id": "买家ID",
        "product_id": "商品ID",
        "placed_at": "下单时间",
        "paid_at": "支付时间",
        "list_amount": "订单金额",
        "paid_amount": "实付金额",
        "quantity": "商品数量",
    }
    orders = made.map.tables["orders"]
    assert (orders.zone, orders.money) == ("Asia/Shanghai", "cents")
    assert orders.left_out == ["备注"]
    assert made.map.sources["订单导出"].encoding == "gb18030"


def test_counters_become_minutes_and_sessions(proposed):
    """Counters with a moment give minutes since the start, and the sessions that no source has."""
    made, rows, _ = proposed
    assert columns_of(made, "room_minutes")["viewers"] == "在线人数"
    assert "GROUP BY" in made.map.tables["sessions"].query
    assert [r["minute"] for r in rows["room_minutes"]["after"]] == ["0", "1", "2", "3", "4"]
    assert set(rows["sessions"]["after"][0]) >= {"session_id", "operator_id", "started_at"}


def test_reviews_are_recognised_by_short_names(proposed):
    """English short names are recognised, and moments counted from 1970 need no zone."""
    made, rows, _ = proposed
    assert columns_of(made, "reviews")["rating"] == "stars"
    assert rows["reviews"]["after"][0]["at"].startswith("2026-01-1")
    assert made.reasons["tables.reviews.zone"].confidence == 1


def test_arrival_is_asked_and_never_assumed(proposed):
    """When rows arrived is a question for each source that does not say it."""
    made, _, _ = proposed
    asked = {q.sets for q in made.map.open_questions()}
    assert asked == {f"tables.{t}.received_at" for t in ("orders", "room_minutes", "reviews")}
    assert all(q.why and q.guess for q in made.map.questions)


def test_joins_between_sources_are_found(proposed):
    """Orders name the sessions of the counters, and reviews name orders."""
    made, _, _ = proposed
    pairs = {(j.column, j.other_column) for j in made.joins}
    assert {("直播场次ID", "场次ID"), ("order_no", "订单编号"), ("达人ID", "主播ID")} <= pairs


def test_map_is_read_back_as_it_was_written(proposed):
    """The file holds the whole map, with a reason beside each guess."""
    made, _, passed = proposed
    text = map_text(made.map, made.comments())
    assert parse_map(yaml.safe_load(text), "map") == made.map
    assert "order_id: 订单编号  # 94%: named 订单编号" in text
    assert any("_SUCCESS" in p for p in passed)


@pytest.mark.parametrize(
    ("ahead", "zone"), [(0, "Asia/Shanghai"), (-8, "UTC"), (-3, "Etc/GMT-5"), (-13, "Etc/GMT+5")]
)
def test_zone_follows_from_hours_of_activity(ahead, zone):
    """A clock that shows the usual hours later or earlier is told from a local one."""
    hours = np.roll(np.round(USUAL_ACTIVITY * 100), ahead)
    assert zone_of_hours(hours).value == zone


def test_few_times_say_no_zone():
    """With few times the zone is a guess that will be asked."""
    assert zone_of_hours(np.ones(24)).confidence < 0.5


@pytest.mark.parametrize(
    ("amounts", "name", "unit"),
    [
        ([1990, 2990, 5900, 12800, 8800] * 10, "amount", "cents"),
        ([19.9, 29.9, 59.0, 128.0, 88.0] * 10, "amount", "yuan"),
        ([19, 29, 59, 128, 88] * 10, "amount", "yuan"),
        ([19, 29, 59, 128, 88] * 10, "实付金额（分）", "cents"),
        ([1990, 2990, 5900, 12800, 8800] * 10, "实付金额（元）", "yuan"),
    ],
)
def test_unit_of_money_follows_from_digits_and_names(amounts, name, unit):
    """A name says the unit; else fractions and the usual basket do."""
    connection = duckdb.connect()
    create_macros(connection)
    connection.execute(
        f'CREATE TABLE t AS SELECT unnest({amounts}) AS "{name}", row_number() OVER () AS __row'
    )
    found = profile(connection, "t", [name])
    assert guess_money([found[name]]).value == unit


def test_ids_that_lost_digits_are_seen():
    """Spreadsheets leave zeros, floats leave multiples; whole ids and snowflakes are fine."""
    connection = duckdb.connect()

    def why(sql: str) -> str | None:
        connection.execute(f"CREATE OR REPLACE TABLE t AS SELECT {sql} AS id FROM range(500) r(i)")
        return digits_lost(connection, "t", "id")

    exact = "6921234567890123457::HUGEINT + i * 7919"
    assert why(f"({exact})::VARCHAR") is None
    assert why("((1460000000000::BIGINT + i) * 4194304)::VARCHAR") is None
    assert "spreadsheet" in (why(f"(({exact}) // 10000 * 10000)::VARCHAR") or "")
    assert "floating" in (why(f"(({exact})::DOUBLE::HUGEINT)::VARCHAR") or "")


def test_dictionary_names_only_what_contracts_have():
    """Every table and column of the dictionary is of a contract, and finds itself."""
    contracts = {c.name: c for c in all_contracts().values() if c.inbound}
    for table, columns in dictionary()["columns"].items():
        names = {c.name for c in contracts[table].columns}
        assert set(columns) <= names
        for column, others in columns.items():
            assert match_column(str(others[0]), table, column).score > 0.9
    assert set(dictionary()["tables"]) <= set(contracts)


def test_alike_files_are_one_source(tmp_path):
    """Files that differ in a date are one source; parts of one table are another."""
    for day in ("2026-01-01", "2026-01-02"):
        (tmp_path / f"orders_{day}.csv").write_text("订单号,下单时间\n1,2\n")
        part = tmp_path / "views" / f"day={day}"
        part.mkdir(parents=True)
        duckdb.sql("SELECT 1 AS a").write_parquet(str(part / "part-0.parquet"))
    (tmp_path / "views" / "_SUCCESS").write_text("")
    sources, _ = discover(["."], tmp_path)
    assert sources == {
        "orders": Source(path="orders_*.csv", format="csv"),
        "views": Source(path="views", format="parquet"),
    }
