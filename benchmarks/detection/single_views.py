"""Precision and recall of false views, compared with ground truth."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.harness.figures import figure_row, recall_at_precision, row
from benchmarks.harness.intervals import ratio_interval
from benchmarks.harness.judgement import BatchedViewEvidence, Judgement
from features.declaration import ORDER
from features.engine.compute import compute
from features.engine.tables import named_views
from features.posteriors import view_mixture
from serving.figures.order_figures import suspicious_orders
from serving.scoring.posterior import ScoringContext, posterior
from serving.scoring.scope import owners_of
from serving.scoring.view_evidence import ViewSet, assess_views
from simulation.schemes import TYPOLOGY
from training.dataset.sampling import session_of
from training.evaluation.metrics import bootstrapped
from training.models.order_brushing import MODEL as ORDERS
from training.release.artefact import load

COMMAND = "make bench-detection"


def false_views(
    models: Path, tables: Any, truth: pd.DataFrame, sessions: pd.Index, judgement: Judgement
) -> list[dict[str, Any]]:
    """Precision and recall of views at the threshold of a false view, by ground truth.

    `truth`: false views (session_id, account_id, joined_at, scheme). `sessions`: those whose views
    are assessed, as many as a night compares. `judgement`: all sessions with their probabilities.
    """
    without = pd.Series(
        replace(judgement, view_evidence=None).scores_and_probabilities()[1],
        index=judgement.signals.index,
    )
    evidence = assess_views(tables, load(models, "view_authenticity"), without.reindex(sessions))
    assert evidence is not None
    with_views = pd.Series(
        replace(judgement, view_evidence=BatchedViewEvidence((evidence,))).scores_and_probabilities(
            views=ViewSet.ALL
        )[1],
        index=judgement.signals.index,
    )
    found, names = evidence.shares(with_views), evidence.log_factors.index
    scope = tables.scope(sorted(sessions), "session")
    views = named_views(tables["views"].semi_join(scope, "session_id"))
    views = (
        views.select("view_id", "session_id", "account_id", "joined_at")
        .to_pandas()
        .set_index("view_id")
        .reindex(evidence.views.index)
    )
    key = ["session_id", "account_id", "joined_at"]
    planted = views.merge(truth[[*key, "scheme"]].drop_duplicates(key), on=key, how="left")[
        "scheme"
    ]
    fake, bots = (
        planted.notna().to_numpy(),
        planted.map(TYPOLOGY).isin(["view_fraud", "engagement_fraud"]).to_numpy(),
    )
    alone = pd.Series(found.posterior, index=views.index)
    whole = with_brushers(
        alone, views[["session_id", "account_id"]], *bought(models, tables, scope)
    ).to_numpy()
    true_share = (
        pd.Series(bots.astype(float))
        .groupby(views["session_id"].to_numpy())
        .mean()
        .reindex(names)
        .to_numpy()
    )
    botted = true_share > 0.1
    inside = (found.low - 1e-9 <= true_share) & (true_share <= found.high + 1e-9)
    why = (
        "A view counts as false only as far as its session or its viewer's order does. Honest "
        "people who join with bots look like them."
    )
    out, session = [], session_of(alone.index)
    for name, words, of_views in (
        (
            "views",
            "by their attributes, their accounts' other views and their viewers' orders",
            whole,
        ),
        ("views-attributes", "without their viewers' orders", alone.to_numpy()),
    ):
        said = of_views >= view_mixture.FALSE_VIEW_THRESHOLD
        precision, recall = (
            float(fake[said].mean()) if said.any() else 0.0,
            float(said[fake].mean()),
        )
        for kind, value, of, goal, count in (
            (
                "precision",
                precision,
                said,
                ">= 0.95",
                f"{int(said.sum())} of {len(said)} held false",
            ),
            ("recall", recall, fake, ">= 0.9", f"{int(fake.sum())} are false"),
        ):
            # whole sessions are drawn: one that is held false by mistake may be half of all views
            interval = ratio_interval(fake & said, of, session)
            out.append(
                row(
                    f"{name}-{kind}",
                    f"Single views {words}, posterior {view_mixture.FALSE_VIEW_THRESHOLD:g} or "
                    f"more ({count}): {kind}",
                    value,
                    COMMAND,
                    goal if name == "views" else None,
                    interval,
                    why=why,
                )
            )
        best = bootstrapped(
            partial(recall_at_precision, precision=0.95), fake.astype(int), of_views, session
        )
        out.append(
            figure_row(
                f"{name}-recall-at-95",
                f"Single views {words}: recall at 95 % precision of the ranking",
                best,
                COMMAND,
            )
        )
    away, missed = np.abs(found.share - true_share)[botted], inside - found.certainty
    return [
        *out,
        row(
            "views-share-error",
            f"False share of {len(away)} sessions with more than 10 % views of bots, farms and "
            "crowds: mean absolute error (brushers' views are judged with their orders and not in "
            "it)",
            float(away.mean()),
            COMMAND,
            interval=ratio_interval(away, np.ones(len(away)), names[botted]),
        ),
        row(
            "views-share-coverage",
            f"False share of views: coverage less the certainty stated, over {len(names)} "
            f"sessions ({float(inside.mean()):.3f} of {float(found.certainty.mean()):.3f}; "
            f"{float(inside[botted].mean()):.3f} over those; brushers' views are not in it)",
            float(missed.mean()),
            COMMAND,
            interval=ratio_interval(missed, np.ones(len(missed)), names),
        ),
    ]


def bought(models: Path, tables: Any, scope: Any) -> tuple[pd.DataFrame, pd.Series]:
    """Orders of sessions (order_id, session_id, buyer_id), and their probabilities of brushing."""
    released = load(models, ORDERS.name)
    orders = (
        tables["orders"]
        .semi_join(scope, "session_id")
        .select("order_id", "session_id", "buyer_id")
        .to_pandas()
    )
    signals = compute(tables, released.model.signals, ORDER, orders["order_id"])
    context = ScoringContext(signals, owners_of(tables, ORDER, signals.index))
    return orders, posterior(released.rebased_on(signals), context)["pooled"]


def with_brushers(
    by_attributes: pd.Series, viewers: pd.DataFrame, orders: pd.DataFrame, probability: pd.Series
) -> pd.Series:
    """Posterior of each view being false, by its attributes or because its viewer's order is.

    Parameters
    ----------
    by_attributes
        Posterior of each view by its attributes alone.
    viewers
        session_id and account_id of the same views.
    orders
        order_id, session_id, buyer_id.
    probability
        Probability of each order being false, by order id.
    """
    worst = suspicious_orders(orders, probability)["p"]
    worst = worst.rename_axis(["session_id", "account_id"])
    p = (
        viewers.reindex(by_attributes.index)
        .join(worst, on=["session_id", "account_id"])["p"]
        .fillna(0.0)
    )
    return 1.0 - (1.0 - by_attributes) * (1.0 - p)
