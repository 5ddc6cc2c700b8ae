"""Trees walked by our kernel: LightGBM's raw scores bit for bit, whatever the values are."""

from __future__ import annotations

import lightgbm as lgb
import numpy as np
import pytest

from training.estimator.tree_kernel import ZERO_THRESHOLD, forest_of

QUIET = {"verbose": -1, "num_threads": 1, "seed": 3, "min_data_in_leaf": 5}


def fitted(classes: int, unknown: float, rounds: int = 12, **more) -> lgb.Booster:
    rng = np.random.default_rng(classes)
    x = rng.normal(size=(600, 7))
    x[rng.random(x.shape) < unknown] = np.nan
    x[:, 3] = np.round(x[:, 3])  # zeros among the values, thresholds beside zero
    y = np.nan_to_num(x[:, 0] + x[:, 3] * x[:, 1])
    label = (y > 0).astype(int) if classes == 1 else np.digitize(y, [-0.5, 0.5])
    kind = (
        {"objective": "binary"}
        if classes == 1
        else {"objective": "multiclassova", "num_class": classes}
    )
    return lgb.train(QUIET | kind | more, lgb.Dataset(x, label), rounds)


def asked(booster: lgb.Booster, rows: int = 999) -> np.ndarray:
    """Values of all kinds: unknown, nought, beside nought, infinite, and the very thresholds."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(rows, booster.num_feature()))
    bounds = forest_of(booster).threshold
    odd = np.concatenate(
        [
            bounds[np.isfinite(bounds)],
            [
                0.0,
                -0.0,
                ZERO_THRESHOLD,
                -ZERO_THRESHOLD,
                1e-40,
                -1e-40,
                np.inf,
                -np.inf,
                np.nan,
                np.nan,
            ],
        ]
    )
    return np.where(rng.random(x.shape) < 0.5, rng.choice(odd, x.shape), x)


@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize("unknown", [0.0, 0.2])
def test_scores_are_those_of_lightgbm_bit_for_bit(classes, unknown):
    """Scores equal those of LightGBM, bit for bit."""
    booster = fitted(classes, unknown)
    x, forest = asked(booster), forest_of(booster)
    for rounds in (None, 5, 99):
        theirs = np.reshape(
            booster.predict(x, raw_score=True, num_threads=1, num_iteration=rounds), (len(x), -1)
        )
        np.testing.assert_array_equal(forest.raw(x, rounds), theirs)
        np.testing.assert_array_equal(
            np.concatenate([forest.raw(row[None, :], rounds) for row in x[:70]]), theirs[:70]
        )


def test_no_rows_and_trees_of_one_leaf_are_scored_too():
    """No rows and trees of one leaf are scored too."""
    stump = fitted(1, 0.0, rounds=2, min_data_in_leaf=600)
    x = asked(stump)
    np.testing.assert_array_equal(forest_of(stump).raw(x)[:, 0], stump.predict(x, raw_score=True))
    assert forest_of(fitted(3, 0.0)).raw(x[:0]).shape == (0, 3)


def test_a_split_by_categories_is_refused_by_name():
    """A split by categories is refused by name."""
    with pytest.raises(ValueError, match="categories"):
        forest_of(fitted(1, 0.0, categorical_feature=[3], min_data_per_group=5))
