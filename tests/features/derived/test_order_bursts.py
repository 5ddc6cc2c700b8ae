"""Orders over buyers in sliding hours, by two ends and by looking at every pair."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.derived.order_bursts import _ratios

orders = st.lists(
    st.tuples(st.integers(0, 2), st.integers(-1, 3), st.integers(0, 30)), min_size=1, max_size=40
)


def by_hand(shop, buyer, at, span):
    out = []
    for i in range(len(shop)):
        best = 1.0
        for low, high in ((at[i], at[i] + span), (at[i] - span, at[i])):
            inside = (shop == shop[i]) & (at >= low) & (at <= high)
            buyers = set(buyer[inside]) - {-1}
            if buyers:
                best = max(best, inside.sum() / len(buyers))
        out.append(best)
    return np.array(out)


@given(orders, st.integers(0, 12))
def test_ratios_are_those_of_looking_at_every_pair(rows, span):
    """Ratios equal those of a comparison of every pair."""
    rows = sorted(rows, key=lambda r: (r[0], r[2]))
    shop, buyer, at = (np.array(c, dtype=np.int64) for c in zip(*rows, strict=True))
    assert np.array_equal(_ratios(shop, buyer, at, span, 4), by_hand(shop, buyer, at, span))
