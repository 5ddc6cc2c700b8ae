"""Acts are a signed record first, and tables that can be made again from it."""

from __future__ import annotations

import random
import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import select

from data_contracts.runs import read_outbound
from serving.desk.cases.case_record import rebuild
from serving.desk.cases.night_cases import open_night
from serving.desk.cases.refusals import CaseRefused
from serving.desk.casework.claims import Chosen, assign, claim, hand_over, release, snooze, wake
from serving.desk.casework.dispositions import decide
from serving.desk.casework.kept_lists import save_filter, set_capacity, set_rule, unwatch, watch
from serving.desk.casework.notes import add_label, add_note, remove_label
from serving.desk.casework.undo import UndoWish, last_acts, undo
from serving.desk.store.database import Database
from serving.desk.store.tables.cases import CaseRow
from serving.ledger.hash_chain import append_record, read_records
from serving.ledger.verification import verify_chains
from serving.oversight.people.personal_key import NotAuthenticated
from serving.oversight.people.signed_acts import verify_acts
from tests.serving.desk.cases.working import CLEARED, FOUND, cases_of, dump, state_of


@pytest.fixture
def li(people):
    people.add("li", "patrol", "lead")
    return people.signer("li")


@pytest.fixture
def zhao(people):
    people.add("zhao", "patrol")
    return people.signer("zhao")


def test_each_reviewed_operator_has_one_open_case(desk):
    """A night opens one case for each operator of tier B to D, once; audited sessions too."""
    assert open_night(desk) > 0 and open_night(desk) == 0
    tiers = read_outbound(desk.lake, "tier_decisions")
    reviewed = set(tiers.loc[tiers["tier"] > "A", "operator_id"])
    with desk.database.snapshot() as session:
        rows = list(session.scalars(select(CaseRow)))
    patrol = [r.operator_id for r in rows if r.origin == "patrol"]
    assert sorted(patrol) == sorted(reviewed) and reviewed
    sample = read_outbound(desk.lake, "audit_sample")
    assert {r.subject_id for r in rows if r.origin == "random_audit"} == set(sample["entity_id"])
    assert any(r.origin == "golden" and r.known_verdict for r in rows)
    tier = tiers.set_index("operator_id")["tier"]
    due = {
        (tier[r.operator_id], (r.due_at - r.opened_at).days) for r in rows if r.origin == "patrol"
    }
    assert due == {("B", 7), ("C", 3)}


def test_rebuilding_gives_the_same_tables(desk, li, zhao, clock):
    """Tables made again from record and night equal those that many random acts left."""
    draw, ids = random.Random(7), cases_of(desk)[:6]
    for _ in range(70):
        clock.advance(minutes=draw.randint(1, 300))
        author = draw.choice([li, zhao])
        _random_act(desk, draw, author, Chosen(draw.sample(ids, draw.randint(1, 3)), author))
    kept = dump(desk)
    assert len(read_records(desk.lake.cases)) > 30
    rebuild(desk)
    open_night(desk)
    again = dump(desk)
    for table, rows in kept.items():
        assert (table, again[table]) == (table, rows)
    assert verify_acts(desk.lake) == [] and verify_chains(desk.lake) == []


def _random_act(desk, draw, author, case):
    """One act that chance draws; one that is refused changes nothing."""
    soon = desk.naive_now() + timedelta(days=2)
    act = draw.choice(
        [
            lambda: claim(desk, case),
            lambda: release(desk, case),
            lambda: hand_over(desk, case, "zhao", "knows the room"),
            lambda: assign(desk, case, "li"),
            lambda: snooze(desk, case, soon, "waits for parcels"),
            lambda: wake(desk, case),
            lambda: add_note(desk, case, "看一下 @li", ["li", "zhao"]),
            lambda: add_label(desk, case, draw.choice("ab"), soon),
            lambda: remove_label(desk, case, "a"),
            lambda: decide(desk, case, draw.choice([FOUND, CLEARED])),
            lambda: undo(desk, UndoWish(_last(desk, case), author, "slip", case.cases)),
            lambda: save_filter(desk, author, "mine", "state=mine"),
            lambda: set_capacity(desk, author, "li", draw.randint(0, 300)),
            lambda: set_rule(desk, author, "tier", "B", ["li"]),
        ]
    )
    with suppress(CaseRefused):
        act()


