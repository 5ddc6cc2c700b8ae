"""Deviance from an expected audience: joint (join time, stay) against what sessions of the kind show.

Source: FLOCK (Shah, WWW 2017), its joint view of join time and stay and its comparison with expected broadcasts;
here with a robust expectation (sessions far from the median of their kind hardly count) and the deviance G of a
multinomial, less what chance alone gives (its degrees of freedom).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from features.declaration import SESSION, Signal, derived, relation, seconds_between, signal

PHASES = 8
STAYS = (
    3.0,
    15.0,
    60.0,
    240.0,
    700.0,
    1500.0,
)  # seconds between steps of stay; beyond: by share of the session
FEWEST = 30  # views below which a session's cells say little


class ExpectedAudience(OutlierMixin, BaseEstimator):
    """What sessions of one kind show over cells, and how far a session is from it.

    `fit` and `score_samples` take counts by cell, shape (sessions, cells), at least 0. `score_samples` gives minus the
    deviance per view in nats, less (cells in use - 1) / (2 views), at most 0 meaning chance. `decision_function` is
    negative beyond the share `contamination` of the fitted sessions. Attributes: `expected_` (cells,), `offset_`.
    """

    def __init__(self, contamination: float = 0.05, floor: float = 1e-4):
        self.contamination = contamination
        self.floor = floor

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags

    def _counts(self, X: object, reset: bool) -> np.ndarray:
        x = validate_data(self, X, dtype=np.float64, reset=reset)
        if (x < 0).any():
            raise ValueError(
                "Negative values in data passed to ExpectedAudience: cells hold counts of views"
            )
        return x

    def fit(self, X: object, y: object = None) -> ExpectedAudience:
        """Expected shares of the cells, robustly over sessions."""
        x = self._counts(X, reset=True)
        total = x.sum(axis=1)
        share = (x + self.floor) / (total + self.floor * x.shape[1])[:, None]
        middle = np.median(share, axis=0)
        middle = (middle + self.floor) / (middle + self.floor).sum()
        far = 0.5 * np.abs(share - middle).sum(axis=1)
        weight = np.exp(-((far / max(float(np.median(far)), 0.02)) ** 2) / 2) * np.minimum(
            total, 500.0
        )
        mean = (weight @ share if weight.sum() > 0 else share.mean(axis=0)) + self.floor
        self.expected_ = mean / mean.sum()
        self.offset_ = float(np.quantile(self.score_samples(x), self.contamination))
        return self

    def score_samples(self, X: object) -> np.ndarray:
        """Minus the deviance per view beyond chance, shape (sessions,); 0 for a session without views."""
        check_is_fitted(self)
        x = self._counts(X, reset=False)
        total = x.sum(axis=1)
        p = x / np.maximum(total, 1e-12)[:, None]
        g = np.where(p > 0, p * np.log(np.maximum(p, 1e-300) / self.expected_), 0.0).sum(axis=1)
        chance = (np.maximum((x > 0).sum(axis=1), 1) - 1) / (2.0 * np.maximum(total, 1.0))
        return np.where(total > 0, -np.maximum(g - chance, 0.0), 0.0)

    def decision_function(self, X: object) -> np.ndarray:
        """`score_samples` less the offset: negative beyond the contamination share."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: object) -> np.ndarray:
        """-1 for sessions beyond the contamination share, 1 for others."""
        return np.where(self.decision_function(X) < 0, -1, 1)


def cells_of(views, sessions):
    """Views by session and cell (join phase, stay), those that came by a granted boost or a raid left out; an Ibis table."""
    t = views.join(
        sessions.select("session_id", "category", "started_at", "ended_at"), "session_id"
    )
    t = t.filter(
        (t.entry_source.isnull() | ~t.entry_source.isin(["boost", "raid"])) & t.left_at.notnull()
    )
    t = t.mutate(
        stay=seconds_between(t.left_at, t.joined_at),
        offset=seconds_between(t.joined_at, t.started_at),
        length=seconds_between(t.ended_at, t.started_at),
    )
    t = t.filter(t.length > 0)
    phase = (PHASES * t.offset / t.length).floor().clip(0, PHASES - 1)
    step = sum(
        ((t.stay > s).cast("int64") for s in STAYS), (t.stay > 0.7 * t.length).cast("int64") * 0
    )
    long = (t.stay > STAYS[-1]) & (t.stay > 0.7 * t.length)
    cell = phase.cast("int64") * (len(STAYS) + 2) + step + long.cast("int64")
    return (
        t.select("session_id", "category", cell=cell)
        .group_by("session_id", "category", "cell")
        .aggregate(views=lambda x: x.count())
    )


@derived(reads=("views", "sessions"), columns={"session_id": "string", "deviance": "double"})
def audience_deviances(views, sessions) -> pd.DataFrame:
    """Deviance of each session from the expected audience of its category (all, where a category has few), by size of three kinds."""
    frame = cells_of(views, sessions).to_pandas()
    if frame.empty:
        return pd.DataFrame(
            {"session_id": pd.Series(dtype="str"), "deviance": pd.Series(dtype="float64")}
        )
    size = PHASES * (len(STAYS) + 2)
    ids, names = pd.factorize(frame["session_id"], sort=True)
    counts = np.zeros((len(names), size))
    counts[ids, frame["cell"].to_numpy(dtype=np.int64).clip(0, size - 1)] = frame["views"]
    category = (
        frame.drop_duplicates("session_id")
        .set_index("session_id")["category"]
        .reindex(names)
        .astype(object)
        .fillna("")
        .to_numpy()
    )
    scale = np.digitize(counts.sum(axis=1), [100, 600])
    out = np.full(len(names), np.nan)
    judged = counts.sum(axis=1) >= FEWEST
    for k in range(3):
        here = judged & (scale == k)
        if not here.any():
            continue
        whole = ExpectedAudience().fit(counts[here])
        out[here] = -whole.score_samples(counts[here])
        for c in np.unique(category[here]):
            mine = here & (category == c)
            if mine.sum() >= 50:
                out[mine] = -ExpectedAudience().fit(counts[mine]).score_samples(counts[mine])
    return pd.DataFrame({"session_id": np.asarray(names), "deviance": out}).dropna(
        ignore_index=True
    )


@relation(SESSION, reads=("views", "sessions"), needs=(audience_deviances,))
def deviances(views, sessions, found):
    """Sessions with their deviance."""
    return found


@signal(
    deviances,
    unit="nats per view",
    typology="view_fraud",
    direction=1,
    alarm=1.5,
    zh="进场与停留的联合分布偏离同类 {value:.2f}",
    en="joins and stays deviate from the audience expected of its kind by {value:.2f} nats a view",
    blind="An honest session unlike its peers deviates too; audiences that are imitated well do not.",
)
def audience_deviance(t):
    """Deviance of the joint (join time, stay) from what sessions of its category and size show, beyond chance."""
    return t.deviance.max()


SIGNALS: tuple[Signal, ...] = (audience_deviance,)
