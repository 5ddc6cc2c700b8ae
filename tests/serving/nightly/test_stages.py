"""Stages of a night: each returns a frozen record, and only the last one writes."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pandas as pd
import pytest

from data_contracts.lake import Lake
from data_contracts.parquet import digest_file
from data_contracts.runs import published_runs, read_outbound, run_folder
from data_contracts.verification.manifest import run_id_of
from features.engine.snapshot import Snapshot
from serving.nightly.corrected_night import correct
from serving.nightly.decided_night import decide
from serving.nightly.published_night import publish
from serving.nightly.run_identity import identity_of, open_context
from serving.nightly.scored_night import score
from serving.policy.load import load_policy, parse_policy
from serving.scoring.night_context import no_progress
from serving.scoring.posterior import posterior
from tests.conftest import NIGHT

POLICY = load_policy()


def files_of(lake):
    """Digest of every file of a lake."""
    return {str(p): digest_file(p) for p in sorted(lake.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def context(published, models):
    return open_context(Lake(published), NIGHT, models, POLICY)


@pytest.fixture(scope="module")
def stages(published, context):
    """Records of the first three stages, with the lake's files before and after them."""
    before = files_of(published)
    with Snapshot.open(context.lake, context.as_of) as tables:
        scored = score(context, tables, no_progress)
        corrected = correct(context, scored)
        decided = decide(context, corrected)
        yield scored, corrected, decided, before, files_of(published)


def test_context_names_the_night_before_and_is_frozen(published, context):
    """A context knows its moment, the run before and the models; nothing of it can be set."""
    nights = published_runs(published)
    assert context.previous_run == nights["2026-01-19"]
    assert context.previous.run_id == nights["2026-01-19"]
    assert context.as_of.isoformat() == "2026-01-21T00:00:00"
    assert {"session_inflation", "order_brushing", "operator_rank"} <= set(context.champions)
    with pytest.raises(FrozenInstanceError):
        context.run_id = "another"


def test_run_id_follows_what_decides_the_night(published, context):
    """The run id is the published one, and another policy, ranker or night before changes it."""
    assert (
        context.run_id
        == published_runs(published)[NIGHT.isoformat()]
        == run_id_of(identity_of(context))
    )
    stricter = parse_policy(POLICY.text.replace("D = 0.70", "D = 0.60", 1))
    for changed in (
        replace(context, policy=stricter),
        replace(context, replaced_ranker=None),
        replace(context, previous_run=None),
        replace(context, human_decisions="an override"),
    ):
        assert run_id_of(identity_of(changed)) != context.run_id


def test_stages_write_nothing(stages):
    """Scoring, correcting and deciding leave every file of the lake as it was."""
    *_, before, after = stages
    assert before == after


def test_stage_records_are_frozen(stages):
    """No field of a stage's record can be set."""
    scored, corrected, decided, *_ = stages
    for record, name in ((scored, "scope"), (corrected, "figures"), (decided, "tables")):
        with pytest.raises(FrozenInstanceError):
            setattr(record, name, None)


def test_deciding_twice_gives_the_same_tables(context, stages):
    """The decision is a function of the context and the corrected night."""
    _, corrected, decided, *_ = stages
    again = decide(context, corrected)
    assert again.tables.keys() == decided.tables.keys()
    for name, frame in decided.tables.items():
        pd.testing.assert_frame_equal(again.tables[name], frame)


def test_stages_give_what_was_published(published, context, stages, tmp_path):
    """The last stage writes below its folder alone, bit for bit the published tables."""
    decided, before = stages[2], files_of(published)
    quarantined = int(read_outbound(published, "runs")["quarantined"].iloc[0])
    counts = publish(context, decided, tmp_path, quarantined, no_progress)
    assert files_of(published) == before
    folder = run_folder(published, NIGHT.isoformat())
    tables = sorted(folder.glob("*.parquet"))
    assert counts["operators"] == len(decided.tables["tier_decisions"])
    assert {t.name: digest_file(t) for t in tables} == {
        t.name: digest_file(tmp_path / t.name) for t in tables
    }


def test_probabilities_are_computed_once(stages):
    """Rows, history and worst sessions of a night come from one frame of probabilities."""
    sessions = stages[0].sessions
    found = posterior(sessions.release, sessions.context)
    pd.testing.assert_frame_equal(found, sessions.probabilities)
    tonight = sessions.probabilities.loc[sessions.signals.index]
    assert sessions.probability.tolist() == tonight["pooled"].tolist()
    assert sessions.model_rows["own_probability"].tolist() == tonight["view_adjusted"].tolist()
    assert set(sessions.probabilities.index) <= set(sessions.view_adjusted.index)
    worst = sessions.worst["worst_session"]
    assert sessions.view_adjusted[worst].tolist() == sessions.worst["worst_probability"].tolist()
    assert (sessions.probability_with_buyers.index == sessions.signals.index).all()
