"""Model texts are validated before LightGBM reads them."""

from __future__ import annotations

import lightgbm as lgb
import numpy as np
import pytest

from data_contracts.errors import ArtefactRefused
from training.estimator.model_text import booster_of, fault_of
from training.estimator.prior import FOLDER


@pytest.fixture(scope="module")
def text() -> str:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3))
    x[::7, 1] = np.nan
    data = lgb.Dataset(x, (x[:, 0] > 0).astype(float))
    return lgb.train({"objective": "binary", "verbosity": -1}, data, 4).model_to_string()


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.txt")), ids=lambda p: p.name)
def test_every_shipped_text_is_valid(path):
    """Every shipped text is valid."""
    assert fault_of(path.read_text("utf-8")) is None


def test_a_valid_text_is_the_booster_that_lightgbm_reads(text):
    """A valid text is the booster that LightGBM reads."""
    assert booster_of(text, "it").model_to_string() == lgb.Booster(model_str=text).model_to_string()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("left_child=1", "left_child=0"),  # a circle
        ("left_child=1", "left_child=999"),  # foreign memory
        ("split_feature=0", "split_feature=9"),
        ("num_leaves=", "num_leaves=9"),
        ("num_cat=0", "num_cat=3"),
        ("is_linear=0", "is_linear=1"),
        ("decision_type=2", "decision_type=1"),
        ("tree_sizes=", "tree_sizes=9"),
        ("max_feature_idx=2", "max_feature_idx=20000000"),
        ("version=v4", "version=v9"),
        ("shrinkage=0.1", "shrinkage=nan"),
        ("leaf_value=", "leaf_value=1e999 "),
        ("end of trees", ""),
        ("end of parameters", "[x: {}]"),
        ("objective=binary sigmoid:1", "objective=custom"),
        ("tree", "tree\x00"),
    ],
)
def test_texts_that_would_abort_lightgbm_are_refused(text, old, new):
    """Sizes, indices, trees and words that LightGBM trusts."""
    assert old in text
    with pytest.raises(ArtefactRefused, match="no model text that LightGBM wrote"):
        booster_of(text.replace(old, new, 1), "model.txt")


def test_random_edits_never_reach_the_parser_broken(text):
    """What is still accepted after an edit is read by LightGBM, and predicts finite numbers."""
    rng, accepted = np.random.default_rng(1), 0
    for _ in range(400):
        body = bytearray(text.encode())
        for at in rng.integers(0, len(body), rng.integers(1, 4)):
            body[at] = rng.choice(list(b"0123456789-. =\n"))
        try:
            booster = booster_of(body.decode(), "model.txt")
        except ArtefactRefused:
            continue
        accepted += 1
        assert np.isfinite(booster.predict(np.zeros((2, 3)))).all()
    assert accepted < 400
