"""A draft is replayed on published nights in the background; nothing is decided by it."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from data_contracts.runs import read_outbound
from serving.desk.accounts.account import Account
from serving.desk.laboratory import replay_jobs
from serving.desk.laboratory.drafts import DraftChanged, begin_draft, save_draft
from serving.desk.laboratory.policy_text import with_value
from serving.desk.laboratory.replay import replay_draft, upper_limit
from serving.desk.store.tables.laboratory import PolicyReplayRow
from serving.policy.load import load_policy, policy_of_text

ANN = Account("1" * 32, "ann", ("policy",), "en")


def loose(text: str) -> str:
    """A policy that accuses wherever some evidence is."""
    for key, literal in (
        ("false_discovery", "0.5"),
        ("accuse_session", "0.5"),
        ("capacity_C", "0.25"),
    ):
        text = with_value(text, "tiers", key, literal)
    return text


@pytest.fixture(scope="module")
def replayed(desk_lake):
    from data_contracts.lake import Lake

    lake = Lake.open(desk_lake)
    policy = policy_of_text(loose(load_policy().text), "loose")
    return lake, replay_draft(lake, policy, 7, datetime(2026, 1, 21, 4))


def test_replay_names_who_would_move(replayed):
    """Counts, flows and the list agree, and the published tiers are the ones before."""
    lake, found = replayed
    published = read_outbound(lake, "tier_decisions").set_index("operator_id")["tier"]
    last = found["nights"][-1]
    assert len(found["moves"]) == last["moved"] == sum(last["flows"].values()) > 0
    assert all(published[m["operator_id"]] == m["before"] != m["after"] for m in found["moves"])
    assert last["before"] == {t: int((published == t).sum()) for t in "ABCD"}
    json.dumps(found)


def test_replay_bounds_false_accusations_before_and_after(replayed):
    """The bound of the published policy selects nobody; the draft promises at most half."""
    _, found = replayed
    before, after = found["before"], found["after"]
    assert (before["level"], before["selected"], before["expected"]) == (0.05, 0, 0.0)
    assert before["accused"] > 0  # by agreement
    assert after["level"] == 0.5 and after["expected"] == 0.5 * after["selected"] > 0
    assert before["missing"] > 0 == after["missing"]
    wrong = [c["operator_id"] for c in found["cleared_accused"]]
    assert len(wrong) == after["cleared_accused"]
    assert after["upper"] >= after["cleared_accused"] / after["cleared"]
    assert after["upper"] == upper_limit(after["cleared_accused"], after["cleared"])


def test_draft_that_looks_away_lets_the_found_go(desk_lake):
    """Operators that people found to cheat and that only the draft leaves alone are listed."""
    from data_contracts.lake import Lake

    text = load_policy().text
    for key, value in (("review_precision", "0.99"), ("C", "0.99"), ("D", "1.0")):
        text = with_value(text, "tiers", key, value)
    text = with_value(
        with_value(text, "tiers", "review_session", "1.0"), "tiers", "clean_nights", "1"
    )
    policy = policy_of_text(text, "blind")
    found = replay_draft(Lake.open(desk_lake), policy, 1, datetime(2026, 1, 21, 4))
    assert found["found_released"] and found["cleared_accused"] == []
    assert all(r["before"] > r["after"] == "A" for r in found["found_released"])


def test_replay_runs_in_the_background_with_progress(desk):
    """Its row says how far it is; a failure becomes a message and no lost job."""
    draft = begin_draft(desk, ANN, "loose")
    assert draft.text != draft.base_text == load_policy().text
    row, work = replay_jobs.start_replay(desk, draft, 1, ANN)
    work.result(timeout=60)
    with desk.database.snapshot() as session:
        done = session.get(PolicyReplayRow, row.id)
        assert (done.status, done.nights_done, done.nights) == ("done", 1, 1)
        assert done.result["nights"][0]["moved"] == 0
    draft.text = "no policy"
    row, work = replay_jobs.start_replay(desk, draft, 1, ANN)
    work.result(timeout=60)
    with desk.database.snapshot() as session:
        assert session.get(PolicyReplayRow, row.id).status == "failed"


def test_replay_of_a_process_that_ended_is_stopped(desk, clock):
    """A page never waits for a replay that no process works on."""
    draft = begin_draft(desk, ANN, "x")
    with desk.database.transaction() as session:
        row = PolicyReplayRow(
            id="r", draft_id=draft.id, text=draft.text, nights=1, status="running", nights_done=0,
            process="gone", started_by="ann", started_at=clock(), updated_at=clock(),
        )  # fmt: skip
        session.add(row)
    assert replay_jobs.status_of(row, desk) == "running"
    clock.advance(minutes=10)
    assert replay_jobs.status_of(row, desk) == "stopped"


def test_two_people_on_one_draft_lose_nothing(desk):
    """The second of two saves from the same revision is refused."""
    draft = begin_draft(desk, ANN, "x")
    with desk.database.transaction() as session:
        save_draft(session, draft.id, draft.text + "# a\n", 1, desk.clock())
    with pytest.raises(DraftChanged), desk.database.transaction() as session:
        save_draft(session, draft.id, draft.text + "# b\n", 1, desk.clock())
