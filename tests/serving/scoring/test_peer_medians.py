"""Claims about the medians that reasons are compared with."""

from __future__ import annotations

import pandas as pd

from serving.policy.load import load_policy
from serving.scoring.reasons import peer_medians

NIGHT = load_policy().night


def test_peers_are_those_of_the_same_category_where_there_are_enough():
    """Peers are those of the same category where there are enough."""
    signals = pd.DataFrame(
        {"view_count": [10.0] * 25 + [99.0] * 5}, index=[f"s{i}" for i in range(30)]
    )
    peers = peer_medians(signals, pd.Series(["food"] * 25 + ["books"] * 5, index=signals.index))
    assert (
        peers.median("s0", "view_count") == 10.0 and peers.median("s29", "view_count") == 10.0
    )  # five books are too few: all are peers
