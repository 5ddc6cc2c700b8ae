"""Claims about a whole night: what tiers rest on, and what the bound on accusations lacks."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from data_contracts.runs import read_outbound, run_folder
from serving.cli.main import app
from serving.policy.load import load_policy
from serving.tiers.false_discovery import AccusationBound, bound_words
from tests.conftest import NIGHT
from training.release.artefact import load

POLICY = load_policy()


def bound_of(published) -> AccusationBound:
    run = read_outbound(published, "runs").iloc[0]
    return AccusationBound(run["cleared_operators"], run["cleared_operators_missing"])


def test_night_without_enough_cleared_operators_says_so(published, models):
    """The run record, the report and the terminal say how many to collect, and reviews go on."""
    bound, tiers = bound_of(published), read_outbound(published, "tier_decisions")
    reference = load(models, "operator_rank").reference_set
    assert bound.cleared == int(reference.weight.sum() + 1e-9)
    assert bound.missing > 0  # a small world cannot certify an accusation
    assert "bound" not in set(tiers["selected_by"]) and (tiers["tier"] == "B").any()
    zh, en = bound_words(bound)
    pages = (run_folder(published) / name for name in ("report.html", "report/en/report.html"))
    zh_page, en_page = (page.read_text("utf-8") for page in pages)
    assert zh in zh_page and en in en_page
    printed = CliRunner().invoke(app, ["show", "tier_decisions", str(published), "--rows", "3"])
    assert en[1:] in printed.output and zh in printed.output
    again = CliRunner().invoke(
        app, ["nightly", str(published), "--date", str(NIGHT), "--models", str(models)]
    )
    assert again.exit_code == 0 and en[1:] in again.output
    for other in (["runs", str(published)], ["tier_decisions", str(published), "--json"]):
        assert en[1:] not in CliRunner().invoke(app, ["show", *other]).output


def test_every_tier_of_a_night_says_what_it_rests_on(published):
    """The basis agrees with the tier, and reviews for a risk have the precision asked for."""
    tiers = read_outbound(published, "tier_decisions")
    above = tiers[tiers["tier"] > "A"]
    assert (tiers.loc[tiers["tier"] == "A", "selected_by"] == "none").all() and len(above)
    assert (above["selected_by"] != "none").all()
    by_risk = tiers[tiers["selected_by"] == "risk"]
    assert (by_risk["risk"] >= POLICY.tiers.review_precision).all()
    for row in tiers.itertuples():
        why = json.loads(row.why)
        assert ("reviewed only" not in why["en"]) or row.tier == "B"
        assert ("selected by the bound" in why["en"]) == (row.selected_by == "bound")
        share = why["false_orders"]
        assert share is None or 0.0 <= share <= 1.0
