"""Sessions against their operator's earlier sessions: a habit of a room is no evidence (ADR-0183).

The plain signals stay, so that a steady cheat stays visible. These say by how much a session lies
above what its own room did before. The combination that is learned decides between both.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd

from features.declaration import SESSION, Signal, Unit, derived, relation
from features.engine.compute import compute
from features.engine.snapshot import Snapshot
from features.signals.sessions import join_bursts, view_durations
from features.signals.sessions.engagement import repetition

OWN_LEVEL_WINDOW = timedelta(days=14)
MIN_EARLIER_SESSIONS = 3  # of the operator, in which the signal is known
HABITS = (
    repetition.commonest_text_share,
    view_durations.share_link_view_share,
    view_durations.whole_session_stay_share,
    join_bursts.busiest_step_join_share,
)
SUFFIX = "_above_own_level"
COLUMNS = {"session_id": "string", **{s.name + SUFFIX: "double" for s in HABITS}}


def above_earlier(values: pd.DataFrame, sessions: pd.DataFrame) -> pd.DataFrame:
    """Values less the mean of the operator's sessions that had ended before each began.

    Parameters
    ----------
    values
        Signals of sessions, float64, index session; NaN is unknown.
    sessions
        session_id, operator_id, started_at and ended_at of the same sessions.

    Returns
    -------
    DataFrame
        The columns of `COLUMNS`; NaN where fewer than three earlier sessions are known.
    """
    names = [s.name for s in HABITS]
    t = sessions.dropna(subset=["operator_id", "started_at"]).copy()
    t = t.sort_values(["operator_id", "started_at", "session_id"], ignore_index=True)
    own = values[names].reindex(t["session_id"]).to_numpy(dtype=np.float64)
    out = np.full(own.shape, np.nan)
    for rows in t.groupby("operator_id").indices.values():
        ended = rows[t["ended_at"].notna().to_numpy()[rows]]
        ended = ended[np.argsort(t["ended_at"].to_numpy()[ended], kind="stable")]
        # a session that began before the end of another does not see it
        place = t["ended_at"].iloc[ended].searchsorted(t["started_at"].iloc[rows], side="right")
        past, start = own[ended], np.zeros((1, len(names)))
        sums = np.vstack([start, np.nan_to_num(past).cumsum(axis=0)])[place]
        counts = np.vstack([start, np.isfinite(past).cumsum(axis=0)])[place]
        level = sums / np.where(counts >= MIN_EARLIER_SESSIONS, counts, np.nan)
        out[rows] = own[rows] - level
    found = pd.DataFrame(out, columns=list(COLUMNS)[1:])
    return found.assign(session_id=t["session_id"])[list(COLUMNS)]


def spans_of(snapshot: Snapshot) -> pd.DataFrame:
    """Sessions received in the two weeks before the moment of the snapshot, with their times."""
    s = snapshot["sessions"]
    recent = s.filter(s.received_at >= snapshot.as_of - OWN_LEVEL_WINDOW)
    return recent.select("session_id", "operator_id", "started_at", "ended_at").to_pandas()


@derived(reads=("sessions",), columns=COLUMNS, from_all=True)
def own_level_excesses(snapshot: Snapshot) -> pd.DataFrame:
    """Sessions of two weeks with their habits above those of their operator's earlier ones."""
    rows = spans_of(snapshot)
    return above_earlier(compute(snapshot, HABITS, SESSION, rows["session_id"]), rows)


@relation(SESSION, reads=("sessions",), grouped=False, needs=(own_level_excesses,))
def session_own_levels(_sessions, excesses):
    """Sessions with their habits above their own room's earlier level."""
    return excesses


def above_own_level(base: Signal, zh: str, en: str) -> Signal:
    """A session signal less its mean over the operator's earlier sessions."""
    name = base.name + SUFFIX
    return replace(
        base,
        name=name,
        reads=session_own_levels.reads,
        source=session_own_levels,
        unit=Unit.DIFFERENCE_OF_SHARES,
        alarm=None,
        denominator=None,
        formerly=(),
        direction=1,
        zh=zh,
        en=en,
        doc=f"`{base.name}` less its mean over the operator's earlier sessions of two weeks.\n\n"
        "Unknown below three earlier sessions. What a room does always is its habit.",
        blind="An operator that cheats in every session alike; the plain signal shows it.",
        compute=lambda t: t[name],
    )


commonest_text_share_above_own_level = above_own_level(
    repetition.commonest_text_share,
    "最常见评论的占比较该运营者此前各场高 {value}",
    "its commonest comment's share is {value} above that of its operator's earlier sessions",
)
share_link_view_share_above_own_level = above_own_level(
    view_durations.share_link_view_share,
    "由分享链接进入的观看占比较该运营者此前各场高 {value}",
    "its share of views by share links is {value} above that of its operator's earlier sessions",
)
whole_session_stay_share_above_own_level = above_own_level(
    view_durations.whole_session_stay_share,
    "几乎停留全场的观看占比较该运营者此前各场高 {value}",
    "its share of whole-session views is {value} above that of its operator's earlier sessions",
)
busiest_step_join_share_above_own_level = above_own_level(
    join_bursts.busiest_step_join_share,
    "最密集 10 秒的进场占比较该运营者此前各场高 {value}",
    "its busiest 10 s hold {value} more of its joins than in its operator's earlier sessions",
)
