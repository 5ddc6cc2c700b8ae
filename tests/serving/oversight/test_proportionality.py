"""Proportionality: a measure fits facts, repetition and harm, or two people say why not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import datetime

import pytest

from data_contracts.runs import read_outbound
from serving.oversight.measures.manual_measures import take_measure
from serving.oversight.measures.measure_requests import BadMeasure, MeasureRequest
from serving.policy.load import load_policy

POLICY = load_policy()
NOW = datetime(2026, 1, 22, 9)


def test_what_is_not_proportionate_needs_a_stated_reason(published, tmp_path):
    """A first offence with little evidence is not blacklisted, unless two people say why."""
    lake = tmp_path / "lake"
    shutil.copytree(published, lake, ignore=shutil.ignore_patterns("online"))
    tiers = read_outbound(lake, "tier_decisions").set_index("operator_id")
    calm = tiers.index[tiers["tier"] == "A"][0]
    asked = MeasureRequest(calm, "blacklist", "desk", "why", 30, "lead")
    with pytest.raises(BadMeasure, match="beyond what is proportionate"):
        take_measure(lake, asked, NOW, POLICY)
    beyond = replace(asked, beyond_range="the regulator asked for it")
    taken = take_measure(lake, beyond, NOW, POLICY)
    fit = taken["proportionality"]
    assert not fit["within"] and fit["beyond_range"] == "the regulator asked for it"
    warned = take_measure(lake, MeasureRequest(calm, "warn", "desk", "why", 1), NOW, POLICY)
    assert warned["proportionality"]["within"] and warned["proportionality"]["repetition"] == 1
