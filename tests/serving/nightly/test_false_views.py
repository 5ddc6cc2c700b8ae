"""Views that a night names false: which, how many, why, and where they are read."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import steelyard
from data_contracts.lake import Lake
from data_contracts.runs import read_outbound, run_folder
from features.engine.snapshot import Snapshot
from features.engine.tables import VIEW_ORDER
from serving.cli.main import app
from serving.export.evidence_package import package_files
from serving.figures.false_views import name_false_views, view_probabilities
from serving.figures.nightly_figures import night_shares
from serving.nightly.pipeline import nightly
from serving.nightly.run_identity import open_context
from serving.nightly.scored_night import score
from serving.policy.load import load_policy, parse_policy
from serving.scoring.night_context import no_progress
from serving.scoring.scope import moment_of
from tests.conftest import NIGHT
from tests.whole.night_runs import copied

POLICY = load_policy()
MIN_PRECISION = 0.6


@pytest.fixture(scope="module")
def named(published):
    """Views that the last night named false."""
    return read_outbound(published, "false_views")


@pytest.fixture(scope="module")
def scored(published, models):
    """Context, tables and scores of the last night."""
    context = open_context(Lake(published), NIGHT, models, POLICY)
    with Snapshot.open(context.lake, context.as_of) as tables:
        yield context, score(context, tables, no_progress)


def test_named_views_are_delivered_ones_of_scored_sessions(published, named):
    """Each named view is found again in `views` by its identity, once."""
    assert len(named) and named["view_id"].is_unique
    assert (named["probability"] >= POLICY.night.false_view).all()
    scores = read_outbound(published, "scores").query("entity_kind == 'session'")
    assert set(named["session_id"]) <= set(scores["entity_id"])
    key = ["session_id", *VIEW_ORDER]
    views = Snapshot.open(published, moment_of(NIGHT))["views"].select(*key).to_pandas()
    times = ["joined_at", "left_at"]
    views[times], mine = views[times].astype("datetime64[us]"), named[key].copy()
    mine[times] = mine[times].astype("datetime64[us]")
    assert len(mine.merge(views.drop_duplicates(), on=key, how="inner")) == len(named)


def test_most_named_views_are_false(tiny, named):
    """Ground truth confirms most of them, and about as many as their probabilities say."""
    files = tiny.with_name("truth").joinpath("views").glob("*.parquet")
    truth = pd.concat([pd.read_parquet(f) for f in files])
    key = ["session_id", "account_id", "joined_at"]
    found = named[key].merge(truth[key].drop_duplicates().assign(false=True), on=key, how="left")
    assert found["false"].notna().mean() >= MIN_PRECISION
    assert found["false"].notna().mean() == pytest.approx(named["probability"].mean(), abs=0.2)


def test_probabilities_add_up_to_the_corrected_figure(published, named, scored):
    """Views sum up to the expected false share; with orders they exceed no figure."""
    sessions = scored[1].sessions
    shares = night_shares(scored[1].entities).of_views
    views = view_probabilities(sessions, shares)
    mean = views.groupby("session_id")["probability"].mean()
    expected = shares.prod(axis=1).reindex(mean.index)
    np.testing.assert_allclose(mean, expected, atol=1e-9)
    figures = read_outbound(published, "corrected_figures").query(
        "entity_kind == 'session' and measure == 'views'"
    )
    taken = figures.set_index("entity_id").eval("counted - estimate")
    by_session = named.groupby("session_id")["probability"].sum()
    assert (by_session <= taken.reindex(by_session.index) + 1e-6).all()
    run = read_outbound(published, "runs").iloc[0]
    assert run["false_views"] == len(named)
    assert views["probability"].sum() <= run["expected_false_views"] + 1e-9
    assert 0.5 * taken.sum() <= run["expected_false_views"] <= taken.sum() + 1e-6


def test_reasons_are_facts_in_both_languages(named):
    """A view has reasons in the form of scores'; a buyer's names its order."""
    explained = named.dropna(subset=["reasons"])
    assert len(explained) == len(named)
    for row in explained.itertuples(index=False):
        reasons = json.loads(row.reasons)
        assert len(reasons) <= POLICY.night.reasons
        for one in reasons:
            assert one["zh"] and one["en"] and "{" not in one["zh"] + one["en"]
        by_order = [r for r in reasons if r["signal"] == "order_brushing"]
        assert not by_order or str(row.order_id) in by_order[0]["en"]
    assert named["order_id"].notna().any() and (explained["reasons"] != "[]").mean() > 0.9


def test_policy_says_from_which_probability_views_are_named(scored, named):
    """A stricter policy names a subset, and expects as many."""
    context, night = scored
    strict = parse_policy(POLICY.text.replace("false_view = 0.5", "false_view = 0.9", 1))
    shares = night_shares(night.entities)
    found = [
        name_false_views(
            replace(context, policy=p), night.tables, night.entities, night.scope, shares
        )
        for p in (POLICY, strict)
    ]
    assert found[0].rows["view_id"].tolist() == named["view_id"].tolist()
    assert set(found[1].rows["view_id"]) == set(named.query("probability >= 0.9")["view_id"])
    assert found[0].expected == found[1].expected


def test_named_views_are_in_show_package_dossier_and_door(published, named):
    """The command, the evidence package, the report and the Python door have them."""
    printed = CliRunner().invoke(app, ["show", "false_views", str(published), "--json"]).output
    printed_rows = [row["probability"] for row in json.loads(printed)]
    assert printed_rows == sorted(printed_rows, reverse=True) and len(printed_rows) == len(named)
    night = steelyard.open_lake(published).night()
    pd.testing.assert_frame_equal(night.false_views, named)
    worst = named["session_id"].value_counts().index[0]
    assert len(night.case(worst).false_views) == (named["session_id"] == worst).sum()
    sessions = pq.read_table(Lake(published).files("sessions")).to_pandas()
    owners = set(sessions.loc[sessions["session_id"].isin(named["session_id"]), "operator_id"])
    for page in (run_folder(published) / "report" / "zh").glob("operator-*.html"):
        text = page.read_text("utf-8")
        operator = text.partition("<title>运营者 ")[2].partition(" ")[0]
        # none beside a session judged blind (ADR-0388)
        expected = operator in owners and "结案前不显示" not in text
        assert ("本夜判为虚假的观看共" in text) == expected
    measures = read_outbound(published, "measures")
    evidence = measures.set_index("operator_id")["evidence"].map(json.loads)
    sessions = set(named["session_id"])
    accused = evidence[evidence.map(lambda e: bool(sessions & set(e.get("sessions", []))))]
    files = package_files(published, accused.index[0], None, datetime(2026, 1, 22))
    rows = files["tables/false_views.csv"].decode().splitlines()
    assert len(rows) > 1 and {r.split(",")[1] for r in rows[1:]} <= sessions


@pytest.mark.slow
def test_without_models_views_are_named_by_the_prior(tiny, tmp_path):
    """The first night names views too; most of them are false, and the run counts them."""
    lake = copied(tiny, tmp_path / "lake", "runs", "quarantine")
    nightly(lake, NIGHT, None, POLICY)
    found, run = read_outbound(lake, "false_views"), read_outbound(lake, "runs").iloc[0]
    assert len(found) and run["false_views"] == len(found)
    assert found["model_version"].str.startswith("prior-").all()
