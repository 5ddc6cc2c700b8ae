"""Lists and files: everything is reachable, and no spreadsheet runs an id."""

from __future__ import annotations

import csv
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serving.dossiers.lists.entity_lists import (
    ORDERS,
    VIEWS,
    ListFilter,
    list_page,
    list_query,
)
from serving.dossiers.lists.list_files import csv_text, parquet_bytes
from serving.dossiers.lists.night_search import search
from serving.dossiers.row_pages import page_of

HOSTILE = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "＝1",
    'a"b\r\nc',
    "0012345678901234567",
]


def test_csv_guards_formulas_and_keeps_every_row():
    """A text that a spreadsheet would run or round gets an apostrophe; others stay as they are."""
    table = pa.table({"id": [*HOSTILE, "r1", None], "value": [-1.5] * len(HOSTILE) + [2.0, None]})
    rows = list(csv.reader(io.StringIO("".join(csv_text(table)).removeprefix("\ufeff"))))
    assert rows[0] == ["id", "value"] and len(rows) == len(HOSTILE) + 3
    for given, (cell, value) in zip(HOSTILE, rows[1:], strict=False):
        assert cell == (given if given.startswith("a") else f"'{given}")
        assert value == "-1.5"
    assert rows[-2] == ["r1", "2.0"] and rows[-1] == ["", ""]


def test_parquet_keeps_ids_as_text():
    """Ids come back as the texts they are."""
    table = pa.table({"id": HOSTILE})
    assert pq.read_table(io.BytesIO(parquet_bytes(table))).equals(table)


@pytest.mark.parametrize(
    ("total", "asked", "number", "first"), [(0, 3, 1, 0), (51, 2, 2, 51), (51, 9, 2, 51)]
)
def test_pages_say_of_how_many(total, asked, number, first):
    """A page beyond the last is the last, and an empty list has one page."""
    page = page_of([{"n": i} for i in range(total)], asked)
    assert (page.number, page.first, page.total) == (number, first, total)
    assert page.is_cut == (len(page.rows) < total)


def test_every_order_of_an_operator_is_listed(night):
    """All scored orders are on the pages; a filter leaves those that fit it."""
    most = night.first(
        "SELECT operator_id, count(*) AS n FROM scores WHERE entity_kind = 'order' AND leads"
        " GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    wanted = ListFilter("operator", most["operator_id"])
    first = list_page(night, ORDERS, wanted)
    seen = {
        r["order_id"]
        for n in range(1, first.pages + 1)
        for r in list_page(night, ORDERS, wanted, n).rows
    }
    assert first.total == most["n"] == len(seen)
    probable = list_page(night, ORDERS, ListFilter("operator", most["operator_id"], 0.05))
    assert all(r["probability"] >= 0.05 for r in probable.rows) and probable.total < first.total
    one = first.rows[0]["order_id"]
    found = list_page(night, ORDERS, ListFilter("operator", most["operator_id"], 0.0, (one,)))
    assert [r["order_id"] for r in found.rows] == [one]


def test_lists_take_hostile_words(night, falsest):
    """Quotes and SQL in ids and words find nothing and break nothing."""
    for hostile in ("' OR 1=1 --", '"; DROP TABLE scores', "%", "_"):
        assert list_page(night, VIEWS, ListFilter("session", hostile)).total == 0
        assert list_page(night, VIEWS, ListFilter("session", falsest, 0.0, (hostile,))).total >= 0
        search(night, hostile)
    sql, parameters = list_query(VIEWS, ListFilter("session", falsest))
    assert (
        night.arrow(sql, *parameters).num_rows
        == list_page(night, VIEWS, ListFilter("session", falsest)).total
    )


def test_search_finds_ids_and_words(night, riskiest, falsest, largest_ring):
    """The start of an id leads to its entity; words of reasons to those of which they were said."""
    for kind, entity in (("operator", riskiest), ("session", falsest), ("ring", largest_ring)):
        hits = {h.kind: h for h in search(night, entity[:9])}
        assert entity in [r["id"] for r in hits[kind].rows] and hits[kind].rows[0]["by_id"]
    row = night.first(
        "SELECT reasons FROM scores WHERE entity_kind = 'session' AND reasons <> '[]' AND leads"
    )
    word = max(row["reasons"].split('"en": "')[1].split('"')[0].split(), key=len)
    assert any(h.kind == "session" for h in search(night, word))
    assert search(night, "a") == () and search(night, "zz no such word zz") == ()
