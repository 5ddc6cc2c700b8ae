"""Rare evidence groups of orders speak for schemes that no verdict showed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.catalogue import BY_NAME, of_entity, signals_named
from features.peers.baseline import from_json
from features.peers.baseline_fit import fit_trimmed
from features.peers.evidence_groups import NO_ALARM_WEIGHT, EvidenceGroups
from features.peers.tail_probability import COMMON_SHARE, tail_scores
from tests.features.peers.test_baseline import UNTIL
from training.dataset.frame import Dataset
from training.estimator.ensemble import TAIL_STEPS_PER_E_FOLD, thin_tail_counts
from training.estimator.log_odds import sigmoid
from training.fitting.trees import fit_trees
from training.models.order_brushing import MODEL
from training.release.serialisation import read_trees, release_texts

COLUMNS = tuple(MODEL.columns)


@pytest.fixture(scope="module")
def data() -> Dataset:
    """Orders, a fifth of them confirmed by light parcels; shared payers have no verdict."""
    rng, n = np.random.default_rng(6), 1500
    signals = pd.DataFrame(rng.normal(0, 1, (n, len(COLUMNS))), columns=COLUMNS)
    signals["payer_buyer_count"] = 1.0 + (rng.random(n) < 0.02)
    found = rng.random(n) < 0.2
    signals["parcel_to_goods_weight_ratio"] = np.where(found, 0.1, 1.0) + rng.normal(0, 0.05, n)
    labels = pd.DataFrame(
        {
            "confirmed": found.astype(int),
            "audited": False,
            "typology": np.where(found, "order_fraud", ""),
        }
    )
    when, nights = pd.Series([pd.Timestamp(UNTIL)] * n), pd.Series([UNTIL] * n)
    return Dataset(
        signals,
        labels,
        when,
        pd.Series([f"g{i}" for i in range(n)]),
        nights,
        peer_signals={pd.Timestamp(UNTIL): signals},
    )


@pytest.fixture(scope="module")
def trees(data):
    return fit_trees(MODEL, MODEL.columns, data, np.ones(len(data), dtype=bool))


def cleared_orders(data: Dataset, n: int = 50) -> np.ndarray:
    return data.signals[data.labels["confirmed"] == 0].to_numpy()[:n].copy()


def test_order_evidence_groups_have_suspicious_sides():
    """Signals of orders that share an evidence group have a suspicious side and are the model's."""
    alone = {s.name for s in of_entity("order") if s.evidence_group == s.name}
    grouped = [s for s in of_entity("order") if s.name not in alone]
    assert {"many_orders", "shared", "light", "refund"} <= {s.evidence_group for s in grouped}
    assert all(s.direction and s.name in COLUMNS for s in grouped)


def test_furthest_signal_of_each_evidence_group_counts():
    points = np.zeros((1, len(COLUMNS)))
    for name, value in {
        "payer_buyer_count": 3.0,
        "device_buyer_count": 2.0,
        "buyer_age_days": 1.0,
    }.items():
        points[0, COLUMNS.index(name)] = value
    out = dict(
        zip(COLUMNS, EvidenceGroups.of(signals_named(COLUMNS)).strongest(points)[0], strict=True)
    )
    assert {c: v for c, v in out.items() if v} == {"payer_buyer_count": 3.0, "buyer_age_days": 1.0}


def test_signal_without_alarm_counts_less():
    """A signal that raises no alarm alone counts less than one that does."""
    points = np.zeros((1, len(COLUMNS)))
    (
        points[0, COLUMNS.index("address_buyer_count")],
        points[0, COLUMNS.index("payer_buyer_count")],
    ) = 4.0, 3.0
    out = EvidenceGroups.of(signals_named(COLUMNS)).strongest(points)[0]
    assert (
        BY_NAME["address_buyer_count"].alarm is None
        and out.sum() == out[COLUMNS.index("payer_buyer_count")] == 3.0
    )
    points[0, COLUMNS.index("payer_buyer_count")] = 1.0
    assert (
        EvidenceGroups.of(signals_named(COLUMNS)).strongest(points)[0].sum()
        == NO_ALARM_WEIGHT * 4.0
    )


