"""Mean credit by tier, as a supervisor sees it."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from data_contracts.runs import read_outbound
from serving.cli.main import app
from serving.oversight.credit import SUB_SCORES
from serving.oversight.grading.tier_credit import credit_by_tier


def test_each_tier_has_its_mean_and_unknown_stays_unknown():
    """Unrated operators are counted and enter no mean; a tier without operators has none."""
    credit = pd.DataFrame(
        {
            "operator_id": ["a1", "a2", "a3", "d1"],
            "credit": [90.0, 80.0, None, 30.0],
            "ratings": [90.0, 80.0, None, 60.0],
            "complaints": [None, 80.0, None, 20.0],
            "handling": [None] * 4,
            "notices": [100.0, None, None, 10.0],
        }
    )
    tiers = pd.DataFrame({"operator_id": ["d1", "a3", "a2", "a1"], "tier": ["D", "A", "A", "A"]})
    rows = credit_by_tier(credit, tiers).set_index("tier")
    assert rows.index.tolist() == ["A", "B", "C", "D"]
    assert rows["operators"].tolist() == [3, 0, 0, 1] and rows["rated"].tolist() == [2, 0, 0, 1]
    assert rows.at["A", "credit"] == 85.0 and rows.at["D", "credit"] == 30.0
    assert rows.at["A", "complaints"] == 80.0 and pd.isna(rows.at["B", "credit"])
    assert rows["handling"].isna().all()


def test_the_command_prints_the_means_of_a_night(published):
    """The command prints the mean credit of each tier of a night."""
    printed = CliRunner().invoke(app, ["credit", str(published), "--by-tier", "--json"]).output
    rows = {r["tier"]: r for r in json.loads(printed)}
    credit, tiers = (read_outbound(published, t) for t in ("credit", "tier_decisions"))
    mine = credit[credit["operator_id"].isin(tiers.loc[tiers["tier"] == "A", "operator_id"])]
    assert rows["A"]["operators"] == len(mine)
    assert rows["A"]["credit"] == pytest.approx(mine["credit"].mean(), abs=0.01)
    assert set(SUB_SCORES) < set(rows["B"])
