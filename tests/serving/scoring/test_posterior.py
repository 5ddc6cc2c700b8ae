"""Claims about probabilities: by own signals, and pooled with related entities."""

from __future__ import annotations

import pandas as pd

from serving.policy.load import load_policy
from serving.scoring.posterior import ScoringContext, posterior

NIGHT = load_policy().night


class Same:
    """A model whose probability is its one signal."""

    columns = ["view_count"]

    def raw(self, values, _owner=None):
        return values[:, 0]

    def probability(self, raw):
        return raw


def test_entity_is_pooled_with_each_other_entity_once():
    """An entity is pooled with others of tonight and of nights before, each once."""
    compared = pd.DataFrame(
        {"view_count": [0.3, 0.3, 0.9, *[0.02] * 60]}, index=[f"s{i}" for i in range(63)]
    )
    owner = pd.Series(
        ["cheat", "honest", "cheat", *[f"o{i}" for i in range(60)]], index=compared.index
    )
    first = compared.index[:2]

    def found(context, column):
        return posterior(Same(), context).loc[first, column].tolist()

    for column in ("raw", "own", "view_adjusted", "pooled"):
        assert found(ScoringContext(compared), column) == [0.3, 0.3]
    assert found(ScoringContext(compared, owner), "view_adjusted") == [0.3, 0.3]
    tonight = found(ScoringContext(compared, owner), "pooled")
    assert tonight[0] > 0.3 > tonight[1]
    earlier = pd.Series(0.9, index=["b0", "b1", "b2", "s2"])  # s2 is compared too: it counts once
    owners = pd.concat([owner, pd.Series("cheat", index=["b0", "b1", "b2"])])
    assert found(ScoringContext(compared, owners, earlier), "pooled")[0] > tonight[0] + 0.02
    assert found(ScoringContext(compared, owner, earlier.tail(1)), "pooled") == tonight