def test_rare_order_scores_higher_and_says_why(data, trees):
    """An order of a scheme without verdicts scores higher for its rarity, and its reasons say
    so."""
    common = cleared_orders(data)
    common[:, COLUMNS.index("payer_buyer_count")] = 1.0
    rare, column = common.copy(), COLUMNS.index("payer_buyer_count")
    rare[:, column] = 6.0
    by_trees = replace(trees, rarity_weight=0.0)
    added = (
        trees._per_ensemble(trees._added(rare))[:, 0]
        - trees._per_ensemble(trees._added(common))[:, 0]
    )
    assert (
        trees.raw(rare) - by_trees.raw(rare) >= trees.raw(common) - by_trees.raw(common)
    ).all() and np.median(added) > 0.5
    more = trees.contributions(rare)[:, column] - by_trees.contributions(rare)[:, column]
    np.testing.assert_allclose(
        more, MODEL.rarity_weight * np.log(COMMON_SHARE * len(data) / 0.5)
    )  # none of the night's orders goes as far


def test_common_and_unknown_values_add_nothing(data, trees):
    middle = np.tile(np.nanmedian(data.signals.to_numpy(), axis=0), (3, 1))
    unknown = np.full((3, len(COLUMNS)), np.nan)
    assert (
        not trees._per_ensemble(trees._added(middle)).any()
        and not trees._per_ensemble(trees._added(unknown)).any()
    )


def test_orders_are_compared_with_tonights_orders(data, trees):
    night = data.signals.to_numpy().copy()
    night[:, COLUMNS.index("payer_buyer_count")] = (
        6.0  # a platform on which everybody shares a payer
    )
    one, tonight = night[:5], trees.rebased_on(night)
    assert (
        trees._per_ensemble(trees._added(one)).mean()
        > tonight._per_ensemble(tonight._added(one)).mean() + 0.5
    )


def test_rarity_model_refuses_peers_without_tails(data, trees):
    """A model that adds for rarity refuses peers without tail probabilities."""
    with pytest.raises(ValueError, match="needs tail probabilities"):
        replace(trees, peers=replace(trees.peers, tails=None)).raw(data.signals.to_numpy()[:3])


def test_rarity_trees_come_back_bit_for_bit(data, trees):
    """Trees that add for rarity come back from a release bit for bit."""
    again, _ = read_trees(release_texts(trees, trees), trees.columns, trees.columns)
    values = data.signals.to_numpy()
    assert again.rarity_weight == MODEL.rarity_weight > 0
    np.testing.assert_array_equal(again.raw(values[:20]), trees.raw(np.asfortranarray(values[:20])))


def test_tail_counts_score_like_the_values_themselves(data):
    values = data.signals.to_numpy()
    peers = fit_trimmed(signals_named(COLUMNS), values, None, with_tails=True)
    again = from_json(BY_NAME, peers.as_json())
    others = np.random.default_rng(1).normal(0, 2, values.shape)
    np.testing.assert_array_equal(
        again.tails.scores(others), tail_scores(signals_named(COLUMNS), others, values)
    )
    assert fit_trimmed(signals_named(COLUMNS), values, None).tails is None
    assert max(len(v) for v in peers.tails.values) <= COMMON_SHARE * len(data) + 1


def test_tail_counts_stay_few_for_many_orders():
    """A night's tail counts are few however many orders it has, and rarities hardly move."""
    rng = np.random.default_rng(2)
    night = rng.gamma(0.5, 1.0, (40_000, len(COLUMNS)))
    night[:, 0] = rng.integers(0, 4, len(night))  # few distinct values, each of which is kept
    whole = fit_trimmed(signals_named(COLUMNS), night, None, with_tails=True).tails
    few = thin_tail_counts(whole)
    assert max(len(v) for v in whole.values) > 10_000 and max(len(v) for v in few.values) < 700
    np.testing.assert_allclose(
        few.scores(night), whole.scores(night), atol=1.1 / TAIL_STEPS_PER_E_FOLD
    )
    np.testing.assert_array_equal(few.scores(night)[:, 0], whole.scores(night)[:, 0])


def test_rarity_hardly_moves_confirmed_orders(data, trees):
    found = data.signals[data.labels["confirmed"] == 1].to_numpy()
    assert (
        np.median(sigmoid(replace(trees, rarity_weight=0.0).raw(found))) > 0.9
        and np.median(sigmoid(trees.raw(found))) > 0.9
    )
