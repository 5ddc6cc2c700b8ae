"""Rows of figures: value, goal, interval, and whether the goal is met."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from benchmarks.harness.intervals import ratio_interval, share_interval
from training.evaluation.metrics import Figure

# A goal that states by itself whether a value meets it.
BOUND = re.compile(r"([<>]=) (-?[\d.]+(?:e-?\d+)?)$")

Row = dict[str, Any]


def meets(value: Any, goal: str | None) -> bool | None:
    """Whether a value meets a goal that is written as a bound (`>= 0.9`); None without one."""
    bound = BOUND.match(goal or "")
    if bound is None:
        return None
    return bool(value >= float(bound[2]) if bound[1] == ">=" else value <= float(bound[2]))


def row(
    id_: str,
    what: str,
    value: Any,
    command: str,
    goal: str | None = None,
    interval: list[float] | None = None,
    **more: Any,
) -> Row:
    """One figure.

    Parameters
    ----------
    id_ : str
        Identifier; spaces become hyphens.
    what : str
        Description of the figure.
    value : float, int or str
        The figure.
    command : str
        Command that measures it.
    goal : str, optional
        A bound such as `>= 0.9`, or words.
    interval : list of two floats, optional
        Bounds of the 90 % interval.
    holds : bool, optional
        Whether the goal is met, where the goal is no bound that states so itself.
    why : str, optional
        Reason of a miss; kept only where the goal is missed.
    group : str, optional
        Description under which the page sums up met rows of this kind.
    before : str, optional
        The figure of an earlier revision or of others, where it compares.

    Returns
    -------
    dict
        The row of a page's JSON.
    """
    holds, why, group, before = (more.pop(n, None) for n in ("holds", "why", "group", "before"))
    if more:
        raise TypeError(f"a row has no {', '.join(more)}")
    if holds is None:
        holds = meets(value, goal)
    out = {
        "id": id_.replace(" ", "-"),
        "what": what,
        "goal": goal,
        "value": value,
        "interval": interval,
        "holds": holds,
        "command": command,
    }
    reason = {"why": why} if why and holds is False else {}
    named = {"group": group, "before": before}
    return out | reason | {k: v for k, v in named.items() if v}


def figure_row(
    id_: str, what: str, figure: Figure, command: str, goal: str | None = None, **more: Any
) -> Row:
    """A figure with its interval; `more` as in `row`."""
    return row(id_, what, figure.value, command, goal, [figure.low, figure.high], **more)


def share_row(
    id_: str,
    what: str,
    hits: Any,
    command: str,
    goal: str | None = None,
    cluster: Any = None,
    **more: Any,
) -> Row:
    """The share of true entries of `hits`, shape (n,), with its interval; `more` as in `row`.

    `cluster` (n,) names the group of each entry, where entries of one group are not independent.
    """
    hits = np.asarray(hits, dtype=bool)
    if not len(hits):
        return row(id_, what, float("nan"), command, goal, **more)
    interval = (
        share_interval(int(hits.sum()), len(hits))
        if cluster is None
        else ratio_interval(hits, np.ones(len(hits)), cluster)
    )
    return row(id_, what, float(hits.mean()), command, goal, interval, **more)


def recall_at_precision(truth: np.ndarray, score: np.ndarray, precision: float) -> float:
    """Recall at the lowest threshold above which the precision is at least `precision`.

    `truth` and `score` have shape (n,).
    """
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(truth[order])
    good = np.flatnonzero(hits / np.arange(1, len(order) + 1) >= precision)
    return float(hits[good[-1]] / truth.sum()) if len(good) and truth.sum() else 0.0
