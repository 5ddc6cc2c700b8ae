"""What a night says how probable is: by signals and single views, weighed with others, and what
is decided by it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from data_contracts.lake import Lake
from data_contracts.runs import published_runs as nights
from data_contracts.runs import read_outbound
from serving.nightly.run_identity import open_context
from serving.policy.load import load_policy
from serving.scoring.entity_scores import score_sessions
from serving.scoring.night_context import no_progress
from serving.scoring.scope import scope_of_night
from tests.conftest import NIGHT
from training.release.artefact import load

POLICY = load_policy()


def test_sessions_and_orders_are_weighed_with_their_operator_s_others(published):
    """Sessions and orders are pooled with their operator's others."""
    scores = read_outbound(published, "scores")
    model = scores[scores["model"] != "deviance"]
    moved = (model["probability"] != model["own_probability"]).groupby(model["entity_kind"]).mean()
    assert moved["session"] > 0.5 and moved["order"] > 0.5
    assert scores.loc[scores["model"] == "deviance", "own_probability"].isna().all()


def test_what_single_views_say_moves_sessions_and_is_published(published, models):
    """own_probability less view_evidence_log_odds is what a session's signals say; the rest of
    it follows from the views alone."""
    from features.engine.snapshot import Snapshot
    from features.posteriors.owner_pooling import log_odds, shift_probabilities
    from features.posteriors.view_mixture import MAX_SESSION_LOG_ODDS
    from serving.scoring.scope import moment_of
    from serving.scoring.view_evidence import assess_views

    scores = read_outbound(published, "scores").set_index("entity_id")
    mine = scores[scores["model"] == "session_inflation"].sort_index()
    context = open_context(Lake(published), NIGHT, models, POLICY)
    with Snapshot.open(Lake(published), context.as_of) as night:
        scope = scope_of_night(night, context.as_of)
        again = score_sessions(context, night, scope.sessions, no_progress)
    alone = again.probabilities["own"].reindex(mine.index).to_numpy()
    assert shift_probabilities(
        mine["own_probability"].to_numpy(), -mine["view_evidence_log_odds"].to_numpy()
    ) == pytest.approx(alone, abs=1e-5)
    assert (
        mine["view_evidence_log_odds"].abs().max() > 0.5
        and scores.loc[scores["model"] != "session_inflation", "view_evidence_log_odds"]
        .isna()
        .all()
    )
    tables = Snapshot.open(published, moment_of(NIGHT))
    evidence = assess_views(tables, load(models, "view_authenticity"), mine["probability"])
    assert (
        evidence.log_factors.index.isin(mine.index).all()
        and evidence.views["ordered"].any()
        and not evidence.views["ordered"].all()
    )
    said = log_odds(evidence.update(alone, mine.index)) - log_odds(alone)
    moved = (
        np.abs(said) > 1
    )  # by tonight's views; accounts known from other sessions may turn one of four
    assert (
        moved.sum() > 2
        and (
            np.sign(said[moved]) == np.sign(mine["view_evidence_log_odds"].to_numpy()[moved])
        ).mean()
        >= 0.75
    )
    assert mine["view_evidence_log_odds"].max() <= MAX_SESSION_LOG_ODDS + 1e-9


def test_operator_risk_follows_from_published_tables(
    published,
):
    """The risk of operators can be computed from what a night published of them, their sessions
    and their orders."""
    from features.engine.snapshot import Snapshot
    from features.posteriors.owner_pooling import operator_history, pool_owners
    from serving.scoring.scope import moment_of, owners_of

    scores = read_outbound(published, "scores").set_index("entity_id")
    own = scores[scores["model"] == "operator_rank"]
    orders = scores[scores["model"] == "order_brushing"]["own_probability"].sort_index()
    owner = owners_of(Snapshot.open(published, moment_of(NIGHT)), "order", orders.index)
    sessions = read_outbound(published, "operator_sessions").set_index("operator_id")["log_odds"]
    showed = pd.DataFrame(
        {"session": sessions, "order": operator_history(orders.to_numpy(), owner)["log_odds"]}
    ).reindex(own.index)
    expected = pool_owners(own["own_probability"].to_numpy(), showed.to_numpy())
    assert own["probability"].to_numpy() == pytest.approx(expected, abs=1e-9)
    assert (own["probability"] - own["own_probability"]).abs().max() > 0.01
    assert (
        read_outbound(published, "tier_decisions").set_index("operator_id")["risk"].to_dict()
        == own["probability"].to_dict()
    )