def _last(desk, case):
    with desk.database.snapshot() as session:
        found = last_acts(session, case.cases, case.person)
    if not found:
        raise CaseRefused("cases.refused.unknown_act")
    return found


def test_a_crash_between_record_and_tables_is_healed(desk, li, monkeypatch):
    """A line that was written before a crash is projected by the next act."""
    one, two = cases_of(desk)[:2]
    with monkeypatch.context() as patch:
        patch.setattr("serving.desk.cases.case_record.project", _crash)
        with pytest.raises(RuntimeError):
            claim(desk, Chosen([one], li))
    assert state_of(desk, one).holder is None
    claim(desk, Chosen([two], li))
    assert state_of(desk, one).holder == "li"
    other = Database.open(f"sqlite:///{desk.lake.root.parent}/other.sqlite")
    empty = type(desk)(desk.lake, other, desk.policy, desk.clock)
    assert rebuild(empty) == len(read_records(desk.lake.cases))
    assert state_of(empty, one).holder == "li"


def _crash(*_):
    raise RuntimeError("power failed")


def test_a_line_without_a_signature_counts_for_nothing(desk, li):
    """A line that another program adds changes no case, and is a finding."""
    case = cases_of(desk)[0]
    forged = {"act": "claimed", "act_id": "a1", "by": "li", "cases": [case], "entries": {}}
    append_record(desk.lake.cases, forged | {"at": "2026-01-21T05:00:00"})
    add_label(desk, Chosen([case], li), "seen", None)
    assert state_of(desk, case).holder is None
    assert [f.file for f in verify_acts(desk.lake)] == ["journal/cases.jsonl"]
    with pytest.raises(NotAuthenticated):
        claim(desk, Chosen([case], "li"))


def test_of_two_people_at_once_one_gets_the_case(desk, li, zhao):
    """Two claims at once: one holds the case, the other hears by whom it is held."""
    case, answers = cases_of(desk)[0], []

    def ask(author):
        try:
            claim(desk, Chosen([case], author))
            answers.append("got")
        except CaseRefused as refused:
            answers.append(refused.values["by"])

    threads = [threading.Thread(target=ask, args=(a,)) for a in (li, zhao)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    holder = state_of(desk, case).holder
    assert sorted(answers) == sorted(["got", holder]) and holder in ("li", "zhao")


def test_a_stale_tab_is_refused_and_a_double_click_acts_once(desk, li, zhao):
    """An act on an older version names who changed the case; the same key acts once."""
    case = cases_of(desk)[0]
    seen = state_of(desk, case).version
    first = add_note(desk, Chosen([case], zhao, once="k1"), "called the operator", [])
    again = add_note(desk, Chosen([case], zhao, once="k1"), "called the operator", [])
    assert again["act_id"] == first["act_id"] and len(state_of(desk, case).notes) == 1
    with pytest.raises(CaseRefused) as refused:
        claim(desk, Chosen([case], li, {case: seen}))
    assert refused.value.key == "cases.refused.changed" and refused.value.values["by"] == "zhao"
    claim(desk, Chosen([case], li, {case: state_of(desk, case).version}))


def test_a_claim_lapses_and_a_snooze_ends(desk, li, zhao, clock):
    """A forgotten claim blocks nobody for ever, and a snoozed case comes back."""
    case = cases_of(desk)[0]
    claim(desk, Chosen([case], li))
    clock.advance(hours=desk.policy.cases.claim_hours + 1)
    claim(desk, Chosen([case], zhao))
    assert state_of(desk, case).holder == "zhao"
    with pytest.raises(CaseRefused):
        snooze(desk, Chosen([case], zhao), desk.naive_now() - timedelta(days=1), "late")
    with pytest.raises(CaseRefused):
        release(desk, Chosen([case], li))


def test_watchlists_are_of_known_operators(desk, li):
    """An operator goes on a list with a reason, and off it; one nobody knows does not."""
    case = cases_of(desk)[0]
    operator = state_of(desk, case).operator_id
    watch(desk, li, operator, "spring", "moved rooms", None)
    unwatch(desk, li, operator, "spring")
    with pytest.raises(CaseRefused):
        watch(desk, li, "nobody", "spring", "moved", None)
