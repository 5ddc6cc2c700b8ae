"""What reaches the lake: counters polled, rounded, interrupted, corrected and partly absent."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from simulation.families.counters_only.minutes import ACTS, Flow
from simulation.families.counters_only.world import DAY_SECONDS, Parameters, Sessions
from simulation.identifiers import make_ids, to_timestamps

ROUNDED_ABOVE = 10_000


def polled(world: Parameters, sessions: Sessions, rng: np.random.Generator) -> np.ndarray:
    """Which flat minutes the collector read."""
    phase = rng.integers(0, world.viewers_every, sessions.count)
    last = sessions.minute == sessions.minutes[sessions.of] - 1
    read = (sessions.minute % world.viewers_every == phase[sessions.of]) | last
    for session in np.flatnonzero(rng.random(sessions.count) < world.gap_share):
        span = sessions.span(int(session))
        start = int(rng.integers(span.start, span.stop))
        read[start : min(start + int(rng.integers(3, 35)), span.stop)] = False
    return read


def between_reads(sessions: Sessions, read: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Counts since the read before in the same session, one value a read minute."""
    total = np.concatenate([[0.0], np.cumsum(counts)])
    at = np.flatnonzero(read)
    of = sessions.of[at]
    new = np.diff(of, prepend=-1) != 0
    before = np.where(new, total[sessions.first[of]], total[np.concatenate([[0], at[:-1] + 1])])
    return total[at + 1] - before


def _rounded(world: Parameters, of: np.ndarray, increments: np.ndarray) -> np.ndarray:
    """Increments of a cumulative counter that shows fewer digits above ten thousand."""
    total = np.cumsum(increments)
    new = np.diff(of, prepend=-1) != 0
    base = (total - increments)[new][np.cumsum(new) - 1]
    displayed = total - base
    coarse = np.floor(displayed / world.rounding) * world.rounding
    displayed = np.where(displayed >= ROUNDED_ABOVE, coarse, displayed)
    return np.where(new, displayed, np.diff(displayed, prepend=0.0))


def deliver_minutes(
    world: Parameters,
    sessions: Sessions,
    *,
    honest: tuple[Flow, dict[str, np.ndarray]],
    false: tuple[Flow, dict[str, np.ndarray]],
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shape the counters as the collector saw them.

    Returns
    -------
    tuple of pandas.DataFrame
        The rows of `room_minutes`, and by session the counts of truth: `views`, `likes`,
        `follows`, `orders` as counted over the minutes delivered, and the false ones of each.
    """
    read = polled(world, sessions, rng)
    at = np.flatnonzero(read)
    of = sessions.of[at]
    lost = np.zeros(len(at), bool)
    skipped = np.diff(at, prepend=-1) > world.viewers_every
    if world.gaps_lose_counts:
        lost = skipped & (np.diff(of, prepend=-1) == 0)
    restarted = rng.random(sessions.count) < world.restart_share
    breaks = np.zeros(len(at), bool)
    for session in np.flatnonzero(restarted):
        rows = np.flatnonzero(of == session)
        if len(rows):
            breaks[rng.choice(rows)] = True
    silent = sessions.minute[at] % world.acts_every >= world.viewers_every
    silent &= sessions.minute[at] != sessions.minutes[of] - 1
    flows = {"joins": (honest[0].joins, false[0].joins)}
    flows["leaves"] = (honest[0].leaves, false[0].leaves)
    flows.update({name: (honest[1][name], false[1][name]) for name in ACTS})
    columns: dict[str, np.ndarray] = {}
    truth: dict[str, np.ndarray] = {}
    named = {"joins": "views", "likes": "likes", "follows": "follows", "orders": "orders"}
    for name, (real, forged) in flows.items():
        acts = name in ACTS
        shown_at = read.copy()
        shown_at[at[silent]] = not acts
        values = np.full(len(at), np.nan)
        kept = ~silent if acts else np.ones(len(at), bool)
        both = between_reads(sessions, shown_at, real + forged)
        void = (lost | breaks)[kept]
        if name not in ("follows", "gmv"):
            both = _rounded(world, of[kept], both)
        values[kept] = np.where(void, np.nan, both)
        if name != "follows":
            values = np.maximum(values, 0.0)
        columns[name] = values
        if name in named:
            cheated = np.where(void, 0.0, between_reads(sessions, shown_at, forged))
            counted = np.bincount(of[kept], np.nan_to_num(values[kept]), sessions.count)
            counted = np.maximum(counted, 0.0)
            part = np.bincount(of[kept], cheated, sessions.count)
            truth[named[name]] = np.round(counted).astype(np.int64)
            truth[f"false_{named[name]}"] = np.round(np.minimum(part, counted)).astype(np.int64)
    viewers = (honest[0].viewers + false[0].viewers)[at].astype(float)
    coarse = np.floor(viewers / world.rounding) * world.rounding
    viewers = np.where(viewers >= ROUNDED_ABOVE, coarse, viewers)
    stale = (rng.random(len(at)) < world.stale_share) & (np.diff(of, prepend=-1) == 0)
    viewers = np.where(stale, np.concatenate([viewers[:1], viewers[:-1]]), viewers)
    columns["viewers"] = viewers
    published = {n: v for n, v in columns.items() if n not in world.absent_columns}
    frame = pd.DataFrame({"of": of, "minute": sessions.minute[at], **published})
    frame["received"] = _received(world, sessions, of, sessions.minute[at], rng)
    return frame, pd.DataFrame(truth)


def _received(
    world: Parameters,
    sessions: Sessions,
    of: np.ndarray,
    minute: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Moment of receipt: within the minute, or in one lot after the session; some are late."""
    end = sessions.start + 60.0 * sessions.minutes
    if world.delivered_live:
        moment = sessions.start[of] + 60.0 * (minute + 1) + rng.exponential(4, len(of))
    else:
        moment = (end + rng.gamma(2, 900, sessions.count))[of]
    late = rng.random(sessions.count) < 0.01
    return moment + np.where(late[of], rng.uniform(0.2, 2) * DAY_SECONDS, 0.0)


def text(kind: str, index: np.ndarray) -> pa.Array:
    """Identifiers of a kind."""
    return make_ids(kind, np.asarray(index, dtype=np.int64))


def stamps(seconds: np.ndarray) -> pa.Array:
    """Timestamps in UTC."""
    return to_timestamps(np.asarray(seconds, dtype=float))
