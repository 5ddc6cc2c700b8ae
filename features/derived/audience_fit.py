"""Deviance of each session's audience from the one expected of its category and size."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.declaration import derived, seconds_between
from features.detectors.expected_audience import ExpectedAudience

PHASES = 8
STAYS = (
    3.0,
    15.0,
    60.0,
    240.0,
    700.0,
    1500.0,
)  # seconds between steps of stay; beyond: by share of the session
MIN_VIEWS_PER_SESSION = 30  # views below which a session's cells say little


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
def audience_fit(views, sessions) -> pd.DataFrame:
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
    judged = counts.sum(axis=1) >= MIN_VIEWS_PER_SESSION
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
