"""Scores of accounts of a night: which are scored, which are published, and why."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import steelyard
from data_contracts.lake import Lake
from data_contracts.runs import read_outbound
from features.engine.snapshot import Snapshot
from serving.cli.main import app
from serving.nightly.run_identity import open_context
from serving.policy.load import load_policy, parse_policy
from serving.scoring import account_scores
from serving.scoring.account_scores import active_accounts, score_accounts
from serving.scoring.night_context import no_progress
from serving.scoring.scope import Scope, scope_of_night
from tests.conftest import NIGHT

POLICY = load_policy()
MIN_LIFT = 5.0


@pytest.fixture(scope="module")
def accounts(published):
    """Published scores of accounts of the last night, by the model that decides."""
    scores = read_outbound(published, "scores").query("entity_kind == 'account'")
    return scores[scores["model"] == "account_risk"]


@pytest.fixture(scope="module")
def context(published, models):
    return open_context(Lake(published), NIGHT, models, POLICY)


@pytest.fixture(scope="module")
def tables(context):
    with Snapshot.open(context.lake, context.as_of) as opened:
        yield opened


def test_accounts_that_act_tonight_are_scored(tables, context, published):
    """Viewers, actors and buyers of the scored sessions and orders, each once."""
    scope = scope_of_night(tables, context.as_of)
    views, orders = tables["views"], tables["orders"]
    viewers = views.filter(views.session_id.isin(scope.sessions)).account_id.to_pandas()
    buyers = orders.filter(orders.order_id.isin(scope.orders)).buyer_id.to_pandas()
    active, total = active_accounts(tables, scope)
    assert len(active) == len(set(active)) == total
    assert set(viewers.dropna()) | set(buyers.dropna()) <= set(active)
    run = read_outbound(published, "runs").iloc[0]
    members = set(read_outbound(published, "ring_members")["account_id"])
    assert run["accounts"] == len(set(active) | members)


def test_most_active_accounts_are_scored_where_they_are_too_many(monkeypatch):
    """Beyond the bound those with most actions stay, and all are counted."""
    monkeypatch.setattr(account_scores, "MAX_SCORED_ACCOUNTS", 2)
    at = pd.Timestamp("2026-01-10")
    who = ["a", "b", "b", "c", "c", "c", None]
    views = pd.DataFrame({"session_id": "s", "account_id": who, "joined_at": at})
    frames = {"views": views.assign(received_at=at)}
    with Snapshot.from_frames(frames) as snapshot:
        assert active_accounts(snapshot, Scope(["s"], [])) == (["c", "b"], 3)
        assert active_accounts(snapshot, Scope(["other"], ["o"])) == ([], 0)
        assert active_accounts(snapshot, Scope([], [])) == ([], 0)


def test_highest_accounts_and_ring_members_are_published(published, accounts):
    """The rows that are left out are counted; every ring member has a score."""
    run = read_outbound(published, "runs").iloc[0]
    members = set(read_outbound(published, "ring_members")["account_id"])
    assert members <= set(accounts["entity_id"]) and accounts["entity_id"].is_unique
    assert run["accounts_left_out"] == run["accounts"] - len(accounts)
    top = np.ceil(POLICY.night.account_share * run["accounts"])
    assert set(range(1, int(top) + 1)) <= set(accounts["rank"])
    others = accounts[~accounts["entity_id"].isin(members)]
    probable = others["probability"] >= POLICY.night.explain_from
    assert ((others["rank"] <= top) | probable).all() and len(accounts) < run["accounts"] / 4
    signals = read_outbound(published, "signals").query("entity_kind == 'account'")
    assert set(signals["entity_id"]) <= set(accounts["entity_id"])


def test_accounts_of_schemes_come_first(tiny, accounts):
    """Ground truth has far more of the published accounts than of all, most at the top."""
    bad = set(pd.read_parquet(tiny.with_name("truth") / "accounts.parquet")["account_id"])
    found = accounts.sort_values("rank")["entity_id"].isin(bad)
    everybody = pd.read_parquet(next((tiny / "accounts").rglob("*.parquet")))["account_id"]
    assert found.mean() >= MIN_LIFT * everybody.isin(bad).mean()
    assert found.head(50).mean() >= found.mean()


def test_reasons_of_accounts_compare_with_other_accounts(accounts):
    """Each explained account has reasons in both languages, with its peers' median."""
    explained = accounts.dropna(subset=["reasons"])
    assert len(explained) >= min(len(accounts), POLICY.night.explain_top) * 0.9
    reasons = [r for text in explained["reasons"] for r in json.loads(text)]
    assert reasons and all(r["zh"] and r["en"] for r in reasons)
    assert any("comparable accounts" in r["en"] and "同类账号" in r["zh"] for r in reasons)
    assert accounts["probability"].between(0, 1).all()


def test_policy_says_how_many_accounts_are_published(tables, context):
    """Without a share only members of rings are published; the ranks stay."""
    scope = scope_of_night(tables, context.as_of)
    none = parse_policy(POLICY.text.replace("account_share = 0.05", "account_share = 0.0", 1))
    none = replace(none, night=replace(none.night, explain_from=1.01))
    member = active_accounts(tables, scope)[0][:1]
    few = score_accounts(replace(context, policy=none), tables, scope, member, no_progress)
    assert few.published.signals.index.tolist() == few.published.model_rows.index.tolist() == member
    assert few.left_out == few.scored - 1


def test_accounts_are_in_show_and_in_the_door(published, accounts):
    """The command lists them after its first sort, and a case of one opens."""
    asked = ["show", "scores", str(published), "--json", "--entity"]
    listed = json.loads(CliRunner().invoke(app, [*asked, "account"]).output)
    ranks = [r["rank"] for r in listed if r["model"] == "account_risk"]
    assert ranks == sorted(accounts["rank"])
    assert {r["entity_kind"] for r in listed} == {"account"}
    refused = CliRunner().invoke(app, [*asked, "parcel"])
    assert refused.exit_code != 0 and "Kinds: account" in str(refused.exception)
    first = accounts.sort_values("rank")["entity_id"].iloc[0]
    case = steelyard.open_lake(published).night().case(first)
    assert case.kind == "account" and len(case.reasons) and len(case.signals)
