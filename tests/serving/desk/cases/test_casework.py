"""Dispositions become labels, measures need two people, and every act can be taken back."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest

from serving.desk.cases.capacity import day_plan
from serving.desk.cases.queue import QueueFilter, queue_page
from serving.desk.cases.refusals import CaseRefused
from serving.desk.casework.attachments import attach, attachment_folder, read_attachment, safe_name
from serving.desk.casework.case_measures import (
    WantedMeasure,
    approve_measure,
    preview_measure,
    propose_measure,
)
from serving.desk.casework.claims import Chosen, claim
from serving.desk.casework.dispositions import Disposition, decide
from serving.desk.casework.kept_lists import set_rule
from serving.desk.casework.notes import add_label, add_note, mentions_in, mentions_of
from serving.desk.casework.quality import error_rates
from serving.desk.casework.skippable import Skippable
from serving.desk.casework.undo import UndoWish, undo
from serving.oversight.measures.state import IN_FORCE, UNDONE
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.people.signed_acts import verify_acts
from tests.serving.desk.cases.working import (
    CLEARED,
    FOUND,
    cases_of,
    decided,
    golden_cases,
    state_of,
)


@pytest.fixture
def li(people):
    people.add("li", "patrol")
    return people.signer("li")


@pytest.fixture
def chen(people):
    people.add("chen", "lead")
    return people.signer("chen")


def labels_of(desk, subject):
    files = (desk.lake.root / "outcomes").rglob("*.parquet")
    every = pd.concat([pd.read_parquet(f) for f in files])
    return every[every["entity_id"] == subject]


def test_a_clearing_overturns_the_night_and_becomes_a_label(desk, li, clock):
    """The label counts after the days of the policy; taken back before, it never does."""
    case = cases_of(desk)[0]
    subject = state_of(desk, case).subject_id
    line = decided(desk, case, li, CLEARED)
    assert line["entries"][case]["overturns"] == "false_alarm"
    found = labels_of(desk, subject)
    assert list(found["verdict"]) == ["cleared"] and list(found["source"]) == ["patrol"]
    assert found["received_at"].iloc[0] == desk.naive_now() + timedelta(days=7)
    _, followed = undo(desk, UndoWish([line["act_id"]], li, "the wrong case"))
    assert followed.labels_withdrawn == (case,) and labels_of(desk, subject).empty
    assert state_of(desk, case).status == "claimed" and state_of(desk, case).holder == "li"
    again = decide(desk, Chosen([case], li), CLEARED)
    clock.advance(days=8)
    _, followed = undo(desk, UndoWish([again["act_id"]], li, "new evidence"))
    assert followed.labels_kept == (case,) and len(labels_of(desk, subject)) == 1


def test_a_disposition_says_what_it_rests_on(desk, li):
    """Without a claim, a verdict, a basis or evidence nothing is decided."""
    case = cases_of(desk)[0]
    with pytest.raises(CaseRefused, match="not claimed"):
        decide(desk, Chosen([case], li), FOUND)
    claim(desk, Chosen([case], li))
    for wrong in (
        Disposition("guilty", "view_fraud", "bots in two rooms", (), ("views",)),
        Disposition("found", "fraud", "bots in two rooms", (), ("views",)),
        Disposition("found", "view_fraud", "bots", (), ("views",)),
        Disposition("found", "view_fraud", "bots in two rooms", (), ()),
    ):
        with pytest.raises(CaseRefused):
            decide(desk, Chosen([case], li), wrong)


def test_a_measure_takes_two_people_and_can_be_undone(desk, li, chen, clock):
    """Proposed by one and approved by another; the undoing of its disposition undoes it."""
    case = cases_of(desk)[0]
    wanted = WantedMeasure("block", 7, "bots in two rooms", "ordered by the regulator")
    with pytest.raises(CaseRefused):
        propose_measure(desk, Chosen([case], li), wanted)
    line = decided(desk, case, li)
    preview = preview_measure(desk, state_of(desk, case), wanted, li)
    assert preview.needs_approval and preview.boost == "refuse" and preview.article
    assert "bots in two rooms" in preview.notice_en and "申诉" in preview.notice_zh
    made = propose_measure(desk, Chosen([case], li), wanted)["entries"][case]
    assert made["status"] == "proposed"
    clock.advance(minutes=1)
    approve_measure(desk, made["measure_id"], chen)
    measure = read_measures(desk.lake).measures[made["measure_id"]]
    assert measure.status(desk.naive_now()) == IN_FORCE
    clock.advance(minutes=1)
    _, followed = undo(desk, UndoWish([line["act_id"]], li, "they were fans"))
    assert followed.measures_undone == (made["measure_id"],)
    waiting = next(iter(read_measures(desk.lake).pending))
    clock.advance(minutes=1)
    approve_measure(desk, waiting, chen)
    measure = read_measures(desk.lake).measures[made["measure_id"]]
    assert measure.status(desk.naive_now()) == UNDONE and verify_acts(desk.lake) == []


def test_a_proposal_is_withdrawn_by_who_proposed_it(desk, li):
    """Taking back a proposal leaves nothing to approve, and both lines in the record."""
    case = cases_of(desk)[0]
    decided(desk, case, li)
    line = propose_measure(desk, Chosen([case], li), WantedMeasure("block", 7, "bots", "ordered"))
    _, followed = undo(desk, UndoWish([line["act_id"]], li, "too grave"))
    assert len(followed.proposals_withdrawn) == 1 and not read_measures(desk.lake).pending
    assert state_of(desk, case).measure_ids == () and verify_acts(desk.lake) == []


def test_a_bulk_act_is_taken_back_whole_or_in_part(desk, li, chen):
    """One act on five cases is taken back for two of them, and then for the others by a lead."""
    ids = cases_of(desk)[:5]
    line = add_label(desk, Chosen(ids, li), "spring", None)
    undo(desk, UndoWish([line["act_id"]], li, "not these", ids[:2]))
    assert [bool(state_of(desk, i).labels) for i in ids] == [False, False, True, True, True]
    with pytest.raises(CaseRefused, match="undone before"):
        undo(desk, UndoWish([line["act_id"]], li, "again", ids[:1]))
    with pytest.raises(CaseRefused, match="of another"):
        undo(desk, UndoWish([line["act_id"]], chen, "all", ids[2:]))
    undo(desk, UndoWish([line["act_id"]], chen, "all", ids[2:], is_lead=True))
    assert not any(state_of(desk, i).labels for i in ids)


def test_golden_cases_measure_the_desk_and_make_no_label(desk, li):
    """The error rate has an exact interval; no reviewer can tell a golden case before."""
    case = golden_cases(desk)[0]
    state = state_of(desk, case)
    before = len(labels_of(desk, state.subject_id))
    wrong = CLEARED if state.known_verdict == "confirmed" else FOUND
    decided(desk, case, li, wrong)
    with desk.database.snapshot() as session:
        desk_rate, own = error_rates(session)
    assert (own.person, own.decided, own.errors, own.rate) == ("li", 1, 1, 1.0)
    assert desk_rate.low == pytest.approx(0.025) and desk_rate.high == 1.0
    assert len(labels_of(desk, state.subject_id)) == before
    with pytest.raises(CaseRefused):
        propose_measure(desk, Chosen([case], li), WantedMeasure("warn", 7, "bots"))


def test_the_queue_goes_by_expected_harm_and_finds_by_words(desk, li):
    """Sorted by harm, searched by id and note; sessions show no score and no place by it."""
    ids = cases_of(desk)
    add_note(desk, Chosen(ids[:1], li), "称快递单号 100% 重复_ @li", ["li"])

    def page(**wanted):
        with desk.database.snapshot() as session:
            return queue_page(session, QueueFilter(**wanted), "li", desk.clock())

    operators = page(kind="operator", state="every")
    harms = [r.harm for r in operators.rows]
    assert operators.total == len(ids) and harms == sorted(harms, reverse=True)
    assert [r.case_id for r in page(text="快递单号 100%").rows] == ids[:1]
    assert page(text="100_").total == 0
    assert [r.case_id for r in page(text=ids[1]).rows] == [ids[1]]
    assert all(r.risk is None and r.tier is None for r in page(kind="session").rows)
    whole = page().rows
    kinds = [r.kind for r in whole[: len(whole) // 2]]
    assert {"operator", "session"} == set(kinds)
    assert QueueFilter.of({"page": "-1", "sort": "x", "state": "y"}) == QueueFilter()
    with desk.database.snapshot() as session:
        found, total = mentions_of(session, "li")
        plan = day_plan(session, desk, ["li"], desk.clock())
    assert total == 1 and found[0].case_id == ids[0]
    assert plan.fit == 16 and plan.beyond == plan.waiting - 16 and plan.harm_left < plan.harm


def test_rules_give_new_cases_in_turn_within_capacity(desk, people, li):
    """Two persons get cases by turns until both have a day's work."""
    people.add("zhao", "patrol")
    set_rule(desk, li, "kind", "operator", ["li", "zhao"])
    persons = [state_of(desk, c).assignee for c in cases_of(desk)]
    full = desk.policy.cases.person_minutes // int(desk.policy.cases.minutes)
    each = min(full, -(-len(persons) // 2))
    assert max(persons.count("li"), persons.count("zhao")) == each
    assert abs(persons.count("li") - persons.count("zhao")) <= 1


def test_an_attachment_is_private_and_keeps_its_digest(desk, li):
    """Files lie outside of the pages with mode 0600; a changed one is not served."""
    case = cases_of(desk)[0]
    line = attach(desk, Chosen([case], li), "../../etc/<b>屏幕.png", b"\x89PNG")
    path = attachment_folder(desk.lake) / line["digest"]
    assert path.stat().st_mode & 0o777 == 0o600 and line["name"] == "_b_屏幕.png"
    with desk.database.snapshot() as session:
        assert read_attachment(desk, session, case, line["digest"])[1] == b"\x89PNG"
        path.write_bytes(b"other")
        with pytest.raises(CaseRefused):
            read_attachment(desk, session, case, line["digest"])
    for content in (b"", b"x" * (desk.policy.cases.attachment_megabytes * 1024 * 1024 + 1)):
        with pytest.raises(CaseRefused):
            attach(desk, Chosen([case], li), "a", content)
    assert safe_name("..") == "file" and safe_name("a\u202egnp.exe") == "a_gnp.exe"


def test_mentions_are_of_known_names():
    """Names end at punctuation of both languages."""
    assert mentions_in("@li，看 @zhao. @nobody @li", ["li", "zhao"]) == ["li", "zhao"]


def test_the_risk_of_skipping_has_an_upper_end():
    """No earlier case leaves everything possible; of twenty without a change at most 14 %."""
    assert Skippable((), 1, 0, 0).wrong_at_most == 1.0
    assert Skippable((), 1, 20, 0).wrong_at_most == pytest.approx(1 - 0.05 ** (1 / 20))
    assert Skippable((), 1, 2, 2).wrong_at_most == 1.0
