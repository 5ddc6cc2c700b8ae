"""Labels by appeals: they weigh more, count after a delay, and name the reasons that failed."""

from __future__ import annotations

import json
from datetime import datetime

import pandas as pd

from data_contracts.lake import Lake
from training.dataset.appeal_labels import failed_reasons, with_appeal_weights
from training.models.registry import BY_NAME
from training.release.model_card import _overturned

MODEL = BY_NAME["session_inflation"]


def lake_with(tmp_path, *events):
    lake = Lake(tmp_path)
    lake.journal.mkdir()
    lake.appeals.write_text("".join(json.dumps(e) + "\n" for e in events), "utf-8")
    return lake


def won(entities, reasons, counts_from, verdict="error"):
    return {
        "event": "decided",
        "verdict": verdict,
        "entities": entities,
        "failed_reasons": reasons,
        "labels_from": counts_from,
        "label_weight": 2.0,
    }


def test_label_of_an_appeal_weighs_more_after_its_delay(tmp_path):
    """The label of an appeal weighs more after its delay."""
    lake = lake_with(tmp_path, won([["session", "s1"], ["order", "s2"]], [], "2026-02-08T00:00:00"))
    labels = pd.DataFrame({"confirmed": [0, 1]}, index=["s1", "s2"])
    early = with_appeal_weights(labels, lake, "session", datetime(2026, 2, 8))
    assert early is labels
    late = with_appeal_weights(labels, lake, "session", datetime(2026, 2, 9))
    assert late["weight"].tolist() == [2.0, 1.0]
    assert with_appeal_weights(labels, Lake(tmp_path / "none"), "session", datetime.max) is labels


def test_card_counts_the_reasons_that_failed(tmp_path):
    """A model card counts the reasons that failed."""
    one, two = MODEL.columns[:2]
    lake = lake_with(
        tmp_path,
        won([], [one, two], "2026-02-08T00:00:00"),
        won([], [one, "signal_of_another_model"], "2026-02-08T00:00:00"),
        won([], [one], "2026-02-08T00:00:00", "upheld"),
        won([], [two], "2026-03-08T00:00:00"),
    )
    found = failed_reasons(lake, MODEL, datetime(2026, 2, 9))
    assert found == (2, {one: 2, two: 1})
    words = _overturned({"overturned": found})[0]
    assert f"2 accusations. Reasons that failed: `{one}` 2, `{two}` 1." in words
    assert _overturned({"overturned": (0, {})}) == _overturned({}) == []
