"""Claims about shares of few observations."""

from __future__ import annotations

import json

import numpy as np
import pytest

from features.catalogue import BY_NAME, of_entity
from features.peers.baseline import learn
from features.peers.shrinkage import COUNTED, MOST, from_json, shrinkage_of, stands_on

SHOPS = (
    "operator_view_count",
    "operator_order_count",
    "operator_proxy_view_share",
    "operator_refund_share",
    "views_log_sd",
)


def shops(alike: float, n: int = 4000, usual: float = 0.05, seed: int = 3) -> np.ndarray:
    """Shops whose chances of a refund differ as Beta(usual, alike) does: `alike` observations hold as much as the difference."""
    rng = np.random.default_rng(seed)
    views, orders = (np.floor(np.exp(rng.uniform(0, 8, n))) + 1 for _ in range(2))
    chance = (
        rng.beta(usual * alike, (1 - usual) * alike, n) if np.isfinite(alike) else np.full(n, usual)
    )
    return np.column_stack([views, orders, rng.binomial(views.astype(int), 0.01) / views, rng.binomial(orders.astype(int), chance) / orders, rng.normal(1, 0.2, n)])  # fmt: skip


@pytest.mark.parametrize("alike", [20.0, 100.0])
def test_as_many_observations_are_added_as_hold_what_entities_differ_by(alike):
    found = shrinkage_of(SHOPS, shops(alike))
    assert found.added[3] == pytest.approx(alike, rel=0.25) and found.centre[3] == pytest.approx(
        0.05, rel=0.1
    )


def test_shrinkage_is_strongest_where_entities_differ_by_chance():
    """Where entities differ by chance alone, the prior has the most observations it may have."""
    assert shrinkage_of(SHOPS, shops(np.inf)).added[2] > 0.3 * MOST
    assert shrinkage_of(SHOPS, shops(np.inf)).added.max() <= MOST


def test_one_refund_of_one_order_does_not_deviate():
    """One refund of one order is no deviation; a thousand of a thousand are."""
    found = learn(list(SHOPS), shops(50.0), None)
    few, many = found.of(np.array([[5.0, 1.0, 0.0, 1.0, 1.0], [5000.0, 1000.0, 0.0, 1.0, 1.0]]))[
        :, 3
    ]
    assert few < 1.0 < 10.0 < many


def test_what_is_usual_is_said_of_values_as_they_are():
    values = shops(50.0)
    np.testing.assert_array_equal(
        learn(list(SHOPS), values, None).usual(values)[0], np.median(values, axis=0)
    )


def test_only_shares_of_known_counts_are_shrunk():
    """A value that is no share, and a share of an unknown number, stay as they are."""
    values = shops(50.0)
    found = shrinkage_of(SHOPS, values)
    unknown = values.copy()
    unknown[:, 1] = np.nan
    np.testing.assert_array_equal(found.of(values)[:, [0, 1, 4]], values[:, [0, 1, 4]])
    np.testing.assert_array_equal(found.of(unknown)[:, 3], unknown[:, 3])


def test_a_larger_share_stays_larger_and_between_itself_and_the_usual():
    found, some = shrinkage_of(SHOPS, shops(50.0)), shops(50.0, seed=8)
    compared, centre = found.of(some)[:, 3], found.centre[3]
    assert (np.abs(compared - centre) <= np.abs(some[:, 3] - centre) + 1e-12).all()
    assert ((compared - centre) * (some[:, 3] - centre) >= 0).all()
    more = some.copy()
    more[:, 3] += 0.01
    assert (found.of(more)[:, 3] > compared).all()


def test_shrinkage_survives_being_written():
    values = shops(50.0)
    found = shrinkage_of(SHOPS, values)
    again = from_json(SHOPS, json.loads(json.dumps(found.as_json())))
    np.testing.assert_array_equal(found.of(values), again.of(values))


def test_counted_units_have_a_counting_signal():
    """Every unit that is counted belongs to the catalogue, and a signal of its entity counts it."""
    for entity, counted in COUNTED.items():
        units = {s.unit for s in of_entity(entity)}
        assert set(counted) <= units and {BY_NAME[c].entity for c in counted.values()} == {entity}
        names = tuple(s.name for s in of_entity(entity))
        assert not set(stands_on(names)) & set(stands_on(names).values())
