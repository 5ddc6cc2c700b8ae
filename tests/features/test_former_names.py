"""Former names of signals: what they are read as, and what a caller is told."""

from __future__ import annotations

import json
import warnings

import pandas as pd
import pytest

import steelyard
from features.catalogue import BY_NAME, CATALOGUE
from features.former_names import BY_ANY_NAME, FORMER_NAMES, SignalsByName, with_current_names


def test_former_names_are_of_one_signal_and_no_current_name():
    """Former names are of one signal and no current name."""
    former = [name for s in CATALOGUE for name in s.formerly]
    assert len(former) == len(set(former)) >= 30
    assert not set(former) & set(BY_NAME)


def test_operator_mirrors_keep_their_former_names_too():
    """A mirror of a session signal had the mirrored former name."""
    assert FORMER_NAMES["unbuying_view_share"] == "non_buyer_view_share"
    assert FORMER_NAMES["operator_unbuying_view_share"] == "operator_non_buyer_view_share"


def test_a_caller_may_use_a_former_name_and_is_told_the_current_one():
    """A caller may use a former name and is told the current one."""
    with pytest.warns(FutureWarning, match="company_refund_share is now called neighbour_refund"):
        found = steelyard.SIGNALS["company_refund_share"]
    assert found is BY_NAME["neighbour_refund_share"]
    with pytest.raises(KeyError):
        steelyard.SIGNALS["no_such_signal"]


def test_values_by_a_former_name_are_those_of_the_current_one():
    """`steelyard.compute` takes a former name, notes it, and names the column as today."""
    views = pd.DataFrame(
        {
            "session_id": ["s1"],
            "account_id": ["a1"],
            "device_id": ["d1"],
            "joined_at": pd.to_datetime(["2026-01-05 10:00"]),
            "left_at": pd.to_datetime(["2026-01-05 10:05"]),
        }
    )
    with pytest.warns(FutureWarning, match="crowded_device_view_share is now called"):
        former = steelyard.compute({"views": views}, signals=["crowded_device_view_share"])
    current = steelyard.compute({"views": views}, signals=["multi_account_device_view_share"])
    pd.testing.assert_frame_equal(former, current)
    assert list(former) == ["multi_account_device_view_share"]


def test_only_current_names_are_listed_without_a_note():
    """Only current names are listed without a note."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert list(SignalsByName()) == list(BY_NAME)
        assert SignalsByName()["view_count"] is BY_NAME["view_count"]
    assert set(BY_ANY_NAME) == set(BY_NAME) | set(FORMER_NAMES)


def test_tables_of_earlier_nights_get_current_codes():
    """Codes change where a table holds them, alone or in JSON; nothing else does."""
    rows = pd.DataFrame({"signal": ["buyer_fault_mean", "view_count"], "value": [1.0, 2.0]})
    found = with_current_names("signals", rows)
    assert found["signal"].tolist() == ["buyer_red_flag_mean", "view_count"]
    reasons = json.dumps([{"signal": "buyer_fault_mean", "en": "buyer_fault_mean is 1"}])
    scores = pd.DataFrame({"entity_id": ["buyer_fault_mean"], "reasons": [reasons]})
    found = with_current_names("scores", scores)
    assert json.loads(found["reasons"][0]) == [
        {"signal": "buyer_red_flag_mean", "en": "buyer_fault_mean is 1"}
    ]
    assert found["entity_id"].tolist() == ["buyer_fault_mean"]
