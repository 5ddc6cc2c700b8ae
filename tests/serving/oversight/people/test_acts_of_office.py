"""Holds, deletions, sent reports and promotions are acts of persons who sign them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from data_contracts.lake import Lake
from serving.ledger.hash_chain import append_record, read_records
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.people.personal_key import NotAuthenticated
from serving.oversight.people.promotion_record import record_promotion, verify_promotions
from serving.oversight.people.signed_acts import (
    read_acts,
    unauthenticated_words,
    verify_acts,
)
from serving.oversight.people.signers import act_author, signature_of
from serving.oversight.reports.measure_report import mark_reported
from serving.oversight.retention.deletion import delete_days
from serving.oversight.retention.legal_holds import (
    RetentionRefused,
    operators_on_hold,
    set_hold,
)
from serving.policy.load import load_policy
from tests.serving.oversight.people.persons import T0, admit_office

LATER = T0 + timedelta(days=1)
REPORT = {"level": "county", "from": "2026-01-01", "to": "2026-02-01", "measures": []}
PROMOTION = {"model": "session_inflation", "version": "v1", "rows": []}


@pytest.fixture
def lake(tmp_path):
    (tmp_path / "lake").mkdir()
    return Lake(tmp_path / "lake")


def test_a_hold_is_lifted_by_another_person_than_set_it(lake):
    """A name decides nothing, an officer lifts nothing, and who set a hold does not lift it."""
    people = admit_office(lake)
    desk, lead = people["desk"], people["lead"]
    for nobody in ("counsel", people["judge"], people["root"]):
        with pytest.raises(NotAuthenticated):
            set_hold(lake, "o", nobody, "case 7", False, LATER)
    set_hold(lake, "o", lead, "case 7", False, LATER)
    with pytest.raises(NotAuthenticated, match="needs approver"):
        set_hold(lake, "o", desk, "closed", True, LATER)
    with pytest.raises(RetentionRefused, match="another has to lift"):
        set_hold(lake, "o", lead, "closed", True, LATER)
    assert operators_on_hold(lake) == {"o"}
    set_hold(lake, "p", desk, "case 8", False, LATER)
    set_hold(lake, "p", lead, "closed", True, LATER)
    assert operators_on_hold(lake) == {"o"} and verify_acts(lake) == []


def test_a_lift_by_who_set_the_hold_counts_for_nothing(lake):
    """Written past the function, with a good signature or without one, it changes nothing."""
    people = admit_office(lake)
    lead = people["lead"]
    set_hold(lake, "o", lead, "case 7", False, LATER)
    lift = {"operator_id": "o", "event": "lifted", "by": "lead", "reason": "x", "at": "2026"}
    author = act_author(lake, lead, lake.legal_holds, ["approver"])
    append_record(lake.legal_holds, lift, author.sign)
    append_record(lake.legal_holds, lift)
    assert operators_on_hold(lake) == {"o"}
    assert [f.line for f in verify_acts(lake)] == [2, 3]


def test_deletions_and_reports_are_signed(lake):
    """Deletions and reports are signed."""
    people, policy = admit_office(lake), load_policy()
    with pytest.raises(NotAuthenticated):
        delete_days(lake, "views", date(2020, 1, 1), people["desk"], LATER, policy)
    assert delete_days(lake, "views", date(2020, 1, 1), people["lead"], LATER, policy) == []
    for nobody in ("dana", people["judge"]):
        with pytest.raises(NotAuthenticated):
            mark_reported(lake, REPORT, "text", nobody, LATER)
    sent = mark_reported(lake, REPORT, "text", people["desk"], LATER)
    assert sent["by"] == "desk" and sent["signed"]["key"] == people["desk"].key.public.id
    assert read_acts(lake, lake.reports).faults == []


def test_a_promotion_that_a_person_let_pass_is_signed(lake, tmp_path):
    """One that every row allows needs no person; the releases cannot lose one in silence."""
    people, models = admit_office(lake), tmp_path / "models"
    passed = {"by": "lead", "reason": "the region is new"}
    with pytest.raises(NotAuthenticated, match="needs approver"):
        record_promotion(lake, models, PROMOTION | {"override": passed}, people["desk"])
    record_promotion(lake, models, PROMOTION | {"override": None})
    record_promotion(lake, models, PROMOTION | {"override": passed}, people["lead"])
    assert verify_acts(lake) == [] and verify_promotions(lake, models) == []
    (models / "session_inflation" / "v1").mkdir(parents=True)
    kept = (models / "promotions.jsonl").read_bytes().splitlines(keepends=True)
    (models / "promotions.jsonl").write_bytes(kept[0])
    assert "lacks the promotion" in verify_promotions(lake, models)[0].what
    (models / "promotions.jsonl").write_bytes(kept[1])
    assert "does not follow" in verify_promotions(lake, models)[0].what
    append_record(lake.promotions, PROMOTION | {"override": passed, "by": "lead"})
    assert [f.line for f in verify_acts(lake)] == [3]


def test_an_act_that_calls_itself_an_opened_appeal_needs_its_signature(lake):
    """The exception for outsiders holds for appeals alone, and for nothing that decides."""
    admit_office(lake)
    forged = {
        "event": "opened",
        "appeal_id": "p1",
        "measure_id": "m1",
        "operator_id": "o",
        "code": "blacklist",
        "article": "12",
        "opened_by": "nobody",
        "opened_at": "2026-01-20T00:00:00",
        "taken_at": "2026-01-20T00:00:00",
        "effective_from": "2026-01-20T00:00:00",
        "effective_to": "2026-03-20T00:00:00",
        "by": "nobody",
    }
    append_record(lake.measures, forged)
    append_record(lake.appeals, forged)
    assert read_measures(lake).measures == {}
    assert len(verify_acts(lake)) == 2


def test_holds_of_before_signatures_stand_until_the_first_signed_one(lake):
    """A roster of an earlier version did not name holds; no hold is lost, and none is forged."""
    people = admit_office(lake)
    set_hold_unsigned = {"operator_id": "o", "event": "set", "by": "counsel", "at": "2026"}
    roster = read_records(lake.people)
    assert all("holds.jsonl" in r["lines"] for r in roster)
    append_record(lake.legal_holds, set_hold_unsigned)
    assert operators_on_hold(lake) == set()  # this roster named them: an unsigned one is forged

    old = Lake(lake.root.parent / "old")
    old.root.mkdir()
    people = admit_office(old)
    append_record(old.legal_holds, set_hold_unsigned)
    _forget_holds(old, people)
    assert operators_on_hold(old) == {"o"}
    assert "holds.jsonl" in " ".join(unauthenticated_words(old))
    set_hold(old, "p", people["desk"], "case 8", False, LATER)
    append_record(old.legal_holds, set_hold_unsigned | {"operator_id": "q"})
    assert operators_on_hold(old) == {"o", "p"}


def _forget_holds(lake, people):
    """The roster as an earlier version wrote it: each event names four records."""
    root = people["root"]
    events = read_records(lake.people)
    lake.people.unlink()
    for e in events:
        body = {k: v for k, v in e.items() if k not in ("signed", "sha256", "previous_sha256")}
        body["lines"] = {k: v for k, v in body["lines"].items() if k != "holds.jsonl"}
        append_record(lake.people, body, signature_of(lake, root, lake.people))


def test_an_approval_cannot_change_what_was_proposed(lake):
    """Code, subject and days are those of the proposal, and it begins when it is approved."""
    people = admit_office(lake)
    at = LATER.isoformat(timespec="seconds")
    proposal = {
        "measure_id": "m1",
        "operator_id": "o",
        "subject_id": "o",
        "code": "block",
        "days": 7,
        "article": "12",
        "proposed_at": at,
        "by": "desk",
    }
    terms = {
        "code": "blacklist",
        "subject_id": "rival",
        "effective_from": "2020-01-01T00:00:00",
        "effective_to": "2099-01-01T00:00:00",
        "notice_en": "blocked",
    }
    approval = {"approve_of": "m1", "by": "lead", "at": at, "terms": terms}
    for name, role, record in (("desk", "officer", proposal), ("lead", "approver", approval)):
        author = act_author(lake, people[name], lake.measures, [role])
        append_record(lake.measures, record, author.sign)
    taken = read_measures(lake).measures["m1"]
    assert (taken.code, taken.subject_id, taken.taken_at) == ("block", "o", LATER)
    assert taken.effective_to == LATER + timedelta(days=7)


def test_an_act_in_the_record_of_others_counts_for_nothing(lake):
    """A reviewer takes no measure in the record of appeals, an officer wins none in that of them.

    Nor does a reviewer take one in the record of measures by calling it a decision.
    """
    people = admit_office(lake)
    measure = {
        "measure_id": "m1",
        "operator_id": "o",
        "code": "warn",
        "article": "12",
        "effective_from": LATER.isoformat(),
        "effective_to": (LATER + timedelta(days=7)).isoformat(),
    }
    won = {"event": "decided", "appeal_id": "p1", "verdict": "error", "decided_at": "2026-01-20"}
    forged = (
        (lake.appeals, "judge", measure | {"by": "judge", "decided_by": "judge"}),
        (lake.measures, "judge", measure | {"by": "judge", "decided_by": "judge"}),
        (lake.measures, "desk", won | {"by": "desk", "decided_by": "desk"}),
    )
    for path, name, record in forged:
        append_record(path, record, signature_of(lake, people[name], path))
    state = read_measures(lake)
    assert state.measures == {} and state.won_appeals == {}
    assert len(verify_acts(lake)) == 3
