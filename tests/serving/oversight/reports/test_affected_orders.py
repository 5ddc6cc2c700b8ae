"""Open orders of the subject of a measure: paid, neither signed for nor refunded."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd
import pytest

from data_contracts.contract import contract
from data_contracts.lake import Lake
from serving.ledger.hash_chain import append_record
from serving.oversight.reports.affected_orders import NoSuchMeasure, affected_orders

T0 = datetime(2026, 1, 20)
NOW = T0 + timedelta(days=5)


def write(lake, table, **columns):
    names = {c.name: None for c in contract(table).columns}
    lake.write_by_day(table, pd.DataFrame(names | columns | {"received_at": T0}))


@pytest.fixture
def lake(tmp_path):
    """Five orders of a subject under a measure, and one of another operator."""
    one = Lake.open(tmp_path)
    ids = ["open", "signed", "refunded", "unpaid", "streamed", "other"]
    paid = pd.to_datetime([T0, T0, T0, None, T0, T0])
    sessions = [None, None, None, None, "s1", None]
    operators = ["o"] * 4 + ["p", "q"]
    write(
        one, "orders", order_id=ids, operator_id=operators, session_id=sessions,
        buyer_id="b", product_id="x", merchant_id="m", placed_at=T0, paid_at=paid,
        list_amount=2.0, paid_amount=2.0, quantity=1,
    )  # fmt: skip
    write(
        one,
        "parcels",
        order_id=["signed", "open"],
        signed_at=pd.to_datetime([T0, None]),
        waybill_id="w",
    )
    write(one, "refunds", order_id=["refunded"], refunded_at=[T0], requested_at=[T0], amount=2.0)
    write(one, "operators", operator_id=["o", "p", "q"], mcn_id=["n", "n", None], registered_at=T0)
    write(
        one, "sessions", session_id=["s1"], operator_id=["p"], streamer_ids=[["star"]],
        started_at=T0, ended_at=T0 + timedelta(hours=1), room_id="r",
    )  # fmt: skip
    for measure, kind, subject in (
        ("m1", "operator", "o"),
        ("m2", "mcn", "n"),
        ("m3", "streamer", "star"),
    ):
        terms = {"effective_from": T0.isoformat(), "effective_to": (NOW + timedelta(1)).isoformat()}
        about = {"measure_id": measure, "subject_kind": kind, "subject_id": subject}
        act = {"code": "block", "article": "12", "by": "desk", "operator_id": subject}
        append_record(one.measures, about | act | terms)
    return one


def test_open_orders_of_a_measure(lake):
    """An operator, a network and a streamer each have theirs; other operators have none."""
    found = {m: affected_orders(lake, m, NOW)["order_id"].tolist() for m in ("m1", "m2", "m3")}
    assert found == {"m1": ["open"], "m2": ["open", "streamed"], "m3": ["streamed"]}
    every = affected_orders(lake, None, NOW)
    assert every["measure_id"].value_counts().to_dict() == {"m2": 2, "m1": 1, "m3": 1}
    assert affected_orders(lake, None, NOW + timedelta(days=9)).empty  # no measure is in force
    later = NOW + timedelta(days=400)  # an order that never arrives stays open
    assert affected_orders(lake, "m1", later)["order_id"].tolist() == ["open"]
    with pytest.raises(NoSuchMeasure):
        affected_orders(lake, "m9", NOW)
