"""How sessions and orders speak of their operator is learned from scores of families left out."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from data_contracts.errors import ArtefactRefused
from serving.scoring import operator_history
from training.estimator.calibration import Calibration
from training.estimator.prior import load_entity_evidence
from training.prior.operators import learn_entity_evidence, operator_rows
from training.prior.prior_files import write_priors

SAME = Calibration(tuple(np.linspace(-6, 6, 49)), tuple(1 / (1 + np.exp(-np.linspace(-6, 6, 49)))))


@dataclass
class Scored:
    """The part of `Learned` that is read."""

    scores: pd.DataFrame
    calibration: Calibration = SAME


def worlds(families="abc", operators=120):
    rng, parts = np.random.default_rng(0), {"operator_rank": [], "session_inflation": []}
    for family in families:
        for seed in "12":
            name = np.array([f"o{i}" for i in range(operators)])
            cheats = rng.random(operators) < 0.25
            owner = np.repeat(name, 6)
            false = rng.random(6 * operators) < np.where(np.repeat(cheats, 6), 0.5, 0.0)
            common = {"family": family, "world": family + seed}
            parts["operator_rank"].append(
                pd.DataFrame(
                    common
                    | {
                        "entity_id": name,
                        "owner": name,
                        "raw": rng.normal(-2, 1, operators) + cheats,
                        "truth": cheats.astype(float),
                    }
                )
            )
            parts["session_inflation"].append(
                pd.DataFrame(
                    common
                    | {
                        "entity_id": [f"s{i}" for i in range(len(owner))],
                        "owner": owner,
                        "raw": rng.normal(-3, 1, len(owner)) + 4 * false,
                        "truth": false.astype(float),
                    }
                )
            )
    return {name: Scored(pd.concat(p, ignore_index=True)) for name, p in parts.items()}


@pytest.fixture(scope="module")
def learned():
    return learn_entity_evidence(worlds())


def test_the_model_is_better_than_own_signals_on_left_out_families(learned):
    """Average precision on families left out is above own signals and pooling by rule."""
    f = learned.figures
    assert f["average_precision_learned"] > f["average_precision_own"] + 0.2
    assert f["average_precision_learned"] >= f["average_precision_pooled"]
    assert f["calibration_error_learned"] < 0.06


def test_families_weigh_the_same_and_unknown_truth_is_left_out():
    given = worlds("ab", 40)
    scores = given["operator_rank"].scores
    scores.loc[scores["world"] == "a1", "truth"] = np.nan
    rows = operator_rows(given)
    assert set(rows["world"]) == {"a2", "b1", "b2"}
    by_family = rows.groupby("family")["weight"].sum()
    assert by_family["a"] == pytest.approx(by_family["b"])
    assert rows["order_mean"].isna().all() and rows["session_mean"].notna().all()


def test_one_family_or_no_operators_learn_nothing():
    assert learn_entity_evidence({}) is None
    assert learn_entity_evidence(worlds("a", 40)) is None


def test_the_release_is_read_again_and_checked(learned, tmp_path):
    """The booster is text with a digest in the manifest; a changed file is refused."""
    write_priors(tmp_path, {}, {"entity_evidence": {"figures": learned.figures}}, learned.booster)
    read = load_entity_evidence(tmp_path)
    history = pd.DataFrame({"session_highest": [3.0, -3.0]})
    found = read.probability(np.array([0.1, 0.1]), history)
    assert found[0] > found[1]
    other = tmp_path / "other"
    write_priors(other, {}, {}, learned.booster)
    path = other / "entity_evidence.txt"
    path.write_text(path.read_text() + " ")
    with pytest.raises(ArtefactRefused, match="SHA-256"):
        load_entity_evidence(other)
    assert load_entity_evidence(tmp_path / "nothing") is None


def test_a_night_asks_the_model_where_it_is_released(learned, tmp_path, monkeypatch):
    """Without it, log-odds are pooled by rule, and the expected number of cheats is unchanged."""
    owner = pd.Series(["a", "a", "b"], index=["s", "t", "u"])
    probability = pd.Series([0.9, 0.8, 0.05], index=owner.index)
    history = operator_history.evidence_columns("session", probability, owner)
    assert {"session", "session_highest"} <= set(history.columns)
    own = np.array([0.1, 0.1])
    write_priors(tmp_path, {}, {}, learned.booster)
    read = SimpleNamespace(model=load_entity_evidence(tmp_path))
    monkeypatch.setattr(operator_history, "load_entity_evidence", lambda: read.model)
    asked = operator_history.with_evidence(own, history)
    assert asked == pytest.approx(read.model.probability(own, history)) and asked[0] > asked[1]
    read.model = None
    ruled = operator_history.with_evidence(own, history)
    assert ruled.sum() == pytest.approx(own.sum()) and ruled[0] > ruled[1]
