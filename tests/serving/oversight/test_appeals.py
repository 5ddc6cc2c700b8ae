"""Appeals: decided by another person, fed back as labels, known to the nights that follow."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pandas as pd
import pyarrow.parquet as pq
import pytest

from data_contracts.lake import Lake
from data_contracts.runs import published_runs as nights
from data_contracts.runs import read_outbound, run_folder
from serving.gate.night_cache import read_published_night
from serving.ledger.hash_chain import read_records
from serving.nightly.pipeline import nightly
from serving.oversight.appeals import appeal_decisions
from serving.oversight.appeals import appeal_record as appeals
from serving.oversight.appeals.appeal_decisions import AppealDecision
from serving.oversight.appeals.measure_appeals import open_measure_appeal
from serving.oversight.measures.manual_measures import take_measure
from serving.oversight.measures.measure_requests import MeasureRequest
from serving.policy.load import load_policy
from tests.conftest import NIGHT

POLICY = load_policy()
NOW = datetime(2026, 1, 22, 9)


def test_the_next_night_knows_what_became_of_appeals(lake, models, accused):
    """The next night knows the outcomes of appeals."""
    made = appeals.open_appeal(
        lake, accused, "2026-01-19", "wrong", "desk", datetime(2026, 1, 20, 8), POLICY
    )
    appeal_decisions.decide_appeal(
        lake,
        made.appeal_id,
        AppealDecision("upheld", "lead", "it was right"),
        datetime(2026, 1, 20, 9),
        POLICY,
    )
    night = read_outbound(lake, "measures", "2026-01-19").set_index("operator_id")
    seen = night["evidence"].map(lambda e: "sessions" in json.loads(e))
    innocent = night.index[seen & (night.index != accused)][0]
    won = appeals.open_appeal(
        lake, innocent, "2026-01-19", "a raid", "shop", datetime(2026, 1, 20, 8), POLICY
    )
    appeal_decisions.decide_appeal(
        lake,
        won.appeal_id,
        AppealDecision("error", "judge", "the celebrity came"),
        datetime(2026, 1, 20, 9),
        POLICY,
    )
    nightly(lake, NIGHT, models, POLICY)
    outcome = read_outbound(lake, "measures").set_index("operator_id")["outcome"]
    assert outcome[accused] == "upheld"
    assert outcome.drop([accused, innocent], errors="ignore").isna().all()
    decision = read_outbound(lake, "tier_decisions").set_index("operator_id").loc[innocent]
    assert (decision["tier"], decision["cause"]) == ("A", "appeal")
    why = json.loads(decision["why"])
    assert why["appeal_won"]["id"] == won.appeal_id and "an appeal was won" in why["en"]
    assert read_published_night(lake).operators[innocent].is_cleared
    line = read_records(Lake(lake).appeals)[-1]
    assert line["failed_reasons"] and line["entities"]
    fresh = lake / "outcomes" / f"day={line['labels_from'][:10]}"
    assert line["labels_from"][:10] == "2026-01-27" and fresh.is_dir()


def test_an_appeal_is_decided_by_somebody_else_and_becomes_an_outcome(lake):
    """An appeal is decided by another person, and becomes an outcome."""
    operator = (
        pq.read_table(run_folder(lake) / "tier_decisions.parquet")
        .to_pandas()["operator_id"]
        .iloc[0]
    )
    one = appeals.open_appeal(lake, operator, None, "a raid, see the 20th", "desk", NOW, POLICY)
    assert (
        one.due_at == (NOW + timedelta(days=POLICY.appeal_days)).isoformat(timespec="seconds")
        and not one.breached
    )
    with pytest.raises(appeals.BadAppeal, match="open already"):
        appeals.open_appeal(lake, operator, None, "again", "desk", NOW, POLICY)
    with pytest.raises(appeals.BadAppeal, match="another reviewer"):
        appeal_decisions.decide_appeal(
            lake, one.appeal_id, AppealDecision("error", "desk", "it was"), NOW, POLICY
        )
    with pytest.raises(appeals.BadAppeal, match="one of error, upheld, miss"):
        appeal_decisions.decide_appeal(
            lake, one.appeal_id, AppealDecision("maybe", "other", "it was"), NOW, POLICY
        )
    before = {p: p.stat().st_mtime_ns for p in lake.glob("outcomes/**/*.parquet")}
    done = appeal_decisions.decide_appeal(
        lake,
        one.appeal_id,
        AppealDecision("error", "other", "it was", [("session", "s1")]),
        NOW,
        POLICY,
    )
    assert (done.verdict, done.decided_by) == ("error", "other")
    fresh = [p for p in lake.glob("outcomes/**/*.parquet") if p not in before]
    row = pd.concat(pq.ParquetFile(p).read().to_pandas() for p in fresh).iloc[0]
    assert (row["entity_id"], row["verdict"], row["source"]) == ("s1", "cleared", "appeal")
    with pytest.raises(appeals.BadAppeal, match="was decided"):
        appeal_decisions.decide_appeal(
            lake, one.appeal_id, AppealDecision("upheld", "third", "no"), NOW, POLICY
        )
    assert run_folder(lake).name == nights(lake)[NIGHT.isoformat()]


def test_an_outcome_of_an_appeal_does_not_touch_the_nights_before_it(lake, models):
    """An outcome of an appeal does not touch the nights before it."""
    operator = (
        pq.read_table(run_folder(lake) / "tier_decisions.parquet")
        .to_pandas()["operator_id"]
        .iloc[0]
    )
    one = appeals.open_appeal(lake, operator, None, "wrong", "desk", NOW, POLICY)
    appeal_decisions.decide_appeal(
        lake,
        one.appeal_id,
        AppealDecision("error", "other", "it was", [("session", "s1")]),
        NOW,
        POLICY,
    )
    assert not nightly(lake, NIGHT, models, POLICY).fresh


def test_an_appeal_that_is_late_is_in_breach(lake):
    """An appeal that is late is in breach."""
    operator = (
        pq.read_table(run_folder(lake) / "tier_decisions.parquet")
        .to_pandas()["operator_id"]
        .iloc[0]
    )
    one = appeals.open_appeal(lake, operator, None, "wrong", "desk", NOW, POLICY)
    assert not appeals.list_appeals(lake, NOW + timedelta(days=POLICY.appeal_days))[0].breached
    assert appeals.list_appeals(lake, NOW + timedelta(days=POLICY.appeal_days, seconds=1))[
        0
    ].breached
    assert one.verdict is None


def test_a_person_is_asked_to_decide_what_was_automatic(lake, accused):
    """Without a ground it is a request for a person; the time to appeal ends with the policy's."""
    asked = appeals.open_appeal(lake, accused, None, None, "shop", NOW, POLICY)
    assert (asked.kind, asked.ground) == ("human_decision", appeals.NO_GROUND)
    due = NOW + timedelta(days=POLICY.appeal.human_days)
    assert asked.due_at == due.isoformat(timespec="seconds")
    late = NOW + timedelta(days=POLICY.appeal_open_days)
    with pytest.raises(appeals.BadAppeal, match="the time to appeal"):
        appeals.open_appeal(lake, accused, "2026-01-19", "wrong", "shop", late, POLICY)


def test_appeals_against_a_measure_and_the_night_of_its_day(lake, accused):
    """One that is open against a measure does not stand in the way of one against the night."""
    at = datetime(2026, 1, 19, 12)
    request = MeasureRequest(accused, "warn", "desk", "two rooms of bots")
    taken = take_measure(lake, request, at, POLICY)
    first = open_measure_appeal(lake, taken["measure_id"], "a raid", "shop", at, POLICY)
    night = (lake, accused, "2026-01-19", "a raid", "shop", datetime(2026, 1, 20, 8), POLICY)
    second = appeals.open_appeal(*night)
    assert first.date == second.date and second.measure_id is None
    with pytest.raises(appeals.BadAppeal, match="open already"):
        appeals.open_appeal(*night)
