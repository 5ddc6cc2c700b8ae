"""Credit after measures: who was measured has fewer points than who was not."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from features.engine.snapshot import Snapshot
from serving.oversight.credit import credit
from serving.oversight.grading.compliance import automatic_measures
from serving.oversight.measures.state import MeasureState
from tests.serving.oversight.grading.test_grading import AS_OF, NAMES, POLICY, published_measure


def test_a_measure_never_raises_a_credit():
    """Points after a measure are compared with those of nobody measured, not with the other parts.

    Where no measure was ever taken, handling is unknown for everybody.
    """
    before = automatic_measures(published_measure(), MeasureState(), AS_OF)
    poor = pd.DataFrame(
        {"operator_id": ["a", "b", "c"], "issuer": "regulator", "at": AS_OF - timedelta(days=1)}
    )
    tables = Snapshot.from_frames({"notices": poor})
    plain = credit(tables, NAMES, AS_OF, POLICY).set_index("operator_id")
    assert plain["handling"].isna().all() and plain["credit"].nunique() == 1
    points = credit(tables, NAMES, AS_OF, POLICY, None, before).set_index("operator_id")
    assert points.at["a", "credit"] < points.at["b", "credit"] < points.at["c", "credit"]
