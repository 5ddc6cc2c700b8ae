"""Successors: what a new operator shares with a barred one is compared with chance."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd
import pytest

from data_contracts.contract import contract
from data_contracts.lake import Lake
from serving.oversight.measures.state_reading import state_of
from serving.oversight.successors import barred_operators, successor_findings, successors
from serving.policy.load import load_policy

POLICY = load_policy()
BARRED_AT = datetime(2026, 2, 10)
AS_OF = datetime(2026, 3, 1)


def barred(code="blacklist"):
    record = {
        "measure_id": "m1",
        "operator_id": "old",
        "code": code,
        "article": "Order 117 14",
        "by": "desk",
        "reason": "bots",
        "effective_from": BARRED_AT.isoformat(),
        "effective_to": (BARRED_AT + timedelta(days=90)).isoformat(),
        "appeal_due": BARRED_AT.isoformat(),
    }
    return barred_operators(state_of([record]), AS_OF, POLICY.findings)


def orders(operator, payers, at):
    return [
        {
            "order_id": f"{operator}-{i}",
            "operator_id": operator,
            "buyer_id": f"b-{operator}-{i}",
            "payer_id": payer,
            "device_id": f"d-{operator}-{i}",
            "address_id": f"a-{operator}-{i}",
            "placed_at": at,
            "received_at": at,
        }
        for i, payer in enumerate(payers)
    ]


def write(lake, name, rows):
    columns = [c.name for c in contract(name).columns]
    frame = pd.DataFrame(rows)
    lake.append_day(name, AS_OF.date(), frame[[c for c in columns if c in frame]])


@pytest.fixture
def lake(tmp_path):
    """Twenty honest shops whose customers overlap a little, one barred, one that continues it."""
    folder, before = Lake(tmp_path / "lake"), BARRED_AT - timedelta(days=20)
    rows = orders("old", [f"p{i}" for i in range(60)], before)
    for n in range(20):
        rows += orders(f"shop{n}", [f"q{n}-{i}" for i in range(49)] + [f"p{n}"], before)
    after = BARRED_AT + timedelta(days=3)
    rows += orders("heir", [f"p{i}" for i in range(12)] + [f"h{i}" for i in range(20)], after)
    rows += orders("newcomer", ["p1", *(f"n{i}" for i in range(30))], after)
    write(folder, "orders", rows)
    sessions = [
        {
            "session_id": f"s-{operator}-{streamer}",
            "operator_id": operator,
            "streamer_ids": [streamer],
            "started_at": at,
            "received_at": at,
        }
        for operator, streamer, at in (
            ("old", "star", before),
            ("second", "star", after),
            *((f"shop{n}", f"host{n}", before) for n in range(1200)),
        )
    ]
    write(folder, "sessions", sessions)
    return folder


def test_new_operator_with_the_payers_of_a_barred_one_is_a_successor(lake):
    """Shared payers and a shared streamer are findings; one shared customer is none."""
    found = successors(lake, AS_OF, barred(), POLICY.findings)
    assert [s.operator_id for s in found] == ["heir", "second"]
    assert found[0].shared["payer"]["shared"] == 12 and list(found[1].shared) == ["streamer"]
    article = POLICY.cite("typology", "evasion_by_successor", AS_OF.date())
    rows = successor_findings(found, article).set_index("operator_id")
    assert rows.at["heir", "other_id"] == "old" and rows.at["heir", "article"] == "Order 117 14"
    assert rows.at["heir", "known_since"] == pd.Timestamp(BARRED_AT)


def test_no_bar_no_successor(lake):
    """Without a bar there is no successor."""
    assert barred("limit_traffic") == []
    assert successors(lake, AS_OF, [], POLICY.findings) == []
    before = successors(lake, BARRED_AT, barred(), POLICY.findings)  # the heir had not begun
    assert before == []
