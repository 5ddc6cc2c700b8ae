"""Claims that take minutes: `make test-slow`."""

from __future__ import annotations

from datetime import date

import pytest

from simulation.world import WorldSpec, write_world

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", [1, 2])
def test_a_medium_world_is_as_large_as_promised(tmp_path, seed):
    """A medium world is as large as promised."""
    counts = write_world(
        tmp_path / "w", tmp_path / "t", WorldSpec(seed, "medium", date(2026, 1, 5))
    )
    promised = {
        "views": 2_000_000,
        "orders": 200_000,
        "accounts": 100_000,
        "sessions": 5_000,
        "operators": 500,
    }
    assert all(counts[k] >= n for k, n in promised.items()), counts