def test_night_publishes_operator_history(published):
    """A night says what the sessions of two weeks showed of each operator."""
    found = read_outbound(published, "operator_sessions").set_index("operator_id")
    lake = pd.concat(
        [pq.read_table(f).to_pandas() for f in Lake(published).files("sessions")]
    ).drop_duplicates("session_id")
    counts = lake[lake["received_at"] < pd.Timestamp(NIGHT) + pd.Timedelta(days=1)]
    counts = counts[counts["received_at"] >= pd.Timestamp(NIGHT) - pd.Timedelta(days=13)][
        "operator_id"
    ].value_counts()
    assert (found["sessions"] == counts.reindex(found.index)).all() and set(found.index) == set(
        counts.index
    )
    scores = (
        read_outbound(published, "scores")
        .query("model == 'session_inflation'")
        .set_index("entity_id")
    )
    owner = lake.set_index("session_id")["operator_id"].reindex(scores.index)
    worst, best = scores["own_probability"].idxmax(), scores["own_probability"].idxmin()
    assert found.at[owner[worst], "log_odds"] > found.at[owner[best], "log_odds"]


def test_night_names_the_worst_session_of_each_operator(published):
    """A night names the worst session of each operator and decides by it."""
    found = read_outbound(published, "operator_sessions").set_index("operator_id")
    lake = pd.concat(
        [pq.read_table(f).to_pandas() for f in Lake(published).files("sessions")]
    ).drop_duplicates("session_id")
    owner = lake.set_index("session_id")["operator_id"]
    assert (owner.reindex(found["worst_session"]).to_numpy() == found.index.to_numpy()).all()
    tonight = (
        read_outbound(published, "scores")
        .query("model == 'session_inflation'")
        .set_index("entity_id")["own_probability"]
    )
    most = tonight.groupby(owner.reindex(tonight.index).to_numpy()).max()
    assert (found["worst_probability"].reindex(most.index) >= most).all()
    own = tonight.reindex(found["worst_session"]).to_numpy()
    assert (own == found["worst_probability"])[np.isfinite(own)].all() and np.isfinite(own).any()
    decided = read_outbound(published, "tier_decisions").set_index("operator_id")
    said = (
        decided["why"]
        .map(json.loads)
        .map(lambda w: w["session"] and w["session"]["probability"])
        .dropna()
    )
    assert said.to_dict() == found["worst_probability"].reindex(said.index).to_dict() and len(
        said
    ) == len(found)
    sure = said.index[said >= POLICY.tiers.review_session]
    assert (
        len(sure)
        and (decided.loc[sure, "tier"] >= "B").all()
        and decided.loc[sure, "why"].str.contains("is inflated with probability").all()
    )


def test_sessions_of_nights_before_are_known_by_what_was_published_of_them(published):
    """Sessions of earlier nights are known by their published rows."""
    from features.engine.snapshot import Snapshot
    from serving.scoring.night_context import NightContext
    from serving.scoring.operator_history import earlier_probabilities
    from serving.scoring.scope import moment_of

    first, as_of = date(2026, 1, 19), moment_of(NIGHT)
    tables = Snapshot.open(published, as_of)
    context = NightContext(
        Lake(published), NIGHT, POLICY, previous_run=nights(published)[first.isoformat()]
    )
    known = earlier_probabilities(context, tables)
    scores = read_outbound(published, "scores", first.isoformat()).query(
        "model == 'session_inflation'"
    )
    assert (
        len(known) and known.to_dict() == scores.set_index("entity_id")["own_probability"].to_dict()
    )
    long_after = replace(context, date=date(2026, 2, 2))
    assert earlier_probabilities(long_after, tables).empty
    assert earlier_probabilities(replace(context, previous_run=None), tables).empty
