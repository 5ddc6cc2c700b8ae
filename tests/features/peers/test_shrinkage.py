"""Claims about shares of few observations."""

from __future__ import annotations

import json

import numpy as np
import pytest

from features.catalogue import BY_NAME, of_entity, signals_named
from features.entities import DENOMINATORS
from features.peers.baseline_fit import fit
from features.peers.shrinkage import (
    MAX_PRIOR_OBSERVATIONS,
    denominator_columns,
    fit_shrinkage,
    from_json,
)

SHOPS = signals_named(
    (
        "operator_view_count",
        "operator_order_count",
        "operator_proxy_view_share",
        "operator_refund_share",
        "views_log_sd",
    )
)


def shops(alike: float, n: int = 4000, mean: float = 0.05, seed: int = 3) -> np.ndarray:
    """Shops whose chances of a refund differ as Beta(mean, alike) does: `alike` observations
    hold as much as the difference."""
    rng = np.random.default_rng(seed)
    views, orders = (np.floor(np.exp(rng.uniform(0, 8, n))) + 1 for _ in range(2))
    chance = (
        rng.beta(mean * alike, (1 - mean) * alike, n) if np.isfinite(alike) else np.full(n, mean)
    )
    return np.column_stack(
        [
            views,
            orders,
            rng.binomial(views.astype(int), 0.01) / views,
            rng.binomial(orders.astype(int), chance) / orders,
            rng.normal(1, 0.2, n),
        ]
    )


@pytest.mark.parametrize("alike", [20.0, 100.0])
def test_as_many_observations_are_added_as_hold_what_entities_differ_by(alike):
    """The prior counts as many observations as the variance between entities asks for."""
    found = fit_shrinkage(SHOPS, shops(alike))
    assert found.prior_observations[3] == pytest.approx(alike, rel=0.25) and found.means[
        3
    ] == pytest.approx(0.05, rel=0.1)


def test_shrinkage_is_strongest_where_entities_differ_by_chance():
    """Where entities differ by chance alone, the prior has the most observations it may have."""
    assert fit_shrinkage(SHOPS, shops(np.inf)).prior_observations[2] > 0.3 * MAX_PRIOR_OBSERVATIONS
    assert fit_shrinkage(SHOPS, shops(np.inf)).prior_observations.max() <= MAX_PRIOR_OBSERVATIONS


def test_one_refund_of_one_order_does_not_deviate():
    """One refund of one order is no deviation; a thousand of a thousand are."""
    found = fit(SHOPS, shops(50.0), None)
    few, many = found.deviations(
        np.array([[5.0, 1.0, 0.0, 1.0, 1.0], [5000.0, 1000.0, 0.0, 1.0, 1.0]])
    )[:, 3]
    assert few < 1.0 < 10.0 < many


def test_what_is_usual_is_said_of_values_as_they_are():
    """Medians of peers are those of unshrunken values."""
    values = shops(50.0)
    np.testing.assert_array_equal(
        fit(SHOPS, values, None).medians(values)[0], np.median(values, axis=0)
    )


def test_only_shares_of_known_counts_are_shrunk():
    """A value that is no share, and a share of an unknown number, stay as they are."""
    values = shops(50.0)
    found = fit_shrinkage(SHOPS, values)
    unknown = values.copy()
    unknown[:, 1] = np.nan
    np.testing.assert_array_equal(found.apply(values)[:, [0, 1, 4]], values[:, [0, 1, 4]])
    np.testing.assert_array_equal(found.apply(unknown)[:, 3], unknown[:, 3])


def test_a_larger_share_stays_larger_and_between_itself_and_the_usual():
    """A larger share stays larger, and lies between itself and the mean."""
    found, some = fit_shrinkage(SHOPS, shops(50.0)), shops(50.0, seed=8)
    compared, mean = found.apply(some)[:, 3], found.means[3]
    assert (np.abs(compared - mean) <= np.abs(some[:, 3] - mean) + 1e-12).all()
    assert ((compared - mean) * (some[:, 3] - mean) >= 0).all()
    more = some.copy()
    more[:, 3] += 0.01
    assert (found.apply(more)[:, 3] > compared).all()


def test_shrinkage_survives_being_written():
    """Shrinkage survives being written."""
    values = shops(50.0)
    found = fit_shrinkage(SHOPS, values)
    again = from_json(SHOPS, json.loads(json.dumps(found.as_json())))
    np.testing.assert_array_equal(found.apply(values), again.apply(values))


def test_counted_units_have_a_counting_signal():
    """Every unit that is counted belongs to the catalogue, and a signal of its entity counts it."""
    for entity, counted in DENOMINATORS.items():
        units = {s.unit for s in of_entity(entity)}
        assert set(counted) <= units and {BY_NAME[c].entity for c in counted.values()} == {entity}
        columns = denominator_columns(of_entity(entity))
        assert columns and not set(columns) & set(columns.values())
