"""A notice lists the session that its reasons name, with its figures, whatever their night."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from data_contracts.runs import published_runs, read_outbound
from serving.desk.inbox.notice_links import NoticeSubject
from serving.desk.inbox.notice_view import notice_view
from serving.oversight.measures.manual_measures import take_measure
from serving.oversight.measures.measure_requests import MeasureRequest
from serving.oversight.measures.nightly_measures import with_named_session


@pytest.fixture
def accused(desk) -> tuple[str, str, str]:
    """An operator whose reason names a session of the night before, that session and its night."""
    first, last = sorted(published_runs(desk.lake))[-2:]
    figures = read_outbound(desk.lake, "corrected_figures", first)
    earlier = figures[(figures["entity_kind"] == "session") & (figures["measure"] == "views")]
    tonight = set(read_outbound(desk.lake, "corrected_figures", last)["entity_id"])
    made = read_outbound(desk.lake, "measures").set_index("operator_id")
    session = next(s for s in earlier["entity_id"] if s not in tonight)
    return str(made.index[0]), str(session), first


def test_the_named_session_comes_first():
    """One that the reason does not name is no evidence; one that is listed is not doubled."""
    why = {"en": "its session s1 is inflated", "session": {"id": "s1"}}
    assert with_named_session({"sessions": ["s2", "s1"]}, why) == {"sessions": ["s1", "s2"]}
    assert with_named_session({}, why | {"en": "by its own signals"}) == {}
    assert with_named_session({"orders": ["o"]}, {"en": "x", "session": None}) == {"orders": ["o"]}


def test_figures_are_those_of_the_night_that_has_the_session(desk, people, accused, monkeypatch):
    """A measure of today names a session of an earlier night: counted and corrected are known."""
    operator, session, first = accused
    decisions = read_outbound(desk.lake, "tier_decisions")
    row = decisions.set_index("operator_id").loc[operator]
    why = json.loads(row["why"]) | {"session": {"id": session, "probability": 0.99}}
    why["en"] += f"; its session {session} is inflated with probability 0.99"
    named = decisions.assign(
        why=decisions["why"].where(decisions["operator_id"] != operator, json.dumps(why))
    )
    place = "serving.oversight.measures.manual_measures.read_outbound"
    monkeypatch.setattr(
        place, lambda lake, name: named if name == "tier_decisions" else read_outbound(lake, name)
    )
    people.add("pat", "patrol")
    request = MeasureRequest(operator, "warn", people.signer("pat"), "bought views", 30)
    taken = take_measure(desk.lake, request, desk.naive_now(), desk.policy)
    subject = NoticeSubject(operator, taken["measure_id"], None)
    notice = notice_view(desk.lake, subject, desk.naive_now(), desk.policy)
    one = notice.sessions[0]
    figures = read_outbound(desk.lake, "corrected_figures", first)
    of_session = figures[(figures["entity_id"] == session) & (figures["measure"] == "views")]
    assert one.session_id == session and session in notice.findings["en"]
    assert (one.counted, one.estimate) == tuple(
        pd.to_numeric(of_session[["counted", "estimate"]].iloc[0])
    )
