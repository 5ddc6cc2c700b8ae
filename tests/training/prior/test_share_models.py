"""Share models on small families with known false shares: totals, intervals and files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from data_contracts.errors import ArtefactRefused
from features.declaration import SESSION
from training.declaration import Model
from training.estimator.combination import Combination
from training.estimator.share_prior import (
    MANIFEST,
    load_share_prior,
    read_share_prior,
    write_share_prior,
)
from training.models.session_inflation import MODEL
from training.prior import share_models
from training.prior.band_fitting import Predictions, fit_bands, probability_of_taking
from training.prior.share_models import learn_orders, learn_shares
from training.prior.world_frames import WorldFrame

SIGNALS = tuple(s for s in MODEL.signals if s.direction > 0)[:3]
SMALL = Model("small", SESSION, SIGNALS, MODEL.typologies, "", "", MODEL.ensembles)
SESSIONS = 240


def _world(family: str, seed: int) -> tuple[WorldFrame, pd.DataFrame]:
    """Sessions of which some have false views, which two of three signals show with noise."""
    rng = np.random.default_rng(seed)
    ids = pd.Index([f"{family}{i}" for i in range(SESSIONS)], name="session_id")
    false = np.where(rng.random(SESSIONS) < 0.15, rng.uniform(0.2, 0.8, SESSIONS), 0.0)
    noise = rng.normal(0.0, 0.05, (SESSIONS, 3))
    signals = pd.DataFrame(0.2 + noise, ids, [s.name for s in SIGNALS])
    signals.iloc[:, :2] += false[:, None] * rng.uniform(0.5, 1.0, 2)
    shares = pd.DataFrame({"views": false, "likes": 0.0, "follows": 0.0}, index=ids)
    targets = pd.DataFrame({"view_fraud": (false > 0) * 1.0, "engagement_fraud": 0.0}, index=ids)
    scheme = pd.Series("", index=ids)
    frame = WorldFrame(family, family, SESSION, signals, None, targets, shares, scheme)
    views = rng.integers(50, 500, SESSIONS).astype(float)
    return frame, pd.DataFrame({"views": views, "likes": 0.0, "follows": 0.0}, index=ids)


@pytest.fixture(scope="module")
def learned():
    """Share models of four families, and a fifth that taught them nothing."""
    patch = pytest.MonkeyPatch()
    patch.setattr(share_models, "INFLATED_ROUNDS", 40)
    patch.setattr(share_models, "SHARE_ROUNDS", 40)
    worlds = [_world(name, k) for k, name in enumerate("abcde")]
    counted = {frame.world: views for frame, views in worlds}
    prior = learn_shares([frame for frame, _ in worlds[:4]], counted, SMALL)
    patch.undo()
    return prior, worlds[4]


def test_corrected_total_of_a_left_out_family_is_nearer(learned):
    """The total is nearer the truth, clean sessions keep their views, intervals hold."""
    prior, (frame, counted) = learned
    assert list(prior.models) == ["views"]
    trees = Combination(prior.columns, (), (), prior.size_signals)
    values = frame.signals[prior.columns].to_numpy()
    model = prior.models["views"]
    found = model.bands["session"].of(*model.predict(trees.rebased_on(values).inputs(values)))
    views, truth = counted["views"].to_numpy(), frame.shares["views"].to_numpy()
    real, estimate = views * (1 - truth), views * (1 - found["share"].to_numpy())
    assert abs(estimate.sum() - real.sum()) <= 0.5 * abs(views.sum() - real.sum())
    clean = truth == 0
    assert estimate[clean].sum() >= 0.99 * views[clean].sum()
    covered = (found["low"] - 0.01 <= truth) & (truth <= found["high"] + 0.01)
    assert covered.mean() == pytest.approx(found["certainty"].mean(), abs=0.08)


def test_released_files_are_read_as_written_and_verified(learned, tmp_path):
    """The same predictions from files; a changed byte is refused."""
    prior, _ = learned
    write_share_prior(tmp_path, prior)
    again = load_share_prior(tmp_path)
    x = np.random.default_rng(0).normal(size=(20, prior.models["views"].share.num_feature()))
    for before, after in zip(
        prior.models["views"].predict(x), again.models["views"].predict(x), strict=True
    ):
        np.testing.assert_array_equal(before, after)
    assert again.models["views"].bands == prior.models["views"].bands
    assert again.version.startswith("shares-") and again.columns == prior.columns
    read_share_prior.cache_clear()
    (tmp_path / "views.share.txt").write_text("tree\n")
    with pytest.raises(ArtefactRefused, match="expected SHA-256"):
        load_share_prior(tmp_path)
    assert load_share_prior(tmp_path / "none") is None and (tmp_path / MANIFEST).exists()


def test_little_is_taken_from_clean_sessions():
    """A probability that also clean sessions reach takes nothing; the next one does."""
    score = np.array([0.6] * 50 + [0.95] * 50)
    truth = np.array([0.0] * 50 + [0.5] * 50)
    given = Predictions(score, np.full(100, 0.5), truth, np.full(100, 100.0), np.full(100, "f"))
    assert probability_of_taking(given) == pytest.approx(0.65)


def test_lowest_bands_are_wide_enough_for_missed_inflation():
    """An interval below the score of taking holds clean and nearly all inflated entities."""
    rng = np.random.default_rng(1)
    n = 4000
    bad = rng.random(n) < 0.1
    score = np.clip(rng.beta(1, 8, n) + 0.4 * bad * rng.random(n), 0, 1)
    truth = np.where(bad, rng.uniform(0.1, 0.9, n), 0.0)
    family = rng.choice(list("abcd"), n)
    given = Predictions(score, np.full(n, 0.4), truth, np.full(n, 500.0), family)
    found = fit_bands(given, 0.9).of(score, given.share)
    covered = (found["low"] - 0.001 <= truth) & (truth <= found["high"] + 0.001)
    assert (found["share"] == 0).all() and covered[~bad].all()
    assert covered[bad].mean() == pytest.approx(found["certainty"][bad].mean(), abs=0.03)


def test_orders_are_taken_from_a_probability_that_spares_honest_ones():
    """Totals of orders learn from which probability orders are taken, and their intervals."""
    rng = np.random.default_rng(2)
    n = 6000
    truth = (rng.random(n) < 0.05).astype(float)
    rows = pd.DataFrame(
        {
            "family": rng.choice(list("ab"), n),
            "world": "w",
            "operator": rng.integers(0, 60, n).astype(str),
            "session": rng.integers(0, 300, n).astype(str),
            "probability": np.where(truth == 1, 0.85, np.where(rng.random(n) < 0.03, 0.6, 0.01)),
            "truth": truth,
        }
    )
    found = learn_orders(rows)
    assert found.from_probability == pytest.approx(0.65)
    assert set(found.bands) == {"session", "operator", "platform"}
    assert learn_orders(rows.assign(truth=0.0)) is None
