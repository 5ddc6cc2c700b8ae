"""Counters of whole sessions beside the same counters with inflation added.

No label is needed: a copy of part of the sessions is inflated in known ways, and trees learn to tell the copies from what was
published. What they learn is how honest counters of a room move together and beside the room's own past, seen from the side of the
forger. A session is judged only by trees that were taught with other operators. Sessions that were inflated before they were
published lie among the honest ones while the trees learn; they are few, and blunt the trees rather than turn them.

Source: outliers made a two-class problem by artificial ones (Steinwart, Hush and Scovel, JMLR 2005; Abe, Zadrozny and Langford,
KDD 2006), with forgeries in place of noise.
"""

from __future__ import annotations

from collections.abc import Callable

import lightgbm as lgb
import numpy as np
import pandas as pd
from numba import njit

COUNTERS = ("viewers", "peak", "views", "likes", "comments", "follows")
MIN_AVERAGE_VIEWERS, MIN_HOURS = 10.0, 0.5  # smaller sessions have counters that say nothing
MAX_PAST_SESSIONS = 20  # sessions of the operator before, at most, that make its past
MIN_SESSIONS = 400  # sessions worth judging below which nothing is learnt
MAX_TRAINING_SESSIONS = (
    20_000  # sessions of each kind that the trees of a fold are taught with, at most
)
N_FOLDS = 2
MIN_INFLATION_SHARE, MAX_INFLATION_SHARE = (
    0.1,
    2.0,
)  # inflation that is added, as a share of what is there
TREE_PARAMETERS = {
    "objective": "binary",
    "num_leaves": 15,
    "learning_rate": 0.08,
    "feature_fraction": 0.8,
    "min_data_in_leaf": 100,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "seed": 7,
    "verbosity": -1,
}
BOOSTING_ROUNDS, SESSIONS_FOR_ALL_ROUNDS = (
    200,
    5000,
)  # half of the trees where fewer sessions teach: more would learn those by heart that were inflated before
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
    """Views that leave at once: only their count rises."""
    return {"views": t["views"] * (1.0 + size)}


def follow(t: pd.DataFrame, size: np.ndarray) -> dict[str, pd.Series]:
    """Bought follows, by the size of a fiftieth of the views."""
    return {"follows": t["follows"] + size * 0.02 * t["views"]}


def like(t: pd.DataFrame, size: np.ndarray) -> dict[str, pd.Series]:
    """Bought likes, as a share of a twentieth of the views and of the likes that are there."""
    return {"likes": t["likes"] + size * np.maximum(t["likes"], 0.05 * t["views"])}


def comment(t: pd.DataFrame, size: np.ndarray) -> dict[str, pd.Series]:
    """Scripted comments, as a share of those that are there."""
    return {"comments": t["comments"] + size * np.maximum(t["comments"], 10.0)}


VIEW_SHAPES: tuple[Forge, ...] = (idle, peak, flash)
ENGAGEMENT_SHAPES: tuple[Forge, ...] = (follow, like, comment)


def forged(totals: pd.DataFrame, shape: Forge, size: np.ndarray) -> pd.DataFrame:
    """Totals with an inflation of that shape and size added; counters stay whole numbers, since a fraction would give them away."""
    return totals.assign(**{k: v.round() for k, v in shape(totals, size).items()})


@njit(cache=True, nogil=True)
def _past(values, start, max_sessions):  # pragma: no cover - compiled
    """Median, spread, tenth and ninetieth percentile and last of the rows before each row of the same operator, and their number."""
    n, k = values.shape
    out = np.full((n, 5 * k + 1), np.nan)
    for s in range(len(start) - 1):
        for i in range(start[s], start[s + 1]):
            first = max(start[s], i - max_sessions)
            out[i, 5 * k] = i - first
            for j in range(k):
                known = values[first:i, j]
                known = known[np.isfinite(known)]
                if len(known) == 0:
                    continue
                last = known[-1]
                known = np.sort(known)
                median = np.median(known)
                out[i, 5 * j] = median
                out[i, 5 * j + 1] = 1.4826 * np.median(np.abs(known - median))
                out[i, 5 * j + 2] = known[int(0.1 * (len(known) - 1))]
                out[i, 5 * j + 3] = known[int(np.ceil(0.9 * (len(known) - 1)))]
                out[i, 5 * j + 4] = last
    return out


