"""Ingestion: messy files become contract tables, and nothing is lost or changed unsaid."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime

import pandas as pd
import pytest

from data_contracts.intake import merge
from data_contracts.intake.map_file import MapProblems
from data_contracts.row_checks import check_lake
from tests.data_contracts.intake.exports import (
    BAD,
    COLUMNS,
    FIRST_ID,
    GOOD,
    HEADER,
    NOW,
    Exports,
    orders_map,
)


@pytest.fixture
def exports(tmp_path) -> Exports:
    return Exports(tmp_path)


def test_messy_csv_becomes_contract_rows(exports):
    """Ids keep all digits, local times become UTC, cents become yuan, bad rows have reasons."""
    exports.write(GOOD + BAD)
    done = exports.ingest(orders_map())
    assert (done.read, done.added, done.set_aside) == (44, 41, 3)
    assert done.made_unknown == {"paid_amount: unreadable": 1, "paid_at: sentinel_time": 1}
    assert exports.quarantine() == {
        ("orders.csv", "row 41", "lost_digits", "1.23E+18"),
        ("orders.csv", "row 42", "sentinel_time", "0000-00-00 00:00:00"),
        ("orders.csv", "row 44", "missing_columns", "7,s1"),
    }
    rows = exports.rows().set_index("order_id")
    first = rows.loc[str(FIRST_ID)]
    assert first["placed_at"] == pd.Timestamp("2026-01-01 02:00")
    assert first["received_at"] == pd.Timestamp("2026-01-01 02:05")
    assert first["paid_amount"] == 19.9
    assert rows.loc["6", "paid_at"] is pd.NaT
    assert check_lake(exports.lake, NOW)[0].quarantined == 0


def test_same_delivery_twice_changes_nothing(exports):
    """No file of the lake changes when its delivery is ingested again, whatever it is called."""
    exports.write(GOOD)
    exports.ingest(orders_map())
    before = exports.digests()
    exports.write(GOOD, "orders-copy.csv")
    again = exports.ingest(orders_map())
    assert exports.digests() == before
    assert (again.added, again.unchanged) == (0, 40)
    assert any("same bytes as" in note for note in again.notes)


def test_correction_replaces_what_it_corrects(exports):
    """A row of a known key replaces the earlier one; other rows and other days stay."""
    exports.write(GOOD)
    exports.ingest(orders_map())
    corrected = GOOD[0].replace("1990", "2990")
    exports.write([corrected, GOOD[1], "99,s9,b9,2026-01-09 10:00:00,,1,"])
    done = exports.ingest(orders_map())
    assert (done.added, done.replaced, done.unchanged) == (1, 1, 1)
    rows = exports.rows().set_index("order_id")
    assert len(rows) == 41 and rows.index.is_unique
    assert rows.loc[str(FIRST_ID), "paid_amount"] == 29.9
    check_lake(exports.lake, NOW)


def test_older_row_does_not_replace_a_newer_one(exports):
    """The latest receipt of a key is kept, in one delivery and across deliveries."""
    header = "id,op,buyer,at,amount,updated"
    document = orders_map(
        received_at="updated",
        left_out=[],
        columns={
            "order_id": "id",
            "operator_id": "op",
            "buyer_id": "buyer",
            "placed_at": "at",
            "paid_amount": "amount",
        },
    )
    row = "1,o,b,2026-01-01 10:00:00,{},2026-01-0{} 10:00:00"
    exports.write([row.format(200, 2), row.format(300, 3)], header=header)
    assert exports.ingest(document).superseded == 1
    exports.write([row.format(100, 1)], header=header)
    assert exports.ingest(document).superseded == 1
    assert exports.rows()["paid_amount"].tolist() == [3.0]


def test_equal_views_of_one_file_are_all_kept(exports):
    """Tables without a key keep equal rows of one file, and take them once from two files."""
    columns = {"session_id": "s", "account_id": "a", "joined_at": "t"}
    document = {
        "sources": {"v": {"path": "v*.csv", "format": "csv"}},
        "tables": {
            "views": {
                "source": "v",
                "zone": "UTC",
                "received_at": "event_time",
                "columns": columns,
            }
        },
    }
    exports.write(["1,a,2026-01-01 10:00:00"] * 2, "v1.csv", "s,a,t")
    exports.write(["1,a,2026-01-01 10:00:00"] * 2 + ["1,b,2026-01-01 10:00:00"], "v2.csv", "s,a,t")
    done = exports.ingest(document)
    assert (done.read, done.added, done.superseded) == (5, 3, 2)
    assert exports.ingest(document).unchanged == 3


def test_all_problems_are_said_at_once(exports):
    """Unknown columns, unsaid zones and units are listed together, and nothing is written."""
    exports.write(GOOD)
    columns = COLUMNS | {"buyer_id": "买家号", "placed_at": "下单时刻"}
    with pytest.raises(MapProblems) as refused:
        exports.ingest(orders_map(columns=columns, zone=None, money=None))
    text = str(refused.value)
    assert "'买家'" in text and "'下单时间'" in text
    assert "zone of paid_at" in text and "yuan or cents" in text
    assert exports.lake.delivered() == []


def test_new_column_is_named(exports):
    """A column that the map does not mention is named."""
    exports.write([row + "x" for row in GOOD[:3]], header=HEADER + ",渠道")
    done = exports.ingest(orders_map())
    assert "columns that the map does not mention: 渠道" in done.notes


def test_since_leaves_out_earlier_rows(exports):
    """Rows received before `since` are counted and left alone."""
    exports.write(GOOD)
    done = exports.ingest(orders_map(), since=datetime(2026, 1, 4))
    assert (done.not_wanted, done.added) == (24, 16)


def test_frames_are_sources(exports):
    """A pandas frame with integer ids and zoned times is converted without loss."""
    at = pd.Timestamp("2026-01-01 10:00", tz="Asia/Shanghai")
    frame = pd.DataFrame({"id": [FIRST_ID + 1], "op": [7], "b": [8.0], "t": [at], "amount": [19.9]})
    columns = {"order_id": "id", "operator_id": "op", "buyer_id": "b", "placed_at": "t"}
    document = {
        "sources": {"mine": {"path": "mine", "format": "frame"}},
        "tables": {
            "orders": {
                "source": "mine",
                "money": "yuan",
                "received_at": "event_time",
                "columns": columns | {"paid_amount": "amount"},
            }
        },
    }
    exports.ingest(document, frames={"mine": frame})
    row = exports.rows().iloc[0]
    assert (row["order_id"], row["operator_id"], row["buyer_id"]) == (str(FIRST_ID + 1), "7", "8")
    assert row["placed_at"] == pd.Timestamp("2026-01-01 02:00")


def test_open_question_stops_ingestion(exports):
    """An unanswered question is said with its guess; its answer is put in place."""
    exports.write(GOOD)
    question = {
        "sets": "tables.orders.zone",
        "asks": "Which zone are the times of?",
        "guess": "Asia/Shanghai",
        "confidence": 0.6,
    }
    document = orders_map(zone=None) | {"questions": [question]}
    with pytest.raises(MapProblems, match="Asia/Shanghai"):
        exports.ingest(document)
    exports.ingest(document, accept_guesses=True)
    assert exports.rows()["placed_at"].min() == pd.Timestamp("2026-01-01 02:00")
    answered = document | {"questions": [question | {"answer": "UTC"}]}
    assert exports.ingest(answered).replaced == 40


def test_cut_short_swap_is_ended(exports, monkeypatch):
    """A crash between two renames loses no table: the next ingestion ends the swap."""
    exports.write(GOOD)
    exports.ingest(orders_map())
    exports.write(["99,s9,b9,2026-01-09 10:00:00,,1,"])

    def crash(lake, name):
        (lake.intake / f"{name}.building").rename(lake.intake / f"{name}.ready")
        (lake.root / name).rename(lake.intake / f"{name}.replaced")
        raise KeyboardInterrupt

    monkeypatch.setattr(merge, "swap", crash)
    with pytest.raises(KeyboardInterrupt):
        exports.ingest(orders_map())
    assert exports.lake.files("orders") == []
    monkeypatch.undo()
    assert exports.ingest(orders_map()).unchanged == 1
    assert len(exports.rows()) == 41
    assert sorted(p.suffix for p in exports.lake.intake.iterdir()) == [".json", ".jsonl"]


def test_log_keeps_map_and_counts(exports):
    """Every ingestion leaves its map, its counts and where receipts came from."""
    exports.write(GOOD)
    exports.ingest(orders_map())
    entry = json.loads((exports.lake.intake / "log.jsonl").read_text("utf-8"))
    assert entry["received_at"] == {"orders": "event_time"}
    assert entry["tables"][0]["added"] == 40
    assert (exports.lake.intake / f"map-{entry['map'][:16]}.json").is_file()


def test_files_that_did_not_change_since_are_not_read(exports):
    """Where files say when rows arrived, an earlier file is passed over and said."""
    for name, rows, day in (("orders-1.csv", GOOD[:20], 5), ("orders-2.csv", GOOD[20:], 20)):
        exports.write(rows, name)
        changed = datetime(2026, 1, day, tzinfo=UTC).timestamp()
        os.utime(exports.folder / name, (changed, changed))
    done = exports.ingest(orders_map(received_at="file_time"), since=datetime(2026, 1, 10))
    assert (done.read, done.added, done.not_wanted) == (20, 20, 0)
    assert any("orders-1.csv: changed before 2026-01-10" in note for note in done.notes)
