"""Batches of the simulator: concatenation, selection and the ground truth of a day."""

from __future__ import annotations

import numpy as np
import pytest

from data_contracts.errors import LakeProblem
from simulation.records import Interactions, PlantedSessions
from simulation.world import MAX_DAYS, WorldSpec
from tests.simulation.test_world import START


def interactions(*accounts: int) -> Interactions:
    """One like per account."""
    n = len(accounts)
    zeros = np.zeros(n, dtype=np.int64)
    return Interactions(zeros, np.array(accounts), zeros, zeros, zeros, zeros, zeros)


def test_batches_are_concatenated_in_order_without_empty_ones():
    """None and empty batches are skipped; rows keep their order."""
    whole = Interactions.concat([interactions(3, 1), None, interactions(), interactions(2)])
    assert whole.account.tolist() == [3, 1, 2]
    assert len(Interactions.concat([])) == 0
    assert whole.select(whole.account > 1).account.tolist() == [3, 2]


def test_planted_sessions_have_integer_keys():
    """Rows and numbers of the ground truth are integers, the intensity is not; none is allowed."""
    planted = PlantedSessions.of([(4, 2, 0.5, 1, 9)])
    assert (planted.session[0], planted.scheme[0], planted.intensity[0]) == (4, 2, 0.5)
    assert planted.beneficiary.dtype.kind == "i"
    assert len(PlantedSessions.of([])) == 0


def test_specification_fills_in_days_and_schemes():
    """Days come from the size and schemes are all of them, when they are not named."""
    spec = WorldSpec(1, "tiny", START).check()
    assert spec.days == 14
    assert spec.schemes is not None
    assert len(spec.schemes) == 15


@pytest.mark.parametrize("days", [0, MAX_DAYS + 1])
def test_specification_refuses_days_out_of_range(days):
    """A world has one day at least and a leap year at most."""
    with pytest.raises(LakeProblem, match="days must be"):
        WorldSpec(1, "tiny", START, days).check()
