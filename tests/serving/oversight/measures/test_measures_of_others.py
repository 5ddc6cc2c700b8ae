"""Measures against a network or a streamer are named for its operators and raise no tier."""

from __future__ import annotations

from datetime import datetime, timedelta

import ibis
import pandas as pd

from serving.oversight.measures.boost_effects import BoostEffects, apply_effects
from serving.oversight.measures.state import Measure, MeasureState
from serving.oversight.measures.subjects import measures_of_others, words_of_others
from serving.policy.load import load_policy

POLICY = load_policy()
NOW = datetime(2026, 3, 2, 9)
OTHERS = [("mcn", "net", "block"), ("streamer", "ann", "limit_traffic"), ("streamer", "bo", "warn")]
TABLES = {
    "operators": pd.DataFrame(
        {"operator_id": ["o1", "o2", "o3"], "mcn_id": ["net", "other net", None]}
    ),
    "sessions": pd.DataFrame(
        {
            "operator_id": ["o2", "o3", "o3"],
            "streamer_ids": [["ann", "bo"], ["ann"], None],
        }
    ),
}


def state(at=NOW, days=3) -> MeasureState:
    measures = [
        Measure(
            f"m-{name}",
            kind,
            name,
            code,
            "Order 117 12 ¶1",
            at,
            at + timedelta(days=days),
            "desk",
            record={"reason": "false trades", "appeal_due": "2026-03-20T09:00:00"},
        )
        for kind, name, code in [*OTHERS, ("operator", "o2", "block")]
    ]
    return MeasureState({m.measure_id: m for m in measures})


def named(at=NOW):
    tables = {name: ibis.memtable(frame) for name, frame in TABLES.items()}
    found = measures_of_others(tables, state(), at, POLICY)
    return {who: [m.measure_id for m in measures] for who, measures in found.items()}


def test_operators_of_a_network_and_of_a_streamer_are_named():
    """A warning touches no boost, and a measure against the operator is its own."""
    assert named() == {"o1": ["m-net"], "o2": ["m-ann"], "o3": ["m-ann"]}
    assert named(NOW + timedelta(days=3)) == {}
    assert state().floors(NOW, POLICY) == {"o2": POLICY.floors.refusing_measure}


def test_the_reason_says_that_the_tier_is_not_raised():
    """In zh and en, in the decision's reason and in the answer of the gate."""
    network = state().measures["m-net"]
    (words,) = words_of_others([network], POLICY)
    assert "network net is under block" in words["en"] and "is not raised by it" in words["en"]
    assert "不因此提高" in words["zh"]
    body = {"riskLevel": "PASS", "suggestedAction": "none", "hits": []}
    for kind, count in (("m-net", 1), ("m-o2", 0)):
        effects = BoostEffects((state().measures[kind],))
        (hit,) = apply_effects(body, effects, POLICY)["hits"]
        assert hit["reason"]["en"].count("is not raised by it") == count
        assert hit["reason"]["zh"].count("不因此提高") == count
