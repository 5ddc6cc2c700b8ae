"""Deviance of each session's audience from the one expected of its category and size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from features.declaration import derived
from features.detectors.expected_audience import ExpectedAudience
from features.expressions import seconds_between

JOIN_PHASES = 8
# Steps between stays; longer ones are told apart by their share of the session.
STAY_STEPS_SECONDS = (3.0, 15.0, 60.0, 240.0, 700.0, 1500.0)
WHOLE_STAY_SHARE = 0.7  # of the session's length
STAY_CELLS = len(STAY_STEPS_SECONDS) + 2
MIN_VIEWS_PER_SESSION = 30  # the cells of fewer say little
SIZE_STEPS_VIEWS = [100, 600]  # between the strata of sessions
MIN_SESSIONS_PER_CATEGORY = 50  # in a stratum, for an expectation of its own


def cells_of(views: Any, sessions: Any) -> Any:
    """Views by session and cell (join phase, stay), as an Ibis table.

    Views that came by a granted boost or a raid, or of which a time is unknown, are left out.
    """
    t = views.join(
        sessions.select("session_id", "category", "started_at", "ended_at"), "session_id"
    )
    t = t.filter(
        (t.entry_source.isnull() | ~t.entry_source.isin(["boost", "raid"]))
        & t.joined_at.notnull()
        & t.left_at.notnull()
    )
    t = t.mutate(
        stay=seconds_between(t.left_at, t.joined_at),
        offset=seconds_between(t.joined_at, t.started_at),
        length=seconds_between(t.ended_at, t.started_at),
    )
    t = t.filter(t.length > 0)
    phase = (JOIN_PHASES * t.offset / t.length).floor().clip(0, JOIN_PHASES - 1)
    step = sum((t.stay > s).cast("int64") for s in STAY_STEPS_SECONDS)
    long = (t.stay > STAY_STEPS_SECONDS[-1]) & (t.stay > WHOLE_STAY_SHARE * t.length)
    cell = phase.cast("int64") * STAY_CELLS + step + long.cast("int64")
    return (
        t.select("session_id", "category", cell=cell)
        .group_by("session_id", "category", "cell")
        .aggregate(views=lambda x: x.count())
    )


@derived(reads=("views", "sessions"), columns={"session_id": "string", "deviance": "double"})
def audience_fit(views: Any, sessions: Any) -> pd.DataFrame:
    """Deviance of each session from the audience expected of its category and stratum of size.

    Categories with few sessions in a stratum share the expectation of the stratum.
    """
    frame = cells_of(views, sessions).to_pandas()
    if frame.empty:
        return pd.DataFrame(
            {"session_id": pd.Series(dtype="str"), "deviance": pd.Series(dtype="float64")}
        )
    size = JOIN_PHASES * STAY_CELLS
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
    stratum = np.digitize(counts.sum(axis=1), SIZE_STEPS_VIEWS)
    out = np.full(len(names), np.nan)
    large_enough = counts.sum(axis=1) >= MIN_VIEWS_PER_SESSION
    for k in range(len(SIZE_STEPS_VIEWS) + 1):
        here = large_enough & (stratum == k)
        if not here.any():
            continue
        whole = ExpectedAudience().fit(counts[here])
        out[here] = -whole.score_samples(counts[here])
        for c in np.unique(category[here]):
            mine = here & (category == c)
            if mine.sum() >= MIN_SESSIONS_PER_CATEGORY:
                out[mine] = -ExpectedAudience().fit(counts[mine]).score_samples(counts[mine])
    return pd.DataFrame({"session_id": np.asarray(names), "deviance": out}).dropna(
        ignore_index=True
    )
