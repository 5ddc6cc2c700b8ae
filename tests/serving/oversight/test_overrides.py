"""Overrides: what is asked for before one is set."""

from __future__ import annotations

from datetime import datetime

import pytest

from data_contracts.runs import read_outbound
from serving.oversight import overrides

NOW = datetime(2026, 1, 22, 9)


def test_an_override_needs_an_author_a_reason_and_an_operator(published):
    known = read_outbound(published, "tier_decisions")["operator_id"].iloc[0]
    for operator, tier, by, reason, days in ((known, "E", "l", "r", 1), (known, "A", "", "r", 1), (known, "A", "l", " ", 1), (known, "A", "l", "r", 0), ("nobody", "A", "l", "r", 1)):  # fmt: skip
        with pytest.raises(overrides.BadOverride):
            overrides.set_override(published, operator, tier, by, reason, days, NOW)
