"""Operator history: what sessions and orders of two weeks say of their operator."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from data_contracts.verification.published_run import PublishedRun
from features.declaration import ORDER, SESSION
from features.engine.snapshot import Snapshot
from features.posteriors import owner_pooling
from serving.scoring import scope
from serving.scoring.night_context import NightContext
from serving.scoring.nightly_models import LIVE_MODEL, MODEL_OF

HISTORY_NIGHTS = 14
EVIDENCE_KINDS = (SESSION, ORDER)  # of entities that speak of their operator
COLUMNS = ["entity_id", "own_probability"]


def earlier_probabilities(context: NightContext, tables: Snapshot) -> pd.Series:
    """View-adjusted probabilities of sessions of two weeks, as earlier nights published them.

    Returns
    -------
    pd.Series
        Index session, sorted; the newest night counts.
    """
    nights = scope.nights_before(context.lake, context.previous_run, HISTORY_NIGHTS - 1)
    if not nights or "sessions" not in tables:
        return pd.Series(dtype=float)
    known = pd.concat([_published(run) for run in nights])
    s = tables["sessions"]
    first = context.as_of - timedelta(days=HISTORY_NIGHTS)
    recent = s.filter(s.received_at >= first).session_id.to_pandas()
    return known[~known.index.duplicated() & known.index.isin(set(recent))].sort_index()


def history_of(probability: pd.Series, owner: pd.Series) -> pd.DataFrame:
    """History of each operator: index operator; sessions, inflated_share, log_odds (ADR-0017).

    Parameters
    ----------
    probability
        View-adjusted probabilities, index entity id, sorted.
    owner
        Operators in the same order.
    """
    return owner_pooling.operator_history(probability.to_numpy(), owner)


def evidence_columns(kind: str, probability: pd.Series, owner: pd.Series) -> pd.DataFrame:
    """Summaries of entities for their operators: index operator.

    Parameters
    ----------
    kind
        Kind of entity.
    probability, owner
        As of `history_of`.

    Returns
    -------
    pd.DataFrame
        Log-odds of `history_of` in a column named after the kind.
    """
    return history_of(probability, owner)[["log_odds"]].rename(columns={"log_odds": kind})


def with_evidence(probability: np.ndarray, history: pd.DataFrame) -> np.ndarray:
    """Probabilities of operators after what their entities say, shape (n,) (ADR-0017, 0374).

    Parameters
    ----------
    probability
        Calibrated, by the operators' own signals, shape (n,).
    history
        `evidence_columns` of the kinds that were scored, in the same order.
    """
    kinds = [kind for kind in EVIDENCE_KINDS if kind in history]
    return owner_pooling.pool_owners(probability, history[kinds].to_numpy(dtype=float))


def worst_sessions(probability: pd.Series, owner: pd.Series) -> pd.DataFrame:
    """The most probable session of each operator: worst_session, worst_probability."""
    by_owner = probability.groupby(owner.to_numpy())
    return pd.DataFrame({"worst_session": by_owner.idxmax(), "worst_probability": by_owner.max()})


def no_worst_sessions() -> pd.DataFrame:
    """`worst_sessions` of no operator."""
    return pd.DataFrame(
        {"worst_session": pd.Series(dtype=object), "worst_probability": pd.Series(dtype=float)}
    )


def _published(run: PublishedRun) -> pd.Series:
    """View-adjusted probabilities of the sessions of a published night.

    Nights of earlier versions kept none.
    """
    if not set(COLUMNS) <= set(run.column_names("scores")):
        return pd.Series(dtype=float)
    models = [MODEL_OF[SESSION], LIVE_MODEL]
    wanted = [("entity_kind", "=", SESSION), ("model", "in", models)]
    scores = run.rows("scores", columns=COLUMNS, filters=wanted)
    return scores.set_index("entity_id")["own_probability"].dropna()
