"""A classifier that tells the counters of sessions from forgeries of the same counters (ADR-0049).

No label is needed: part of the sessions is copied and inflated in known ways. Trees learn to tell
the copies from the published counters. They learn how honest counters of an operator move together
and against the operator's own past. Only trees trained on other operators judge a session.
Sessions inflated before publication are in the honest class while the trees learn. They are few,
and weaken the trees rather than mislead them.

Artificial outliers turn outlier detection into classification: Steinwart, Hush and Scovel, JMLR
2005; Abe, Zadrozny and Langford, KDD 2006. Forgeries take the place of their noise.
"""

from __future__ import annotations

import lightgbm as lgb
import numpy as np
import pandas as pd
from numba import njit

from features.detectors.inflation_shapes import Forge, forged

# Counters of smaller or shorter sessions carry no information.
MIN_AVERAGE_VIEWERS = 10.0
MIN_HOURS = 0.5
MAX_PAST_SESSIONS = 20  # earlier sessions of an operator that make its past
MIN_SESSIONS = 400  # a platform with fewer judged sessions is too small to learn from
MAX_TRAINING_SESSIONS = 20_000  # per class and fold
N_FOLDS = 2
# Inflation that is added, as a share of the counter.
MIN_INFLATION_SHARE = 0.1
MAX_INFLATION_SHARE = 2.0
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
BOOSTING_ROUNDS = 200
# Below this the rounds are halved: more trees would memorise sessions that were inflated before.
SESSIONS_FOR_ALL_ROUNDS = 5000


@njit(cache=True, nogil=True)
def _past(values, start, max_sessions):  # pragma: no cover - compiled
    """Summaries of an operator's earlier sessions, for each of its rows.

    Five columns for each value: median, robust spread, 10th percentile, 90th percentile, last.
    The last column is the number of earlier rows, at most `max_sessions`.
    """
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
    """Levels and ratios of counters that compare sessions of all sizes, shape (sessions, 7).

    Unknown counters stay NaN.
    """
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
    """Inputs of the trees: ratios, the operator's past, and the distance of one from the other."""
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
    """Log-odds that the counters of a session are forged.

    The odds are for equal numbers of published and forged sessions. They are deterministic for a
    seed.

    Parameters
    ----------
    totals
        One row a session, sorted by operator and time: operator_id, category (may be null),
        hours, and `COUNTERS` as float, NaN where unknown.
    shapes
        Kinds of inflation, `VIEW_SHAPES` or `ENGAGEMENT_SHAPES`. A shape without a known
        counter is left out.
    seed
        Seed of the choice of training sessions and of inflation sizes.

    Returns
    -------
    numpy.ndarray
        float64, shape (sessions,). NaN for sessions below `MIN_AVERAGE_VIEWERS` or `MIN_HOURS`.
        NaN for all where fewer than `MIN_SESSIONS` are judged.

    References
    ----------
    Steinwart, Hush and Scovel, JMLR 2005; Abe, Zadrozny and Langford, KDD 2006.
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
