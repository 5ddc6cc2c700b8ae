"""Judging a family that taught nothing: priors, verdicts, records and rows."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from benchmarks.generalisation import figures_of_worlds
from benchmarks.generalisation.learning import left_out_priors
from benchmarks.generalisation.left_out import PRODUCT, judge_world
from benchmarks.generalisation.night_judgement import error_columns
from benchmarks.generalisation.verdict_draws import COUNTS, draw, judged_half, operators_of
from features.catalogue import of_entity
from features.declaration import SESSION
from training.estimator.prior import load_prior, prior_in
from training.models.registry import BY_NAME
from training.prior.world_frames import WorldFrame

MODEL = BY_NAME["session_inflation"]
OPERATORS, SESSIONS = 40, 240


def world(family: str, seed: int) -> WorldFrame:
    """A world whose cheats lie three spreads beyond honest sessions in a third of the signals."""
    rng = np.random.default_rng([seed, len(family)])
    signals = of_entity(SESSION)
    index = pd.Index([f"s{i}" for i in range(SESSIONS)], name="session_id")
    cheat = rng.random(SESSIONS) < 0.25
    values = rng.normal(0.5, 0.1, (SESSIONS, len(signals)))
    for j, s in enumerate(signals):
        values[:, j] += 0.3 * s.direction * cheat * (j % 3 == 0)
    frame = pd.DataFrame(values, index, columns=[s.name for s in signals])
    targets = pd.DataFrame({"view_fraud": cheat.astype(float), "engagement_fraud": 0.0}, index)
    owner = np.array([f"o{i % OPERATORS}" for i in range(SESSIONS)], dtype=object)
    scheme = pd.Series(np.where(cheat, "bots", ""), index)
    nothing = pd.DataFrame(index=index)
    return WorldFrame(family, f"{family}-{seed}", SESSION, frame, owner, targets, nothing, scheme)


@pytest.fixture(scope="module")
def priors(tmp_path_factory):
    """Folder of priors of two families, each learned on the other."""
    folder, patch = tmp_path_factory.mktemp("bench"), pytest.MonkeyPatch()
    patch.setattr(left_out_priors, "OUTPUT_FOLDER", folder)
    given = [world(family, seed) for family in ("one", "other") for seed in (1, 2)]
    left_out_priors.write_left_out_priors(given, [MODEL])
    yield folder / "left_out"
    patch.undo()


def test_a_prior_never_met_the_family_it_judges(priors):
    """A prior never met the family it judges."""
    for family, teacher in (("one", "other"), ("other", "one")):
        said = json.loads((priors / family / "prior.json").read_text())
        assert said["models"][MODEL.name]["families"] == [teacher]


def test_another_prior_is_in_force_inside_its_context_only(priors):
    """Another prior is in force inside its context only."""
    shipped = load_prior(MODEL.name)
    with prior_in(priors / "one"):
        inside = load_prior(MODEL.name)
        assert inside is not None and inside.manifest["families"] == ["other"]
    assert load_prior(MODEL.name) is shipped


def test_siblings_are_left_out_together():
    """Families that share a town are left out together."""
    groups = left_out_priors.groups_of(["bazaar", "half_rotten", "honest_town"])
    assert groups == [("bazaar",), ("half_rotten", "honest_town")]


def test_half_of_the_verdicts_come_from_the_top():
    """Verdicts alternate between the ranking's top and chance, and one in twenty is wrong."""
    frame = world("one", 3)
    truth = frame.any_fraud
    half = judged_half(operators_of(frame))
    labels = draw(frame, truth, ~half, seed=3)
    given = labels[labels["place"].notna()]
    assert labels["place"][half].isna().all() and len(given) == min(max(COUNTS), (~half).sum())
    first = given[given["place"] < 20]
    assert first["audited"].sum() == 10
    top = labels.index.get_indexer(first.index[~first["audited"]])
    assert truth[top].all()
    wrong = (given["confirmed"].to_numpy() != truth[labels["place"].notna()]).mean()
    assert 0.0 < wrong < 0.15


def test_product_finds_planted_fraud_of_a_new_family(priors):
    """Records cover verdicts, tables and methods, and planted fraud is found without a verdict."""
    records, entities = judge_world([world("one", 11)])
    found = pd.DataFrame(records)
    whole = found[found["tables"] == "all tables"]
    assert set(whole["verdicts"]) == {0, *COUNTS}
    product = whole[whole["method"] == PRODUCT].set_index("verdicts")["average_precision"]
    assert product[0] > 0.8 and product[200] > 0.8
    assert (found["tables"] == "counters only").any()
    assert not (found["tables"] == "orders only").any() or found["positives"].min() >= 3
    rows = figures_of_worlds.ranking_rows(found) + figures_of_worlds.probability_rows(entities)
    ratios = {r["id"]: r["value"] for r in rows}
    assert ratios["session-0-ceiling"] > 0.7 and ratios["session-best-signal"] == 1.0


def test_figures_no_nearer_than_counted_are_counted_as_worse():
    """Errors are relative to the true figure; coverage allows half a count and one in a hundred."""
    rows = pd.DataFrame(
        {
            "counted": [100.0, 100.0],
            "estimate": [60.0, 90.0],
            "low": [50.0, 85.0],
            "high": [70.0, 95.0],
            "share": [0.5, 0.0],
        }
    )
    found = error_columns(rows)
    assert found["error_counted"].tolist() == [1.0, 0.0]
    assert found["error_corrected"].tolist() == pytest.approx([0.2, 0.1])
    assert found["covered"].tolist() == [True, False]
    assert found["inflated"].tolist() == [True, False] and found["clean"].tolist() == [False, True]


def test_each_family_weighs_the_same_in_a_ratio():
    """Each family weighs the same in a ratio."""
    value, interval = figures_of_worlds.ratio(
        np.array([0.8, 0.4, np.nan]), np.array([[0.4, 0.1], [0.2, 0.1], [0.5, 0.5]])
    )
    assert value == pytest.approx(2.0) and interval == pytest.approx([2.0, 2.0])
