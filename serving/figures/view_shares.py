"""The false share of viewers over that of views, from the evidence of single views."""

from __future__ import annotations

import numpy as np
import pandas as pd


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
