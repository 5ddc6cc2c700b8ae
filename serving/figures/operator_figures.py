"""Corrected figures of operators, over the sessions of 28 days, and of the platform."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.declaration import OPERATOR, SESSION
from features.engine.snapshot import Snapshot
from serving.figures.session_figures import COLUMNS, MEASURE_OF
from serving.scoring.night_context import NightContext
from serving.scoring.scope import nights_before
from training.estimator.share_bands import ShareBands, total_score
from training.estimator.share_prior import SharePrior

EARLIER_NIGHTS = 27
PLATFORM = "platform"
NO_BANDS = ShareBands((), (0.0,), (0.0,), (0.0,), (1.0,))


def earlier_session_figures(context: NightContext) -> pd.DataFrame:
    """Corrected figures of sessions that earlier nights published, newest first."""
    parts = []
    for run in nights_before(context.lake, context.previous_run, EARLIER_NIGHTS):
        frame = run.rows("corrected_figures")
        # nights of earlier versions kept no certainty
        parts.append(frame[frame["entity_kind"] == SESSION].reindex(columns=COLUMNS))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def operator_figures(
    sessions: pd.DataFrame, tables: Snapshot, prior: SharePrior | None
) -> pd.DataFrame:
    """Views, unique viewers, likes and follows of operators.

    Unique viewers do not add up: accounts seen in several sessions are counted once, and the
    genuine share of all sessions carries over.

    Parameters
    ----------
    sessions
        Corrected figures of sessions, newest first; a session's first rows count.
    tables
        dict[str, Any] of the night.
    prior
        The released share models, which have the bands of totals.
    """
    if sessions.empty or "sessions" not in tables:
        return pd.DataFrame()
    s = sessions[sessions["measure"].isin(list(MEASURE_OF))]
    s = s.drop_duplicates(["entity_id", "measure"])
    owner = (
        tables["sessions"]
        .select("session_id", "operator_id")
        .to_pandas()
        .set_index("session_id")["operator_id"]
    )
    s = s.assign(total=s["entity_id"].map(owner)).dropna(subset=["total"])
    total = total_figures(s, OPERATOR, prior)
    distinct = total["entity_id"].map(_distinct_viewers(tables, s["entity_id"])).astype(float)
    factor = distinct / total["counted"].where(total["counted"] > 0)
    unique = total["measure"] == "unique_viewers"
    ends = ["counted", "estimate", "low", "high"]
    total.loc[unique, ends] = total.loc[unique, ends].mul(factor[unique].fillna(1.0), axis=0)
    return total


def platform_figures(sessions: pd.DataFrame, prior: SharePrior | None) -> pd.DataFrame:
    """Views, likes and follows of all sessions of a night together.

    Parameters
    ----------
    sessions
        Corrected figures of the night's sessions.
    prior
        The released share models, which have the bands of totals.
    """
    if sessions.empty:
        return pd.DataFrame()
    s = sessions[sessions["measure"].isin([m for m in MEASURE_OF if m != "unique_viewers"])]
    return total_figures(s.assign(total=PLATFORM), PLATFORM, prior)


def total_figures(sessions: pd.DataFrame, kind: str, prior: SharePrior | None) -> pd.DataFrame:
    """Totals of sessions with an estimate and an interval of their own (ADR-0063).

    What the sessions take, and what they might take at most, place a total in a band. Families
    left out show how far such totals were from the truth.

    Parameters
    ----------
    sessions
        Corrected figures of sessions, with the entity that each belongs to as `total`.
    kind
        `operator` or `platform`.
    prior
        The released share models; None lets figures stand as counted.
    """
    grouped = sessions.groupby(["total", "measure", "unit"], sort=True)
    total = grouped[["counted", "estimate", "low"]].sum()
    total = total.assign(certainty=grouped["certainty"].max()).reset_index()
    parts = []
    for measure, rows in total.groupby("measure", sort=True):
        model = None if prior is None else prior.models.get(MEASURE_OF[str(measure)])
        size = rows["counted"].where(rows["counted"] > 0)
        taken, possible = (
            (1.0 - rows[end] / size).clip(0.0, 1.0).fillna(0.0).to_numpy()
            for end in ("estimate", "low")
        )
        score = np.where(rows["certainty"].notna(), total_score(taken, possible), np.nan)
        bands = NO_BANDS if model is None else model.bands[kind]
        found = bands.of(score if model is not None else np.full(len(rows), np.nan), taken)
        value = rows["counted"].to_numpy()
        parts.append(
            rows.assign(
                estimate=value * (1.0 - found["share"].to_numpy()),
                low=value * (1.0 - found["high"].to_numpy()),
                high=value * (1.0 - found["low"].to_numpy()),
                certainty=found["certainty"].to_numpy(),
            )
        )
    out = pd.concat(parts, ignore_index=True) if parts else total.assign(high=total["counted"])
    basis = sessions.groupby("total")["basis"].max()
    out = out.assign(entity_kind=kind, basis=out["total"].map(basis))
    return out.rename(columns={"total": "entity_id"})[COLUMNS].sort_values(
        ["entity_id", "measure"], ignore_index=True
    )


def _distinct_viewers(tables: Snapshot, sessions: pd.Series) -> pd.Series:
    """Accounts seen in any of an operator's sessions, counted once, by operator."""
    if "views" not in tables:
        return pd.Series(dtype=float)
    scope = tables.scope(sorted(sessions.unique()), SESSION)
    v = tables["views"].semi_join(scope, "session_id")
    owned = v.join(tables["sessions"].select("session_id", "operator_id"), "session_id")
    seen = owned.group_by("operator_id").aggregate(accounts=owned.account_id.nunique()).to_pandas()
    return seen.set_index("operator_id")["accounts"].astype(float)
