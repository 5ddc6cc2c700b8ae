"""A platform of sixteen windows is scored by the reference, and the night says so."""

from __future__ import annotations

import json
from datetime import date

import pytest

from data_contracts.runs import published_run, read_outbound
from serving.nightly.pipeline import nightly
from simulation.families.registry import family_named, truth_folder
from tests.whole.night_runs import POLICY
from training.estimator.combination import MIN_ENTITIES

SEED, NIGHT = 12, date(2024, 7, 2)  # a seed of sixteen windows of one day


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Lake of sixteen windows with its night, and what the night said."""
    lake, said = tmp_path_factory.mktemp("few") / "lake", []
    family_named("watched_rooms").write(lake, truth_folder(lake), SEED)
    nightly(lake, NIGHT, None, POLICY, say=said.append)
    return lake, said


def test_few_entities_have_probabilities(few):
    """Each window has a probability, though fewer than MIN_ENTITIES are compared."""
    scores = read_outbound(few[0], "scores")
    sessions = scores[(scores["entity_kind"] == "session") & (scores["model"] != "deviance")]
    assert 0 < len(sessions) < MIN_ENTITIES and sessions["probability"].between(0, 1).all()


def test_the_night_says_what_was_compared(few):
    """Progress and the published run name the kinds without peers, and so does the report."""
    lake, said = few
    assert any("session scores" in text and "honest entities" in text for text in said)
    run = read_outbound(lake, "runs").iloc[0]
    assert "session" in json.loads(run["without_peers"])
    report = published_run(lake).text("report/en/report.html")
    assert "Too few to be compared with one another" in report


def test_nobody_is_accused(few):
    """So few entities accuse nobody."""
    assert not set(read_outbound(few[0], "tier_decisions")["tier"]) & {"C", "D"}
