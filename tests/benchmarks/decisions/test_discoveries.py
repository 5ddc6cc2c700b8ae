"""Rows of wrong decisions over unseen worlds."""

from __future__ import annotations

import pandas as pd
import pytest

from benchmarks.decisions.judged_worlds import One
from benchmarks.decisions.twenty_worlds import discoveries


def judged(tiers: str, cheats: int) -> One:
    """A world of an operator a letter, of which the first ones cheat."""
    guilty = [i < cheats for i in range(len(tiers))]
    operators = pd.DataFrame({"tier": list(tiers), "guilty": guilty})
    return One(operators.assign(honest=~operators["guilty"]), pd.DataFrame(), 0, 0)


def test_shares_of_the_accused_are_means_over_worlds():
    """Half of the cheats of one world are accused, none of the other; one honest one is."""
    rows = {r["id"]: r for r in discoveries([judged("DACA", 2), judged("BAAA", 1)], 0.05)}
    assert rows["guilty-accused"]["value"] == pytest.approx(0.25)
    assert rows["guilty-reviewed"]["value"] == pytest.approx(0.75)
    assert rows["false-discoveries"]["value"] == pytest.approx(0.25)
    assert rows["false-discoveries"]["holds"] is False
    assert "the 2 operators" in rows["false-discoveries"]["what"]


def test_a_bound_that_accuses_nobody_is_not_met():
    """No false accusation among no accusation is no success."""
    (row,) = (r for r in discoveries([judged("BBAA", 2)], 0.05) if r["id"] == "false-discoveries")
    assert (row["value"], row["holds"]) == (0.0, False)
    assert row["why"] == "Nobody is in C or D."
