"""Rows stay while a proceeding that bears on them is not over."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pandas as pd
import pyarrow as pa
import pytest

from data_contracts.contract import contract
from data_contracts.lake import Lake
from serving.ledger.hash_chain import append_record
from serving.oversight.appeals.appeal_decisions import AppealDecision, decide_appeal
from serving.oversight.appeals.measure_appeals import open_measure_appeal
from serving.oversight.complaints.decisions import Finding, decide_complaint
from serving.oversight.measures.undo import UndoRequest, undo_measures
from serving.oversight.notices.notice_cases import NoticeAnswer, answer_notice
from serving.oversight.retention.deletion import deletable, delete_days
from serving.policy.load import load_policy

POLICY = load_policy()
THEN = datetime(2022, 1, 10, 12)
NOW = datetime(2026, 6, 1, 15)
OPERATORS = {"o1": "net", "o2": None, "o3": None}


ANY = {"TIMESTAMP": THEN, "VARCHAR": "x", "BOOLEAN": False}


def delivered(name: str, rows: list[dict]) -> pa.Table:
    """Rows of a table; required columns that are not given have any value."""
    return pa.table(
        {
            c.name: [r.get(c.name, ANY.get(c.type, 1) if c.required else None) for r in rows]
            for c in contract(name).columns
        }
    )


@pytest.fixture
def lake(tmp_path):
    """Three operators, each with a session, a completed order and a view; all long old."""
    folder, day = Lake(tmp_path / "lake"), THEN.date()
    tables = {
        "operators": [{"operator_id": o, "mcn_id": mcn} for o, mcn in OPERATORS.items()],
        "sessions": [
            {"session_id": f"s-{o}", "operator_id": o, "streamer_ids": [f"host-{o}"]}
            for o in OPERATORS
        ],
        "orders": [
            {"order_id": f"order-{o}", "operator_id": o, "session_id": f"s-{o}", "placed_at": THEN}
            for o in OPERATORS
        ],
        "views": [{"session_id": f"s-{o}", "joined_at": THEN} for o in OPERATORS],
    }
    for name, rows in tables.items():
        folder.append_day(name, day, delivered(name, rows))
    return folder


def kept(lake, today: date = NOW.date()) -> dict[str, int]:
    """Rows that stay, by table; a table of which all rows stay is not listed by `deletable`."""
    found = {d.table: d.stay for d in deletable(lake, today, POLICY)}
    return {t: found.get(t, 3) for t in ("sessions", "orders", "views")}


def all_of(count: int) -> dict[str, int]:
    return dict.fromkeys(("sessions", "orders", "views"), count)


def record(lake, kind, subject, at=NOW, days=30, **more):
    """Write a measure of a lake that knows no persons; its id."""
    line = {
        "measure_id": f"m-{subject}",
        "subject_kind": kind,
        "subject_id": subject,
        "code": "block",
        "by": "desk",
        "approver": "lead",
        "article": "Order 117 12 ¶1",
        "appeal_due": (at + timedelta(days=15)).isoformat(),
        "policy_version": "1",
        "model_version": "none",
        "effective_from": at.isoformat(),
        "effective_to": (at + timedelta(days=days)).isoformat(),
    }
    append_record(lake.measures, line | more)
    return line["measure_id"]


def test_nothing_stays_without_a_proceeding(lake):
    """No row stays without a proceeding."""
    assert kept(lake) == all_of(0)


@pytest.mark.parametrize(
    ("kind", "subject", "owner"),
    [("operator", "o2", "o2"), ("mcn", "net", "o1"), ("streamer", "host-o3", "o3")],
)
def test_a_measure_keeps_the_rows_of_whom_it_concerns(lake, kind, subject, owner):
    """A network's measure keeps its members' rows, a streamer's those of its operators.

    It keeps them on the day on which it ends, and no longer.
    """
    record(lake, kind, subject)
    assert kept(lake) == all_of(1)
    end = NOW.date() + timedelta(days=30)
    assert kept(lake, end) == all_of(1) and kept(lake, end + timedelta(days=1)) == all_of(0)
    delete_days(lake, "views", date(2022, 2, 1), "desk", NOW - timedelta(hours=5), POLICY)
    left = pd.concat(pd.read_parquet(f) for f in lake.files("views"))
    assert left["session_id"].tolist() == [f"s-{owner}"]


def test_an_undone_measure_keeps_nothing_from_the_next_day(lake):
    """An undone measure keeps nothing from the next day."""
    taken = record(lake, "mcn", "net")
    undo = UndoRequest([taken], "desk", "a wrong network", "lead")
    undo_measures(lake, undo, NOW + timedelta(hours=1), POLICY)
    assert kept(lake) == all_of(1) and kept(lake, NOW.date() + timedelta(days=1)) == all_of(0)


def test_an_appeal_of_a_network_keeps_its_members_until_it_is_decided(lake):
    """The measure has ended; the appeal against it has not."""
    taken = record(lake, "mcn", "net", NOW - timedelta(days=5), days=2)
    assert kept(lake) == all_of(0)
    appeal = open_measure_appeal(lake, taken, "we did not", "net", NOW, POLICY)
    assert kept(lake) == all_of(1)
    decision = AppealDecision("upheld", "judge", "they did")
    decide_appeal(lake, appeal.appeal_id, decision, NOW, POLICY)
    assert kept(lake) == all_of(0)


def test_an_open_notice_keeps_the_rows_of_its_operator(lake):
    """It keeps them, late or not, until it is answered."""
    notice = {"notice_id": "n1", "operator_id": "o2", "issuer": "regulator", "at": THEN}
    lake.append_day("notices", NOW.date(), delivered("notices", [notice]))
    assert kept(lake) == all_of(1)
    answer_notice(lake, "n1", NoticeAnswer(None, "lead", "nothing was found"), NOW, POLICY)
    assert kept(lake) == all_of(0)


@pytest.mark.parametrize("order", ["order-o3", None])
def test_an_open_complaint_keeps_its_order_or_its_operator(lake, order):
    """With an order, its row and its session's stay; without one, those of the operator."""
    complaint = {
        "complaint_id": "c1",
        "operator_id": "o3",
        "order_id": order,
        "kind": "late",
        "opened_at": THEN,
    }
    lake.append_day("complaints", NOW.date(), delivered("complaints", [complaint]))
    assert kept(lake) == all_of(1)
    decide_complaint(lake, "c1", Finding(False, "judge", "no ground"), NOW, POLICY)
    assert kept(lake) == all_of(0)
