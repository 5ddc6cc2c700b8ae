"""Statistics of sessions, viewers and stays of an honest lake."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.realism.statistic import Statistic, quantiles, read_table

SIZE_LIMIT = "small worlds have no giants: the size caps audiences"
SMALLER_ROOMS = "smaller rooms here than the four measured"
MIN_VIEWERS, MIN_MINUTES = 10, 30  # of a session whose shape is compared
MIN_VIEWERS_OF_CHAT = 100
WARM_UP_MINUTES = 20


@dataclass(frozen=True)
class Audiences:
    """Sessions of a lake with their viewers by minute, views and interactions."""

    lake: Path

    @cached_property
    def sessions(self) -> pd.DataFrame:
        """Sessions, by session."""
        columns = ["session_id", "operator_id", "started_at", "ended_at"]
        return read_table(self.lake, "sessions", columns).set_index("session_id")

    @cached_property
    def minutes(self) -> pd.DataFrame:
        """Viewers and comments by minute."""
        columns = ["session_id", "minute", "viewers", "comments"]
        return read_table(self.lake, "room_minutes", columns)

    @cached_property
    def views(self) -> pd.DataFrame:
        """Views with their times."""
        return read_table(self.lake, "views", ["session_id", "joined_at", "left_at"])

    @cached_property
    def interactions(self) -> pd.DataFrame:
        """Interactions with accounts and texts."""
        columns = ["session_id", "account_id", "kind", "count", "text_hash"]
        return read_table(self.lake, "interactions", columns)

    @cached_property
    def length(self) -> pd.Series:
        """Minutes of each session."""
        return (self.sessions["ended_at"] - self.sessions["started_at"]).dt.total_seconds() / 60

    @cached_property
    def mean(self) -> pd.Series:
        """Average viewers of each session."""
        return self.minutes.groupby("session_id")["viewers"].mean()

    @cached_property
    def count(self) -> pd.Series:
        """Views of each session."""
        return self.views.groupby("session_id").size().reindex(self.sessions.index).fillna(0)

    @cached_property
    def large(self) -> pd.Series:
        """Whether a session is large and long enough for its shape to be compared."""
        viewers = self.mean.reindex(self.sessions.index)
        return (viewers >= MIN_VIEWERS) & (self.length >= MIN_MINUTES)

    @cached_property
    def chat(self) -> pd.DataFrame:
        """Minutes of sessions with more than a hundred viewers on average."""
        big = self.mean[self.mean > MIN_VIEWERS_OF_CHAT].index
        return self.minutes[self.minutes["session_id"].isin(big)]


def session_statistics(a: Audiences) -> list[Statistic]:
    """Lengths, audiences, channels and stays."""
    sessions, mean, large, count = a.sessions, a.mean, a.large, a.count
    operator = sessions["operator_id"].reindex(mean.index)
    stay = (a.views["left_at"] - a.views["joined_at"]).dt.total_seconds() / 60
    watched = stay.groupby(a.views["session_id"]).sum().reindex(sessions.index)
    tail = mean[mean >= MIN_VIEWERS]
    hill = 1 + len(tail) / np.log(tail / MIN_VIEWERS).sum()
    days = (sessions["ended_at"].max() - sessions["started_at"].min()).days + 1
    month = sessions.groupby("operator_id").size() * 30 / days
    by_channel = (mean * a.length.reindex(mean.index)).groupby(operator).sum()
    by_channel = by_channel.sort_values(ascending=False)

    def share(top: float) -> float:
        return by_channel.head(max(1, round(len(by_channel) * top))).sum() / by_channel.sum()

    starts = sessions.sort_values("started_at").groupby("operator_id")["started_at"]
    gap = starts.diff().dt.total_seconds() / 3600
    peak = a.minutes.groupby("session_id")["viewers"].max()
    lengths = quantiles(a.length, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
    viewers = quantiles(mean, 0.5, 0.75, 0.95, 0.99, 0.999)
    peaks = quantiles((peak / mean)[large], 0.05, 0.5, 0.95, 0.99)
    stays = quantiles((watched / count)[large], 0.05, 0.5, 0.95)
    per_hour = quantiles((count / (watched / 60))[large], 0.05, 0.5, 0.95)
    watch_time = f"{share(0.01):.2f}/{share(0.1):.2f}"
    once_a_day = "an operator streams at most once a day here"
    return [
        Statistic("session length, p5/25/50/75/95/99, min", "15/105/185/291/527/797", lengths),
        Statistic(
            "average viewers, p50/75/95/99/99.9", "8/26/232/1,536/10,259", viewers, SIZE_LIMIT
        ),
        Statistic(
            "density tail exponent of average viewers above ten (Hill)", "1.7", f"{hill:.2f}"
        ),
        Statistic("sessions per channel and month, p50/95", "14/38", quantiles(month, 0.5, 0.95)),
        Statistic(
            "share of watch time of the top 1 % / 10 % of channels",
            "0.67/0.92",
            watch_time,
            SIZE_LIMIT,
        ),
        Statistic("gap between starts, median, h", "24", quantiles(gap, 0.5), once_a_day),
        Statistic(
            "peak over average, p5/50/95/99 (10 viewers, 30 min)", "1.18/1.45/2.30/3.68", peaks
        ),
        Statistic(
            "watch minutes per view, p5/50/95",
            "11/37.7/104",
            stays,
            "people in shopping rooms stay shorter",
        ),
        Statistic(
            "views per viewer-hour, p5/50/95", "0.58/1.59/5.5", per_hour, "follows from the stays"
        ),
    ]


def variation_statistics(a: Audiences) -> list[Statistic]:
    """Variation of audiences within and between channels, and by the minute."""
    sessions, mean = a.sessions, a.mean
    positive = mean[mean > 0]
    by_operator = np.log(positive).groupby(sessions["operator_id"].reindex(positive.index))
    within, between = by_operator.std().dropna(), by_operator.mean()
    ordered = sessions.assign(m=mean)[a.large].sort_values("started_at")
    jump = ordered.groupby("operator_id")["m"].apply(lambda m: np.abs(np.diff(np.log(m))))
    jumps = jump.explode().dropna().astype(float)
    steps = a.chat.sort_values(["session_id", "minute"]).assign(
        log=lambda m: np.log(m["viewers"].clip(lower=1))
    )
    log = steps[steps["minute"] > WARM_UP_MINUTES].groupby("session_id")["log"]
    steady = log.agg(lambda v: v.diff().std())
    largest = log.agg(lambda v: v.diff().abs().max())
    return [
        Statistic(
            "log-sd of average viewers within a channel, p50/95",
            "0.30/0.69",
            quantiles(within, 0.5, 0.95),
        ),
        Statistic(
            "log-sd of average viewers between channels",
            "1.16",
            f"{between.std():.2f}",
            "fitted to the spread over all broadcasts instead",
        ),
        Statistic(
            "log jump from session to session, p50/90/99",
            "0.24/0.78/1.80",
            quantiles(jumps, 0.5, 0.9, 0.99),
        ),
        Statistic(
            "sd of the log viewers' change by minute",
            "0.013-0.031",
            quantiles(steady, 0.1, 0.9),
            SMALLER_ROOMS,
        ),
        Statistic(
            "largest change of log viewers in a minute",
            "0.03-0.11",
            quantiles(largest, 0.1, 0.9),
            SMALLER_ROOMS,
        ),
    ]
