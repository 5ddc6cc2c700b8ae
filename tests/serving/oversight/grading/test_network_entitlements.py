"""A measure against a network takes entitlements from its operators' credit."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pandas as pd

from features.engine.snapshot import Snapshot
from serving.oversight.credit import credit
from serving.oversight.measures.state import Measure, MeasureState
from serving.policy.load import load_policy

POLICY = load_policy()
T0 = datetime(2026, 3, 2)
NAMES = pd.Index(["member", "other", "lone"])


def test_operators_of_a_measured_network_lose_entitlements():
    """Those of another network and of none keep theirs; so does the member once it ended."""
    tables = {
        "operators": pd.DataFrame(
            {"operator_id": NAMES, "mcn_id": ["n1", "n2", None], "received_at": T0}
        )
    }
    taken = Measure("m1", "mcn", "n1", "suspend_stream", "", T0, T0 + timedelta(days=7), "desk")
    state = MeasureState({"m1": taken})

    def entitlements(days):
        at = T0 + timedelta(days=days)
        frame = credit(Snapshot.from_frames(tables), NAMES, at, POLICY, state)
        return [json.loads(e) for e in frame["entitlements"]]

    unrated = list(next(e.allows for e in POLICY.entitlements if e.level == "unrated"))
    assert entitlements(1) == [[], unrated, unrated]
    assert entitlements(7) == [unrated] * 3