def ratios(t: pd.DataFrame) -> np.ndarray:
    """Levels and ratios of counters, shape (sessions, 7): what rooms of all sizes can be compared by. Unknown counters stay NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        viewers = t["viewers"].to_numpy(dtype=float)
        hours = viewers * t["hours"].to_numpy(dtype=float)
        views = t["views"].to_numpy(dtype=float)
        out = np.column_stack(
            [
                np.log(viewers),
                np.log(np.maximum(t["peak"].to_numpy(dtype=float), 1.0) / viewers),
                np.log(np.maximum(views, 1.0) / hours),
                np.arcsinh(1000.0 * t["follows"].to_numpy(dtype=float) / np.maximum(views, 1.0)),
                np.arcsinh(100.0 * t["likes"].to_numpy(dtype=float) / np.maximum(views, 1.0)),
                np.arcsinh(10.0 * t["likes"].to_numpy(dtype=float) / hours),
                np.arcsinh(10.0 * t["comments"].to_numpy(dtype=float) / hours),
            ]
        )
    out[~np.isfinite(out)] = np.nan
    return out


def _columns(t: pd.DataFrame, past: np.ndarray, category_median: np.ndarray) -> np.ndarray:
    """What the trees read: ratios, their distance from the operator's past and from their category, and what that past was."""
    current = ratios(t)
    k = current.shape[1]
    median, spread, low, high, last = (past[:, i : 5 * k : 5] for i in range(5))
    deviation = current - median
    parts = [
        current,
        deviation,
        deviation / (spread + 0.1),
        current - low,
        current - high,
        current - last,
        median,
        current - category_median,
    ]
    return np.column_stack([*parts, np.log(t["hours"].to_numpy(dtype=float)), past[:, -1]])


def forgery_log_odds(totals: pd.DataFrame, shapes: tuple[Forge, ...], seed: int = 7) -> np.ndarray:
    """Log-odds that a session's counters are forged rather than as published, for equal numbers of both, shape (sessions,).

    `totals`: one row a session, sorted by operator and time: operator_id, category (may be null), hours, and `COUNTERS` as float,
    NaN where unknown. NaN for sessions under ten average viewers or half an hour, and for all where fewer than `FEWEST` are worth
    judging. Deterministic for a seed.
    """
    out = np.full(len(totals), np.nan)
    totals = totals.reset_index(drop=True)
    is_judged = (
        (totals["viewers"] >= MIN_AVERAGE_VIEWERS) & (totals["hours"] >= MIN_HOURS)
    ).to_numpy()
    shapes = tuple(
        s
        for s in shapes
        if all(totals.loc[is_judged, c].notna().any() for c in s(totals.head(1), np.ones(1)))
    )
    if is_judged.sum() < MIN_SESSIONS or not shapes:
        return out
    operator, names = pd.factorize(totals["operator_id"])
    start = np.append(np.flatnonzero(np.diff(operator, prepend=-1)), len(operator)).astype(np.int64)
    base = ratios(totals)
    past = _past(base, start, MAX_PAST_SESSIONS)
    category_median = (
        pd.DataFrame(base)
        .where(pd.Series(is_judged), np.nan)
        .groupby(totals["category"].fillna("").to_numpy())
        .transform("median")
        .to_numpy()
    )
    fold_of = (pd.util.hash_array(np.asarray(names, dtype=object)) % N_FOLDS).astype(int)[operator]
    rng = np.random.default_rng(seed)
    for fold in range(N_FOLDS):
        training, judged = (
            np.flatnonzero(is_judged & (fold_of != fold)),
            np.flatnonzero(is_judged & (fold_of == fold)),
        )
        if not len(judged) or len(training) < MIN_SESSIONS // N_FOLDS // 2:
            continue
        n_training = min(MAX_TRAINING_SESSIONS, len(training))
        honest, forged_at = (
            rng.choice(training, n_training, replace=False),
            rng.choice(training, n_training, replace=False),
        )
        shape_of, size = (
            rng.integers(0, len(shapes), n_training),
            np.exp(
                rng.uniform(np.log(MIN_INFLATION_SHARE), np.log(MAX_INFLATION_SHARE), n_training)
            ),
        )
        rows_by_class = [_columns(totals.loc[honest], past[honest], category_median[honest])]
        for i, shape in enumerate(shapes):
            rows = forged_at[shape_of == i]
            rows_by_class.append(
                _columns(
                    forged(totals.loc[rows], shape, size[shape_of == i]),
                    past[rows],
                    category_median[rows],
                )
            )
        label = np.concatenate([np.zeros(n_training), np.ones(n_training)])
        trees = lgb.train(
            TREE_PARAMETERS,
            lgb.Dataset(np.vstack(rows_by_class), label),
            BOOSTING_ROUNDS if n_training >= SESSIONS_FOR_ALL_ROUNDS else BOOSTING_ROUNDS // 2,
        )
        out[judged] = trees.predict(
            _columns(totals.loc[judged], past[judged], category_median[judged]),
            raw_score=True,
            num_threads=1,
        )
    return out
