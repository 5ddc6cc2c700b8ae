"""Why a risk moved and what would move it down: claims about the models' own answers."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from data_contracts.lake import Lake
from data_contracts.runs import published_runs as nights
from data_contracts.runs import read_outbound
from data_contracts.verification.run_opening import open_run
from features.engine.snapshot import Snapshot
from features.posteriors.owner_pooling import shift_probability
from serving.policy.load import load_policy
from serving.scoring.reasons import peer_medians
from serving.scoring.scope import categories_of
from serving.supervision.counterfactuals import MAX_CHANGED_SIGNALS, counterfactual
from serving.supervision.previous_night import previous_risk, previous_signals
from serving.supervision.risk_change import split_change, with_history
from tests.conftest import NIGHT, UNTIL
from training.estimator.calibration import venn_abers
from training.release.artefact import load

POLICY = load_policy()


@pytest.fixture(scope="module")
def ranker(models):
    return load(models, "operator_rank")


@pytest.fixture(scope="module")
def two(published, ranker):
    """Operators' signals of the two published nights, the earlier first."""
    runs = nights(published)
    return [
        previous_signals(open_run(Lake(published), runs[d], d), ranker.columns)
        for d in sorted(runs)
    ]


def risk(model, frame, night=None):
    """Risk of some operators, compared with those of their night."""
    rebased = model.rebased_on(frame if night is None else night)
    return model.probability(rebased.raw(frame[model.columns].to_numpy()))


def test_the_parts_add_up_to_the_change(two, ranker):
    """The parts add up to the change."""
    before, now = two
    parts = split_change(now, before, ranker, ranker)
    both = parts.index
    assert (
        np.allclose(
            parts.sum(axis=1),
            risk(ranker, now.loc[both], now) - risk(ranker, before.loc[both], before),
        )
        and (parts["model"] == 0).all()
    )
    assert parts["behaviour"].abs().max() > 0


def test_parts_of_risk_change_add_up(published):
    """The parts of a published decision add up to the change of its risk.

    What sessions and orders showed is behaviour: without it the parts would add up to the change by
    own signals alone.
    """
    runs = nights(published)
    first, last = (previous_risk(open_run(Lake(published), runs[d], d)) for d in sorted(runs))
    tiers = read_outbound(published, "tier_decisions").set_index("operator_id")
    split = tiers["why"].map(lambda w: json.loads(w)["split"]).dropna()
    parts = split.map(lambda s: s["behaviour"] + s["data"] + (s["model"] or 0.0))
    change = (last["probability"] - first["probability"]).reindex(split.index)
    assert np.allclose(parts, change, atol=1e-6)
    assert not np.allclose(
        parts, (last["own_probability"] - first["own_probability"]).reindex(split.index), atol=1e-3
    )


def test_night_without_own_risk_attributes_nothing_to_history(two):
    """Where the night before published no own risk, history explains nothing of the change."""
    split = pd.DataFrame({"behaviour": [0.1], "data": [0.0], "model": [0.0]}, index=["o1"])
    now = pd.DataFrame({"probability": [0.6], "own_probability": [0.4]}, index=["o1"])
    assert with_history(split, now, previous_risk(None))["behaviour"].tolist() == pytest.approx(
        [0.3]
    )


def test_what_stops_being_delivered_is_data_and_what_changes_is_behaviour(two, ranker):
    """A signal that is delivered no more is data; a value that changes is behaviour."""
    _, now = two
    lost = now.copy()
    lost["operator_datacentre_view_share"] = np.nan
    parts = split_change(lost, now, ranker, ranker)
    assert (parts["behaviour"] == 0).all()
    shift_probability = now.copy()
    known = shift_probability["operator_datacentre_view_share"].notna()
    shift_probability.loc[known, "operator_datacentre_view_share"] = 1.0
    assert (split_change(shift_probability, now, ranker, ranker)["data"] == 0).all()


def test_without_the_old_model_its_part_is_unknown_not_nothing(two, ranker):
    """Without the old model its part is unknown, not zero."""
    assert split_change(two[1], two[0], ranker, None)["model"].isna().all()


def test_what_would_move_it_down_does(published, two, ranker):
    """The named changes lower the risk as they state."""
    now = two[1]
    ranker = ranker.rebased_on(now)
    peers = peer_medians(now, categories_of(Snapshot.open(published, UNTIL), "operator"))
    tiers = read_outbound(published, "tier_decisions").set_index("operator_id")
    kept_by_risk = tiers.index[
        (tiers["tier"] == "B") & (tiers["risk"] >= POLICY.tiers.review_precision)
    ]
    scores = read_outbound(published, "scores")
    mine = scores[
        (scores["entity_kind"] == "operator") & (scores["model"] != "deviance")
    ].set_index("entity_id")
    by = logit(mine["probability"]) - logit(mine["own_probability"])
    ways = 0
    for operator in kept_by_risk:
        signals = now.loc[operator, ranker.columns]
        x = signals.to_numpy(dtype=float).copy()
        found = counterfactual(signals, ranker, peers, POLICY.tiers.review_precision, by[operator])
        if found is None:  # no dozen signals would do
            assert json.loads(tiers.at[operator, "why"])["down"]["signals"] == []
            continue
        ways += 1
        assert len(found["signals"]) <= MAX_CHANGED_SIGNALS
        for s in found["signals"]:
            j = ranker.columns.index(s["signal"])
            assert x[j] == s["value"]
            x[j] = s["usual"]
        own = ranker.probability(ranker.raw(x[None, :]))[0]
        assert (
            shift_probability(own, by[operator]) == pytest.approx(found["risk"])
            and found["risk"] < POLICY.tiers.review_precision
        )
        said = json.loads(tiers.at[operator, "why"])["down"]
        assert said["below"] == POLICY.tiers.review_precision and said["risk"] == pytest.approx(
            found["risk"], abs=1e-6
        )
    assert ways > len(kept_by_risk) / 2


def test_the_interval_of_a_risk_holds_the_risk_and_narrows_with_verdicts():
    """The interval of a risk holds the risk, and narrows with verdicts."""
    rng = np.random.default_rng(0)
    wide = []
    for n in (40, 4000):
        raw = rng.normal(size=n)
        truth = (rng.random(n) < 1 / (1 + np.exp(-2 * raw))).astype(float)
        low, high = venn_abers(0.5, raw, truth, np.ones(n))
        assert 0 <= low <= high <= 1
        wide.append(high - low)
    assert wide[1] < wide[0] / 3 and abs((low + high) / 2 - 1 / (1 + np.exp(-1.0))) < 0.1


def test_a_dossier_shows_the_interval(published):
    """A dossier shows the interval."""
    run = nights(published)[NIGHT.isoformat()]
    text = (published / "runs" / run / "report" / "en" / "operator-1.html").read_text("utf-8")
    worst = (
        read_outbound(published, "tier_decisions")
        .sort_values(["tier", "expected_harm"], ascending=False)
        .iloc[0]
    )
    assert f"{worst['risk']:.2f} (" in text
