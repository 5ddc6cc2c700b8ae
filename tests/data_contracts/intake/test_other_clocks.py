"""Exports of other habits: day before month, shortened names, rooms without a named operator."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from data_contracts.intake.delivery import Delivery
from data_contracts.intake.ingestion import ingest
from data_contracts.intake.map_file import answer_questions
from data_contracts.intake.profiling.discovery import discover
from data_contracts.intake.profiling.proposal import propose
from data_contracts.intake.profiling.questions import Proposal
from data_contracts.intake.set_aside import sources_reported
from data_contracts.intake.sources.relation import ReadContext
from data_contracts.lake import Lake
from data_contracts.parquet import connect
from tests.data_contracts.intake.exports import NOW

FIRST = datetime(2026, 3, 2, 19)


def proposed(folder: Path) -> Proposal:
    """The proposal of a folder of exports."""
    sources, _ = discover(["."], folder)
    with connect() as connection:
        context = ReadContext(connection, folder, folder / "work", 1_000)
        return propose(context, sources, lambda _text: None)


def write_orders(folder: Path, days: int) -> None:
    """Sixty orders of the first days of a month, with the day before the month."""
    lines = ["Order No.,Shop,Customer,Created,Amount paid"]
    for i in range(60):
        at = FIRST + timedelta(days=i % days, minutes=i)
        lines.append(f"SO{i:05d},shop{i % 3},c{i % 7},{at:%d/%m/%Y %H:%M},{20 + i}.50")
    (folder / "orders.csv").write_text("\n".join(lines) + "\n", "utf-8")


@pytest.mark.parametrize(("days", "is_asked"), [(20, False), (5, True)])
def test_day_before_month_is_recognised(tmp_path, days, is_asked):
    """The format is named in the map; where the day may be the month too, it is a question."""
    write_orders(tmp_path, days)
    made = proposed(tmp_path)
    placed = made.map.tables["orders"].columns["placed_at"]
    assert (placed.from_, placed.format) == ("Created", "%d/%m/%Y %H:%M")
    asked = {q.sets: q for q in made.map.open_questions()}
    question = asked.get("tables.orders.columns.placed_at.format")
    assert (question is not None) == is_asked
    if question is not None:
        assert question.choices == ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"]
        question.answer = question.choices[1]
    answered = answer_questions(made.map, accept_guesses=True)
    lake = Lake(tmp_path / "lake")
    done = ingest(answered, lake, Delivery(NOW, base=tmp_path))[0]
    assert (done.added, done.set_aside) == (60, 0)
    days_of_lake = {Path(f).parent.name for f in lake.files("orders")}
    assert ("day=2026-03-02" in days_of_lake) != is_asked


def test_counters_of_rooms_are_recognised_by_short_names(tmp_path):
    """`cnt` is a count; the room that counts as the operator is said to do so."""
    with (tmp_path / "live_stats.jsonl").open("w") as handle:
        for i in range(90):
            at = FIRST + timedelta(minutes=i)
            row = {"channel": f"ch{i % 3}", "ts": f"{at:%Y-%m-%dT%H:%M:%SZ}", "ccu": 50 + i}
            row |= {"enter_cnt": i, "exit_cnt": i // 2, "chat_cnt": i // 3, "new_fans": i // 9}
            handle.write(json.dumps(row) + "\n")
        handle.write('{"channel": \n')
    made = proposed(tmp_path)
    minutes = {c: m.from_ for c, m in made.map.tables["room_minutes"].columns.items()}
    expected = {"joins": "enter_cnt", "leaves": "exit_cnt", "comments": "chat_cnt"}
    assert expected.items() <= minutes.items() and minutes["follows"] == "new_fans"
    assert "channel is the room" in made.reasons["tables.sessions.columns.operator_id"].why
    done = ingest(
        answer_questions(made.map, accept_guesses=True),
        Lake(tmp_path / "lake"),
        Delivery(NOW, base=tmp_path),
    )
    aside = {d.table: d.set_aside for d in done}
    assert aside == {"sessions": 0, "room_minutes": 1}, "a broken line is reported once"


def test_a_table_reports_its_own_source_alone(tmp_path):
    """Rows of another table's source that a query looks up are reported by that table."""
    write_orders(tmp_path, 5)
    made = proposed(tmp_path)
    given = made.map.model_copy(deep=True)
    given.tables["room_minutes"] = given.tables["orders"].model_copy(
        update={"source": None, "query": 'SELECT * FROM "orders" JOIN "extra" USING (a)'}
    )
    opened = {**made.opened, "extra": made.opened["orders"]}
    assert sources_reported(given, "orders", opened) == ["orders"]
    assert sources_reported(given, "room_minutes", opened) == ["extra"]
