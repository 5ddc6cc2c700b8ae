"""Notices of authorities as cases: due by policy, answered by a measure or by an approver."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd
import pytest

from data_contracts.lake import Lake
from serving.ledger.hash_chain import append_record, read_records
from serving.oversight.measures.approval import approve_act
from serving.oversight.measures.undo import UndoRequest, undo_measures
from serving.oversight.notices.notice_cases import (
    BadNotice,
    NoticeAnswer,
    answer_notice,
    list_notices,
)
from serving.oversight.people.personal_key import NotAuthenticated
from serving.oversight.people.signed_acts import acts_of, verify_acts
from serving.policy.load import load_policy
from tests.serving.oversight.people.persons import admit_office, record_measure

POLICY = load_policy()
T0 = datetime(2026, 3, 2, 9)
NOW = T0 + timedelta(days=3)


def notice(number, operator="o1", issuer="regulator", at=T0):
    return {
        "notice_id": f"n{number}",
        "operator_id": operator,
        "issuer": issuer,
        "at": at,
        "received_at": at,
    }


@pytest.fixture
def lake(tmp_path):
    folder = Lake(tmp_path / "lake")
    rows = [notice(1), notice(2, "o2"), notice(3, issuer="platform")]
    folder.append_day("notices", T0.date(), pd.DataFrame(rows))
    return folder


def statuses(lake, now=NOW):
    return {c["notice_id"]: c["status"] for c in list_notices(lake, now, POLICY)}


def test_a_notice_of_an_authority_is_due(lake):
    """Only an authority's notice is a case; it is late after the days of the policy."""
    due = T0 + timedelta(days=POLICY.notices.days)
    assert statuses(lake, due) == {"n1": "open", "n2": "open"}
    assert statuses(lake, due + timedelta(seconds=1)) == {"n1": "late", "n2": "late"}
    assert statuses(Lake(lake.root.parent / "empty")) == {}


def test_a_measure_answers_a_notice_until_it_is_undone(lake):
    """The answer counts while its measure does; undone, the notice is open again."""
    people = admit_office(lake)
    desk, lead = people["desk"], people["lead"]
    taken, other = (record_measure(lake, desk, o, "warn", NOW) for o in ("o1", "o2"))
    for wrong in (other, "m-unknown"):
        with pytest.raises(BadNotice):
            answer_notice(lake, "n1", NoticeAnswer(wrong, desk, "acted"), NOW, POLICY)
    for one, reason in (("n3", "acted"), ("n1", " ")):
        with pytest.raises(BadNotice):
            answer_notice(lake, one, NoticeAnswer(taken, desk, reason), NOW, POLICY)
    assert not lake.notice_answers.exists()
    given = NoticeAnswer(taken, desk, "warned")
    done = answer_notice(lake, "n1", given, NOW, POLICY)
    assert (done["status"], done["measure_id"], done["breached"]) == ("acted", taken, False)
    answer_notice(lake, "n1", given, NOW, POLICY)  # once
    (record,) = read_records(lake.notice_answers)
    assert record["article"] == "Order 117 12 ¶2" and verify_acts(lake) == []
    undo = undo_measures(lake, UndoRequest([taken], desk, "a mistake", "lead"), NOW, POLICY)
    later = NOW + timedelta(hours=1)
    approve_act(lake, undo["undo_id"], lead, later, POLICY)
    assert statuses(lake, later)["n1"] == "open"


def test_no_measure_needs_an_approver(lake):
    """An officer alone cannot leave a notice without a measure, in the record neither."""
    people = admit_office(lake)
    with pytest.raises(NotAuthenticated):
        answer_notice(lake, "n1", NoticeAnswer(None, people["desk"], "no ground"), NOW, POLICY)
    done = answer_notice(lake, "n1", NoticeAnswer(None, people["lead"], "no ground"), NOW, POLICY)
    assert (done["status"], done["decided_by"]) == ("no_measure", "lead")


def test_an_unsigned_answer_counts_for_nothing(lake):
    """Where persons are known every line of the record is signed, from its first one on."""
    admit_office(lake)
    line = {"notice_id": "n1", "measure_id": None, "decided_by": "lead", "reason": "-"}
    append_record(lake.notice_answers, line | {"decided_at": NOW.isoformat()})
    assert acts_of(lake, lake.notice_answers) == [] and statuses(lake)["n1"] == "open"
    assert [f.file for f in verify_acts(lake)] == ["journal/notices.jsonl"]
