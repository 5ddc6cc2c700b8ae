"""A platform without a verdict has probabilities from its first night, by the released prior."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from data_contracts.runs import read_outbound
from serving.nightly.pipeline import nightly
from serving.oversight.grading.tier_credit import credit_by_tier
from tests.conftest import NIGHT
from tests.whole.night_runs import POLICY, copied
from training.estimator.prior import load_prior
from training.models.registry import BY_NAME


@pytest.fixture(scope="module")
def first_night(tiny, tmp_path_factory):
    """The small world without verdicts, and its night without models."""
    lake = copied(tiny, tmp_path_factory.mktemp("first") / "lake", "runs", "quarantine", "outcomes")
    nightly(lake, NIGHT, None, POLICY)
    return lake


def test_everything_has_a_probability(first_night):
    """Sessions, orders, operators and accounts are scored by the prior, which scores name."""
    scores = read_outbound(first_night, "scores")
    by_prior = scores[scores["model"] != "deviance"]
    assert set(by_prior["entity_kind"]) == {"session", "order", "operator", "account"}
    assert by_prior["model_version"].str.startswith("prior-").all()
    assert by_prior["probability"].between(0, 1).all()
    models = json.loads(read_outbound(first_night, "runs").iloc[0]["models"])
    assert all(version.startswith("prior-") for version in models.values())


def test_reviews_are_filled_and_agreement_alone_accuses(first_night, tiny):
    """Risk without a verdict reviews the surest; only with a session does it accuse, and rightly.

    No cleared operator is known, so the bound selects nobody.
    """
    tiers = read_outbound(first_night, "tier_decisions").set_index("operator_id")
    assert tiers["risk"].notna().all() and "D" not in set(tiers["tier"])
    accused = tiers[tiers["tier"] == "C"]
    assert len(accused) and (accused["selected_by"] == "agreement").all()
    planted = pd.read_parquet(tiny.with_name("truth") / "operators.parquet")
    assert set(accused.index) <= set(planted["operator_id"])
    reviewed = tiers.index[tiers["tier"] == "B"]
    assert len(reviewed) and (tiers.loc[reviewed, "risk"] >= 0.5).mean() > 0.5


def test_a_first_night_credits_its_own_measures(first_night):
    """Operators that the first night measures lose points of handling; a stricter tier has less."""
    credit, tiers = (read_outbound(first_night, t) for t in ("credit", "tier_decisions"))
    handling = credit.set_index("operator_id")["handling"]
    measured = tiers.set_index("operator_id")["measure"] != "none"
    assert measured.any() and (handling[measured[measured].index] < 100.0).all()
    assert (handling[measured[~measured].index] == 100.0).all()
    means = credit_by_tier(credit, tiers).set_index("tier")["credit"].dropna()
    assert list(means.index) == ["A", "B", "C"] and means.is_monotonic_decreasing


def test_the_prior_ranks_what_was_planted(first_night, tiny):
    """Operators that cheat rank above honest ones, though no verdict taught it here."""
    tiers = read_outbound(first_night, "tier_decisions").set_index("operator_id")["risk"]
    planted = pd.read_parquet(tiny.with_name("truth") / "operators.parquet")
    guilty = tiers.index.isin(planted.loc[planted["scheme"] != "hostile_brushing", "operator_id"])
    assert roc_auc_score(guilty, tiers) > 0.85


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_the_prior_of_each_model_reads_its_signals(name):
    """A prior is released for each model, and its signals are in the catalogue."""
    prior = load_prior(name)
    assert prior is not None and prior.version.startswith("prior-")
    assert set(prior.combination.columns) <= set(BY_NAME[name].columns)
    missing = set(BY_NAME[name].columns) - set(prior.combination.columns)
    assert not missing, f"learn the prior again (make prior): {sorted(missing)}"
