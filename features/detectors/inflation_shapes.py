"""Known ways in which counters of a session are inflated, as changes of the counters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

COUNTERS = ("viewers", "peak", "views", "likes", "comments", "follows")
Forge = Callable[[pd.DataFrame, np.ndarray], dict[str, pd.Series]]


def idle(t: pd.DataFrame, size: np.ndarray) -> dict[str, pd.Series]:
    """Bots that stay from the first minute to the last."""
    bots = size * t["viewers"]
    return {"viewers": t["viewers"] + bots, "peak": t["peak"] + bots, "views": t["views"] + bots}


def peak(t: pd.DataFrame, size: np.ndarray) -> dict[str, pd.Series]:
    """Bots for a tenth of the session, at its height."""
    bots = size * t["viewers"]
    return {
        "viewers": t["viewers"] + 0.1 * bots,
        "peak": t["peak"] + bots,
        "views": t["views"] + bots,
    }


def flash(t: pd.DataFrame, size: np.ndarray) -> dict[str, pd.Series]:
    """Views that leave immediately: only their count rises."""
    return {"views": t["views"] * (1.0 + size)}


def follow(t: pd.DataFrame, size: np.ndarray) -> dict[str, pd.Series]:
    """Bought follows, scaled to 2 % of the views."""
    return {"follows": t["follows"] + size * 0.02 * t["views"]}


def like(t: pd.DataFrame, size: np.ndarray) -> dict[str, pd.Series]:
    """Bought likes, scaled to the likes or, if larger, to 5 % of the views."""
    return {"likes": t["likes"] + size * np.maximum(t["likes"], 0.05 * t["views"])}


def comment(t: pd.DataFrame, size: np.ndarray) -> dict[str, pd.Series]:
    """Scripted comments, scaled to the comments or, if larger, to ten."""
    return {"comments": t["comments"] + size * np.maximum(t["comments"], 10.0)}


VIEW_SHAPES: tuple[Forge, ...] = (idle, peak, flash)
ENGAGEMENT_SHAPES: tuple[Forge, ...] = (follow, like, comment)


def forged(totals: pd.DataFrame, shape: Forge, size: np.ndarray) -> pd.DataFrame:
    """Add an inflation of one shape to counters.

    Counters stay whole numbers, because a fraction would give the forgery away.

    Parameters
    ----------
    totals
        One row a session, with the columns of `COUNTERS`.
    shape
        The kind of inflation, as in `VIEW_SHAPES` and `ENGAGEMENT_SHAPES`.
    size
        float64, shape (sessions,). Inflation as a share of the counter.

    Returns
    -------
    pandas.DataFrame
        `totals` with inflated counters.

    Examples
    --------
    >>> forged(pd.DataFrame({"views": [100.0, 50.0]}), flash, np.array([0.5, 1.0]))
       views
    0  150.0
    1  100.0
    """
    return totals.assign(**{k: v.round() for k, v in shape(totals, size).items()})
