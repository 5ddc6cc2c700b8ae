"""The state of measures: what is in force at a moment, and that an undo leaves nothing behind."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from serving.oversight.measures.boost_effects import BoostEffects, apply_effects
from serving.oversight.measures.proportionality import (
    Circumstances,
    earlier_measures,
    proportion,
)
from serving.oversight.measures.state import MeasureState
from serving.oversight.measures.state_reading import state_of
from serving.policy.ladder import ARTICLE_12_CODES
from serving.policy.load import load_policy

POLICY = load_policy()
T0 = datetime(2026, 3, 1, 9)
CODES = [s.code for s in POLICY.ladder]


def minute(n: int) -> str:
    return (T0 + timedelta(minutes=n)).isoformat(timespec="seconds")


def taken(i: int, code: str = "blacklist", start: int = 0, minutes: int = 100, subject: str = "o"):
    return {
        "measure_id": f"m{i}",
        "operator_id": subject,
        "code": code,
        "article": "Order 117 12 ¶1",
        "by": "desk",
        "reason": "bots",
        "effective_from": minute(start),
        "effective_to": minute(start + minutes),
        "appeal_due": minute(start + minutes),
    }


def outcome(i: int, what: str, at: int):
    return {"outcome_of": f"m{i}", "outcome": what, "by": "lead", "reason": "r", "at": minute(at)}


def undone(ids: list[int], at: int):
    return {"undo_of": [f"m{i}" for i in ids], "by": "d", "reason": "r", "at": minute(at)}


def won(i: int, at: int, verdict: str = "error"):
    opened = {"event": "opened", "appeal_id": f"p{i}", "operator_id": "o", "measure_id": f"m{i}"}
    decided = {"event": "decided", "appeal_id": f"p{i}", "verdict": verdict, "decided_by": "j"}
    return [
        opened | {"opened_at": minute(at)},
        decided | {"reason": "r", "decided_at": minute(at)},
    ]


def effects(state: MeasureState, at: int) -> tuple:
    """Everything that follows from a state at a moment."""
    moment = T0 + timedelta(minutes=at)
    return (
        [m.measure_id for m in state.in_force(moment)],
        [m.measure_id for m in state.standing(moment)],
        state.floors(moment, POLICY),
        [earlier_measures(state, "operator", o, moment, POLICY) for o in ("o", "x")],
    )


def test_each_status_has_its_moment():
    """Each status of a measure has its moment."""
    records = [taken(1), taken(2), taken(3), outcome(1, "lifted", 20), undone([2], 30), *won(3, 40)]
    state = state_of(records)

    def statuses(at: int) -> list[str]:
        return [m.status(T0 + timedelta(minutes=at)) for m in state.measures.values()]

    assert statuses(-1) == ["proposed"] * 3
    assert statuses(0) == ["in_force"] * 3
    assert statuses(20) == ["lifted", "in_force", "in_force"]
    assert statuses(99) == ["lifted", "undone", "lifted"]
    assert state_of([taken(1)]).measures["m1"].status(T0 + timedelta(minutes=100)) == "expired"


def test_what_was_mended_counts_and_what_was_wrong_does_not():
    """A lifted measure counts as compliance, unless an appeal found it wrong."""
    late = T0 + timedelta(minutes=50)
    mended = state_of([taken(1), outcome(1, "lifted", 20)])
    assert [m.measure_id for m in mended.standing(late)] == ["m1"]
    for records in ([undone([1], 20)], won(1, 20)):
        assert state_of([taken(1), *records]).standing(late) == []
    assert state_of([taken(1), *won(1, 20, "upheld")]).in_force(late)


def test_a_night_knows_only_what_was_written_before_it():
    """A night knows only what was written before it."""
    records = [taken(1), undone([1], 60)]
    moment = T0 + timedelta(minutes=60)
    assert state_of(records, moment).in_force(moment) and not state_of(records).in_force(moment)


acts = st.lists(
    st.tuples(
        st.sampled_from(["lift", "uphold", "win", "lose"]), st.integers(0, 9), st.integers(1, 90)
    ),
    max_size=12,
)
measures = st.lists(
    st.tuples(
        st.sampled_from(CODES), st.integers(0, 60), st.integers(1, 80), st.sampled_from("ox")
    ),
    min_size=1,
    max_size=10,
)


def lines_of(made, done) -> list[dict]:
    records = [taken(i, *one) for i, one in enumerate(made)]
    for kind, i, at in done:
        if i >= len(made):
            continue
        if kind in ("win", "lose"):
            records += won(i, at, "error" if kind == "win" else "upheld")
        else:
            records.append(outcome(i, "lifted" if kind == "lift" else "upheld", at))
    return records


def names(record: dict) -> int:
    text = record.get("measure_id") or record.get("outcome_of") or record["appeal_id"]
    return int(text[1:])


@settings(max_examples=60, deadline=None)
@given(
    made=measures, done=acts, chosen=st.sets(st.integers(0, 9), min_size=1), at=st.integers(0, 120)
)
def test_undone_state_is_that_of_never_taken(made, done, chosen, at):
    """Undoing measures gives what the record without them gives, from that moment on."""
    records, ids = lines_of(made, done), sorted(i for i in chosen if i < len(made))
    with_undo = state_of([*records, undone(ids, at)])
    without = state_of([r for r in records if names(r) not in ids])
    for later in range(at, 200, 20):
        assert effects(with_undo, later) == effects(without, later)
    assert set(with_undo.measures) == {f"m{i}" for i in range(len(made))}  # the record keeps both


def test_a_thousand_measures_are_undone_in_one_line():
    """A thousand measures are undone in one line."""
    records = [taken(i, subject=f"o{i}") for i in range(1000)]
    state = state_of([*records, undone(list(range(1000)), 5)])
    assert state.in_force(T0 + timedelta(minutes=5)) == []
    assert len(state.in_force(T0 + timedelta(minutes=4))) == 1000


def test_degraded_answer_is_refused_by_a_measure():
    """A measure in force is a hard gate: missing data does not soften it."""
    body = {"riskLevel": "REVIEW", "suggestedAction": "none", "hits": [], "degraded": True}
    state = state_of([taken(1)])
    found = apply_effects(body, BoostEffects(tuple(state.in_force(T0))), POLICY)
    assert (found["riskLevel"], found["suggestedAction"]) == ("REJECT", "block")
    assert apply_effects(body, BoostEffects(), POLICY) is body


def test_every_code_of_article_12_is_on_the_ladder_mildest_first():
    """Every code of Article 12 is on the ladder, mildest first."""
    places = [POLICY.step(code) for code in ARTICLE_12_CODES]
    assert places == sorted(places) and len(set(places)) == 8
    severities = [POLICY.severity(s.code) for s in POLICY.ladder]
    assert severities == sorted(severities)
    assert {s.counts_as for s in POLICY.ladder} == {"", *ARTICLE_12_CODES}
    by_code = {s.code: s for s in POLICY.ladder}
    assert by_code["limit_traffic"].counts_as == "limit_traffic"
    assert by_code["remove_content"].counts_as == "limit_functions"  # what is sold, not traffic


def test_range_follows_facts_repetition_and_harm():
    """The range follows facts, repetition and harm."""

    def strictest(tier, detectors=0, harm=None, earlier=0):
        return proportion(Circumstances(tier, detectors, harm, earlier), POLICY).allowed[-1]

    assert strictest("A") == "limit_traffic" == strictest(None)
    assert strictest("C") == "block" == strictest("A", earlier=1) == strictest("A", harm=0.5)
    assert strictest("D") == "close_live" == strictest("A", detectors=2)
    assert strictest("D", earlier=1) == "refer_judiciary" == strictest("C", earlier=2)
    allowed = proportion(Circumstances("D", 0, None, 0), POLICY).allowed
    assert "stop_for_term" in allowed and "blacklist" not in allowed
