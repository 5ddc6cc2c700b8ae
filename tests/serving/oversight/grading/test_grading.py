"""Compliance, kind of goods, grounds of patrol, weight of credit and grades of networks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from features.engine.snapshot import Snapshot
from serving.oversight.complaints.cases import ComplaintDecision, verified_complaints
from serving.oversight.credit import credit, level_of
from serving.oversight.grading.compliance import (
    TakenMeasures,
    automatic_measures,
    compliance,
    compliance_events,
)
from serving.oversight.grading.mcn_grades import grade_of, is_large, mcn_grades
from serving.oversight.grading.patrol_grounds import GROUNDS, goods, patrol_grounds, streamer_reach
from serving.oversight.influence import COMPONENTS, influence
from serving.oversight.measures.state import Ending, Measure, MeasureState, WonAppeal
from serving.policy.load import load_policy
from tests.spec.tables import ORDER, rows

POLICY = load_policy()
AS_OF = datetime(2026, 1, 12)
NAMES = pd.Index(["a", "b", "c"], name="operator_id")
NONE_AUTOMATIC = automatic_measures(None, MeasureState(), AS_OF)


def measure(subject="a", code="limit_traffic", kind="operator", endings=()):
    start = AS_OF - timedelta(days=1)
    return Measure("m1", kind, subject, code, "art", start, AS_OF + timedelta(days=9), "p", endings)


def taken(*measures, automatic=NONE_AUTOMATIC):
    return TakenMeasures(MeasureState({m.measure_id: m for m in measures}), automatic)


def record(measures=(), automatic=NONE_AUTOMATIC, **tables):
    known = Snapshot.from_frames(tables)
    verified = verified_complaints(known.get("complaints"), {})
    given = replace(taken(*measures, automatic=automatic), verified=verified)
    return compliance(known, NAMES, given, AS_OF, POLICY)


NO_NOTICES = rows("notice_id operator_id issuer at", "n1 z platform t0")


def test_compliance_of_nothing_is_unknown():
    """Without a record, nothing is known; with one, operators that it does not name are clean."""
    assert record().isna().all()
    assert record(notices=NO_NOTICES).eq(1.0).all()
    got = record([measure()])
    assert got["a"] < 1.0 and np.isnan(got["b"])


def test_measures_notices_and_verified_complaints_take_points():
    """Each lowers the record, a notice of a regulator most; an open complaint does not count."""
    notices = rows("notice_id operator_id issuer at", "n1 a regulator t0", "n2 b platform t0")
    got = record(notices=notices)
    assert got["a"] < got["b"] < got["c"] == 1.0
    complaints = rows("complaint_id operator_id kind opened_at", "c1 a other t0", "c2 b other t0")
    got = record(complaints=complaints.assign(upheld=[True, None]))
    assert got["a"] < 1.0 and got["b"] == 1.0


def test_a_complaint_that_was_decided_here_counts():
    """A decision of a person counts instead of what was delivered."""
    complaints = rows("complaint_id operator_id kind opened_at", "c1 a other t0", "c2 b other t0")
    tables = Snapshot.from_frames({"complaints": complaints.assign(upheld=[True, None])})
    verdicts = {"c1": False, "c2": True}
    decided = {k: ComplaintDecision(v, AS_OF, "desk", "why") for k, v in verdicts.items()}
    verified = verified_complaints(tables["complaints"], decided)
    given = TakenMeasures(MeasureState(), NONE_AUTOMATIC, decided, verified)
    got = compliance(tables, NAMES, given, AS_OF, POLICY)
    assert got["a"] == 1.0 and got["b"] < 1.0


def test_a_mended_measure_keeps_half_and_a_wrong_one_nothing():
    """Lifted because mended: half of its points. Undone or found wrong: as if never taken."""

    def ended(status, wrong=False):
        ending = Ending(status, AS_OF - timedelta(hours=1), "p", "why", wrong)
        return record([measure(endings=(ending,))], notices=NO_NOTICES)["a"]

    points = 1.0 - record([measure()], notices=NO_NOTICES)["a"]
    assert 1.0 - ended("lifted") == pytest.approx(points / 2)
    assert ended("undone") == ended("lifted", wrong=True) == 1.0


def published_measure(status="in_force"):
    measures = pd.DataFrame({"operator_id": ["a", "b"], "code": ["limit_traffic", "popup"]})
    yesterday = AS_OF - timedelta(days=1)
    return measures.assign(automatic=True, status=status, effective_from=yesterday)


def test_automatic_measures_of_the_night_before_count():
    """They lower compliance and credit until an appeal is won; proposals do not count."""
    before = automatic_measures(published_measure(), MeasureState(), AS_OF)
    assert list(before["operator_id"]) == ["a", "b"]
    got = record(automatic=before, notices=NO_NOTICES)
    assert got["a"] < got["b"] < got["c"] == 1.0
    at = AS_OF - timedelta(hours=1)
    won = MeasureState(won_appeals={"a": (WonAppeal(at, at),)})
    assert list(automatic_measures(published_measure(), won, AS_OF)["operator_id"]) == ["b"]
    assert automatic_measures(published_measure("proposed"), MeasureState(), AS_OF).empty
    tables = Snapshot.from_frames({"notices": NO_NOTICES})
    points = credit(tables, NAMES, AS_OF, POLICY, None, before).set_index("operator_id")
    assert points.at["a", "credit"] < points.at["b", "credit"] < points.at["c", "credit"] == 100.0


@pytest.mark.parametrize(
    ("points", "orders", "level"),
    [
        (100.0, 1, "unrated"),
        (100.0, POLICY.credit.least_orders, "excellent"),
        (100.0, None, "excellent"),
        (70.0, 3, "unrated"),
        (45.0, 3, "fair"),
        (10.0, 3, "poor"),
    ],
)
def test_credit_of_few_orders(points, orders, level):
    """One order is not excellent, and few orders do not mend a poor credit."""
    assert level_of(points, POLICY, orders)[0] == level


def test_one_order_is_not_excellent():
    """The published level of an operator with one praised order is unrated."""
    orders = rows(ORDER, "g1 a b1 t0", *[f"x{i} b c{i} t{i}" for i in range(25)])
    reviews = rows(
        "order_id account_id at rating", "g1 b1 t9 5", *[f"x{i} c{i} t9 5" for i in range(25)]
    )
    tables = Snapshot.from_frames({"orders": orders, "reviews": reviews})
    got = credit(tables, NAMES, AS_OF, POLICY).set_index("operator_id")
    assert got.at["a", "credit"] == 100.0 and got.at["a", "level"] == "unrated"
    assert got.at["b", "level"] == "excellent"


def parts(**columns):
    base = {name: [0.5, 0.5, 0.5] for name in COMPONENTS}
    return pd.DataFrame(base | columns, index=NAMES)


@pytest.mark.parametrize(
    ("component", "values"),
    [("credit", [0.2, 0.9, 0.9]), ("compliance", [0.2, 1.0, 1.0]), ("goods", [1.0, 0.0, 0.0])],
)
def test_records_and_goods_have_weight(component, values):
    """Low credit, a bad record, and goods of life and health raise supervision."""
    got = influence(parts(**{component: values}), POLICY.influence)
    assert got["a"] > got["b"] == got["c"]
    weightless = replace(POLICY.influence, **{component: 0.0})
    assert influence(parts(**{component: values}), weightless).nunique() == 1


def test_influence_without_any_extent_is_unknown():
    """A clean record alone makes no influence."""
    nothing = [np.nan] * 3
    got = influence(parts(visits=nothing, marketing=nothing, other=nothing), POLICY.influence)
    assert got.isna().all()


def test_grounds_of_patrol_are_named():
    """Each of the five grounds of Order 117 Art. 11 is named where it holds."""
    components = parts(visits=[1.0, 0.1, 0.1], marketing=[1.0, 0.1, 0.1], goods=[0.0, 1.0, np.nan])
    events = pd.DataFrame({"operator_id": ["a", "a", "b"], "at": [AS_OF] * 3, "points": [8.0] * 3})
    reach = pd.Series([9.0, 1.0, np.nan], index=NAMES)
    got = patrol_grounds(components, reach, events, AS_OF, POLICY)
    assert got == {"a": list(GROUNDS[:4]), "b": ["life_and_health"]}
    old = events.assign(at=AS_OF - timedelta(days=POLICY.proportionality.repetition_days + 1))
    assert "repeated_violations" not in patrol_grounds(components, reach, old, AS_OF, POLICY)["a"]


def test_kind_of_goods():
    """An unknown category is neither sensitive nor harmless."""
    kind = POLICY.patrol.life_and_health[0]
    got = goods({"a": kind, "b": "books", "c": "unknown"}, NAMES, POLICY)
    assert got["a"] == 1.0 and got["b"] == 0.0 and np.isnan(got["c"])


def test_the_reach_of_a_streamer_counts_all_rooms():
    """A streamer who appears with two operators brings the views of both rooms."""
    sessions = pd.DataFrame(
        {
            "session_id": ["s1", "s2", "s3"],
            "operator_id": ["a", "b", "c"],
            "streamer_ids": [["x"], ["x"], []],
        }
    )
    views = pd.DataFrame({"session_id": ["s1"] * 2 + ["s2"] * 3, "account_id": list("vwxyz")})
    got = streamer_reach(Snapshot.from_frames({"sessions": sessions, "views": views}), NAMES)
    assert got["a"] == got["b"] == 5.0 and np.isnan(got["c"])


@pytest.mark.parametrize(
    ("clean", "points", "grade"),
    [
        (1.0, 1.0, "A"),
        (0.9, 0.6, "B"),
        (0.6, 0.6, "C"),
        (0.1, 0.5, "D"),
        (np.nan, 1.0, "A"),
        (np.nan, np.nan, None),
    ],
)
def test_grade_of_a_network(clean, points, grade):
    """The grade follows from what is known of compliance and credit."""
    assert grade_of(clean, points, POLICY) == grade


def test_a_measure_on_the_network_lowers_its_grade():
    """A network with clean accounts falls by a measure against itself."""
    operators = pd.DataFrame(
        {"operator_id": ["a", "b"], "mcn_id": ["n1", "n2"], "region": "r", "category": "c"}
    )
    decisions = pd.DataFrame(
        {
            "operator_id": ["a", "b"],
            "tier": ["A", "A"],
            "expected_harm": [0.1, 0.1],
            "component_compliance": [1.0, 1.0],
            "component_credit": [1.0, 1.0],
        }
    )
    tables = Snapshot.from_frames({"operators": operators})
    given = taken(measure("n1", "close_account", "mcn"))
    got = mcn_grades(tables, decisions, pd.DataFrame(), given, AS_OF, POLICY).set_index("mcn_id")
    assert got.at["n2", "grade"] == "A" and got.at["n1", "grade"] > "A"
    assert got["follows"].isna().all()  # no figure was corrected: that is unknown, not none


def test_the_largest_networks_are_large():
    """A tenth of the networks, by accounts and follows."""
    frame = pd.DataFrame({"operators": range(20), "follows": range(20)})
    assert list(np.flatnonzero(is_large(frame, 0.1))) == [18, 19]


def test_compliance_events_of_nothing():
    """No record and no measure give no rows, with the columns of others."""
    got = compliance_events({}, taken(), AS_OF, POLICY)
    assert list(got.columns) == ["operator_id", "at", "points"]
