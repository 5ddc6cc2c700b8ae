"""Claims about learning from what nobody judged, as a teacher holds of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from tests.conftest import UNTIL
from tests.features.peers.test_baseline import session_rows
from training.dataset.distillation import SoftLabelled, soft_labels
from training.dataset.frame import Dataset
from training.estimator.calibration import Calibration
from training.fitting.fit import fit
from training.fitting.trees import fit_trees
from training.models.registry import BY_NAME

LIVE, NIGHTLY = BY_NAME["session_inflation_live"], BY_NAME["session_inflation"]
STEADY = Calibration((-30.0, 30.0), (0.0, 1.0))


def running(n: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Running sessions, a tenth of them inflated; three signals move a little where they are."""
    rng = np.random.default_rng(seed)
    signals = pd.DataFrame(rng.normal(0, 1, (n, len(LIVE.columns))), columns=LIVE.columns)
    signals["viewers_mean"] = np.exp(rng.uniform(3, 6, n))
    found = rng.random(n) < 0.1
    for name in ("unexplained_step_max", "peak_to_mean_ratio", "like_variation_ratio"):
        signals[name] += np.where(found, 1.5, 0.0)
    return signals, found


def judged(n: int, seed: int = 1, groups: int = 60) -> Dataset:
    signals, found = running(n, seed)
    labels = pd.DataFrame(
        {
            "confirmed": found.astype(int),
            "audited": True,
            "typology": np.where(found, "view_fraud", ""),
        }
    )
    when = pd.Series(pd.Timestamp(UNTIL) - pd.to_timedelta(np.arange(n)[::-1], unit="min"))
    group = pd.Series([f"g{i % groups}" for i in range(n)])
    entity = pd.Series([f"s{i}" for i in range(n)], dtype=object)
    return Dataset(
        signals, labels, when, group, pd.Series([UNTIL] * n), entity, {pd.Timestamp(UNTIL): signals}
    )


def soft_labelled(n: int, seed: int = 2) -> SoftLabelled:
    signals, found = running(n, seed)
    any_of = np.where(found, 0.95, 0.02)
    group = np.array([f"g{i % 90}" for i in range(n)], dtype=object)
    return SoftLabelled(
        signals,
        np.full(n, np.datetime64(UNTIL)),
        group,
        pd.DataFrame({"view_fraud": any_of}),
        any_of,
    )


def test_soft_labels_teach_where_verdicts_are_few():
    """A teacher's probabilities of unlabelled examples teach what few verdicts do not."""
    data, (values, found) = judged(300), running(3000, 9)
    rows = np.ones(len(data), dtype=bool)
    alone, pupil = (
        fit_trees(LIVE, LIVE.columns, data, rows, also) for also in (None, soft_labelled(4000))
    )
    scores = [average_precision_score(found, t.raw(values.to_numpy())) for t in (alone, pupil)]
    assert scores[1] > scores[0] + 0.05


def test_no_soft_labels_leave_verdicts_alone():
    """No unlabelled examples teach nothing, and verdicts count as they do alone."""
    data = judged(300)
    rows, values = np.ones(len(data), dtype=bool), running(200, 9)[0].to_numpy()
    alone, pupil = (
        fit_trees(LIVE, LIVE.columns, data, rows, also) for also in (None, soft_labelled(0))
    )
    np.testing.assert_array_equal(alone.raw(values, 1), pupil.raw(values, 1))


def test_sessions_of_a_group_that_is_judged_by_the_result_are_left_out():
    also = soft_labelled(900)
    apart = also.without_groups({"g0", "g1"})
    assert len(apart) == 880 and not {"g0", "g1"} & set(apart.group)
    assert len(apart.by_typology) == len(apart.signals) == len(apart.total) == len(apart.night)


def test_distilled_model_is_calibrated_on_verdicts():
    """A distilled model is calibrated on verdicts alone and says how many soft labels it learnt
    from."""
    fitted = fit(LIVE, judged(400), soft_labelled(500))
    assert fitted.counts["unjudged"] == 500 and fitted.counts["rows"] == 400
    assert len(fitted.calibrated_on["raw"]) == 400


@pytest.mark.parametrize("apart", [True, False])
def test_soft_labels_share_out_the_calibrated_probability(apart):
    """A soft label is the teacher's calibrated probability shared out to typologies."""
    data = session_rows(500)
    signals, kind = data.signals, data.labels["typology"].to_numpy()
    trees = fit_trees(
        replace(NIGHTLY, per_typology=apart), NIGHTLY.columns, data, np.ones(500, dtype=bool)
    )
    by_typology, total = soft_labels(trees, STEADY, signals)
    assert list(by_typology) == (["engagement_fraud", "view_fraud"] if apart else [""])
    assert (by_typology.to_numpy() <= total[:, None] + 1e-12).all() and total[
        kind == ""
    ].mean() < total[kind != ""].mean()
    if apart:
        assert (by_typology.idxmax(axis=1)[kind != ""] == kind[kind != ""]).mean() > 0.9
