"""Labels are verdicts as they were known."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from features.engine.snapshot import Snapshot
from tests.conftest import UNTIL
from training.dataset.labels import prevalence, verdicts, weights


def outcome(entity, verdict, day, source="patrol", received=None):
    at = pd.Timestamp("2026-01-01") + pd.Timedelta(days=day)
    return {
        "entity_kind": "order",
        "entity_id": entity,
        "typology": "order_fraud",
        "verdict": verdict,
        "decided_at": at,
        "source": source,
        "received_at": received or at,
    }


def test_an_appeal_that_overturns_is_the_label():
    """An appeal that overturns is the label."""
    rows = pd.DataFrame(
        [
            outcome("r1", "confirmed", 1),
            outcome("r1", "cleared", 3, "appeal"),
            outcome("r2", "confirmed", 1, "random_audit"),
        ]
    )
    found = verdicts(Snapshot.from_frames({"outcomes": rows}), "order", ("order_fraud",))
    assert found["confirmed"].to_dict() == {"r1": 0, "r2": 1} and found["audited"].to_dict() == {
        "r1": False,
        "r2": True,
    }


def test_a_verdict_that_has_not_matured_is_no_label(tiny):
    """A verdict that has not matured is no label."""
    early, late = (
        verdicts(Snapshot.open(tiny, d), "order", ("order_fraud",))
        for d in (UNTIL - timedelta(days=8), UNTIL)
    )
    assert 0 < len(early) < len(late)


def test_weights_bring_the_sample_to_the_audited_prevalence():
    """Weights bring the sample to the audited prevalence."""
    labels = pd.DataFrame(
        {"confirmed": [1] * 50 + [0] * 50 + [1] + [0] * 17, "audited": [False] * 100 + [True] * 18}
    )
    w = weights(labels)
    assert prevalence(labels) == pytest.approx(2 / 20)
    assert np.average(labels["confirmed"], weights=w) == pytest.approx(prevalence(labels))
