"""Overrides: what is asked for before one is set."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from data_contracts.lake import Lake
from data_contracts.runs import read_outbound
from serving.ledger.decisions import recorded_heads
from serving.nightly.pipeline import nightly
from serving.oversight import overrides
from serving.policy.load import load_policy
from tests.conftest import NIGHT

POLICY = load_policy()
NOW = datetime(2026, 1, 22, 9)


def test_an_override_needs_an_author_a_reason_and_an_operator(published):
    """An override needs an author, a reason and an operator."""
    known = read_outbound(published, "tier_decisions")["operator_id"].iloc[0]
    for operator, tier, by, reason, days in (
        (known, "E", "l", "r", 1),
        (known, "A", "", "r", 1),
        (known, "A", "l", " ", 1),
        (known, "A", "l", "r", 0),
        ("nobody", "A", "l", "r", 1),
    ):
        with pytest.raises(overrides.BadOverride):
            overrides.set_override(published, operator, tier, by, reason, days, NOW)


def test_override_is_in_force_until_it_expires(lake, models, accused):
    """An override is in force until it expires and is part of the night's identity.

    Set before the night of the 21st for two days: that night follows it, and a night after it
    expired does not.
    """
    before = read_outbound(lake, "tier_decisions").set_index("operator_id").at[accused, "tier"]
    tier = "C" if before == "D" else "D"  # an override to the tier that it has moves nothing
    overrides.set_override(
        lake, accused, tier, "lead", "checked on site", 1, datetime(2026, 1, 20, 12)
    )
    again = nightly(lake, NIGHT, models, POLICY)
    assert again.fresh  # another decision of people makes another run
    one = read_outbound(lake, "tier_decisions").set_index("operator_id").loc[accused]
    why = json.loads(one["why"])
    assert (one["tier"], why["override"]["by"], one["cause"]) == (
        tier,
        "lead",
        "override",
    ) and "by a person" in why["en"]
    assert (
        overrides.overrides_in_force(Lake(lake), datetime(2026, 1, 20, 12)) == {}
    )  # not known before it was set
    assert (
        overrides.overrides_in_force(Lake(lake), datetime(2026, 1, 21, 12)) == {}
    )  # expired at noon
    assert not nightly(lake, NIGHT, models, POLICY).fresh and NIGHT.isoformat() in recorded_heads(
        lake
    )
