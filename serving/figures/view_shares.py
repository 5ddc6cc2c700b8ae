"""False shares of views and viewers, from the evidence of single views."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.posteriors.view_mixture import Shares
from serving.scoring.view_evidence import ViewEvidence


def false_view_shares(evidence: ViewEvidence, found: Shares, sessions: pd.Index) -> pd.DataFrame:
    """False share of the views of each session.

    Parameters
    ----------
    evidence
        Assessed views.
    found
        Their false shares, by the probability of each session after all its views.
    sessions
        Sessions that are wanted.

    Returns
    -------
    pd.DataFrame
        Index session; share, low, high, certainty, and `viewers`, the factor from the false share
        of views to that of viewers.
    """
    frame = pd.DataFrame(
        {"share": found.share, "low": found.low, "high": found.high, "certainty": found.certainty},
        evidence.log_factors.index,
    )
    factor = viewer_factor(
        found.posterior,
        evidence.views["session_id"].to_numpy(),
        evidence.views["account_id"].to_numpy(),
    )
    frame = frame.assign(viewers=factor.reindex(frame.index).to_numpy())
    return frame[frame.index.isin(sessions)]


def viewer_factor(posterior: np.ndarray, session: np.ndarray, account: np.ndarray) -> pd.Series:
    """False share of viewers over that of views, by session; 1 where none is false (ADR-0052).

    A viewer is real who watched once for real, so the least suspicious view counts. Bots come back
    more often than people, so fewer viewers are false than views.

    Parameters
    ----------
    posterior
        Posterior of each view being false, shape (views,).
    session, account
        Session and account of each view, shape (views,); None for an unknown account.
    """
    v = pd.DataFrame({"p": posterior, "session": session, "account": account})
    of_views = v.groupby("session")["p"].mean()
    least = v.dropna(subset=["account"]).groupby(["session", "account"])["p"].min()
    of_viewers = least.groupby("session").mean()
    return (of_viewers.reindex(of_views.index) / of_views.where(of_views > 0)).fillna(1.0)
