"""Operators by the public counters of whole sessions, where nothing finer is published."""

from __future__ import annotations

from features.declaration import OPERATOR, Signal, ratio, relation, seconds_between, signal


@relation(OPERATOR, reads=("sessions", "session_totals"))
def totals(sessions, session_totals):
    """Sessions of an operator with their public counters, ten average viewers and half an hour at least."""
    t = sessions.join(session_totals.drop("received_at"), "session_id")
    t = t.mutate(hours=seconds_between(t.ended_at, t.started_at) / 3600.0)
    t = t.filter((t.hours >= 0.5) & (t.average_viewers >= 10))
    return t.mutate(
        log_viewers=t.average_viewers.ln(),
        per_hour=ratio(t.views, t.average_viewers * t.hours),
        peak_ratio=ratio(t.peak_viewers, t.average_viewers),
        follow_rate=ratio(t.follows, t.views) * 1000.0,
        watch_per_view=ratio(t.watch_minutes, t.views),
    )


@signal(
    totals,
    unit="views",
    typology="view_fraud",
    direction=1,
    alarm=6.0,
    zh="每观众小时 {value:.2f} 次观看",
    en="{value:.2f} views for each viewer-hour",
    blind="A front page that autoplays raises it: 5.5 is the 95th percentile of real channels.",
)
def views_per_viewer_hour_median(t):
    """Median over sessions of views per viewer-hour; unknown below ten average viewers."""
    return t.per_hour.median()


@signal(
    totals,
    unit="views",
    typology="view_fraud",
    direction=1,
    alarm=10.0,
    zh="某场每观众小时达 {value:.1f} 次观看",
    en="one session counted {value:.1f} views for each viewer-hour",
    blind="One session on a front page.",
)
def views_per_viewer_hour_max(t):
    """Largest views per viewer-hour of a session."""
    return t.per_hour.max()


@signal(
    totals,
    unit="views",
    typology="view_fraud",
    direction=-1,
    alarm=0.35,
    zh="每观众小时仅 {value:.2f} 次观看",
    en="only {value:.2f} views for each viewer-hour in one session: viewers who never come or go",
    blind="Channels that people leave running.",
)
def views_per_viewer_hour_min(t):
    """Smallest views per viewer-hour of a session; low means a concurrent figure that views do not carry."""
    return t.per_hour.min()


@signal(
    totals,
    unit="ratio",
    typology="view_fraud",
    direction=1,
    alarm=4.0,
    zh="峰值为平均的 {value:.1f} 倍",
    en="one session's peak is {value:.1f} times its average",
    blind="Raids and hosts from another channel: 3.68 is the 99th percentile of real broadcasts.",
)
def peak_to_average_max_ratio(t):
    """Largest peak over average viewers of a session."""
    return t.peak_ratio.max()


@signal(
    totals,
    unit="log",
    typology="view_fraud",
    direction=1,
    alarm=0.9,
    zh="各场平均在线（对数标准差）{value:.2f}",
    en="average viewers vary between sessions by a log-sd of {value:.2f}",
    blind="0.69 is the 95th percentile of real channels.",
)
def viewers_log_sd(t):
    """Standard deviation of log average viewers between sessions."""
    return t.log_viewers.std(how="sample")


@signal(
    totals,
    unit="log",
    typology="view_fraud",
    direction=1,
    alarm=1.8,
    zh="最大场次的在线为平均的 e^{value:.2f} 倍",
    en="the largest session's average viewers lie {value:.2f} log units above the mean",
    blind="An event, a celebrity, a front page.",
)
def viewers_log_peak(t):
    """Largest log average viewers less the mean."""
    return t.log_viewers.max() - t.log_viewers.mean()


@signal(
    totals,
    unit="follows per 1,000 views",
    typology="engagement_fraud",
    direction=1,
    alarm=170.0,
    zh="每千次观看新增关注 {value:.0f}",
    en="{value:.0f} follows for each thousand views in one session",
    blind="163 is the 95th percentile of real broadcasts; new channels gain fast.",
)
def follows_per_thousand_views_max(t):
    """Largest follows per thousand views of a session."""
    return t.follow_rate.max()


@signal(
    totals,
    unit="follows per 1,000 views",
    typology="engagement_fraud",
    direction=-1,
    alarm=-6.0,
    zh="某场每千次观看流失关注 {value:.0f}",
    en="one session lost follows: {value:.0f} for each thousand views",
    blind="-6 is the 5th percentile of real broadcasts; platforms purge accounts.",
)
def follows_per_thousand_views_min(t):
    """Smallest follows per thousand views of a session; negative when follows were lost."""
    return t.follow_rate.min()


@signal(
    totals,
    unit="minutes",
    typology="view_fraud",
    zh="每次观看 {value:.1f} 分钟",
    en="{value:.1f} minutes for each view",
    blind="Differs by category.",
)
def watch_minutes_per_view_median(t):
    """Median over sessions of minutes watched for each view."""
    return t.watch_per_view.median()


SIGNALS: tuple[Signal, ...] = (
    views_per_viewer_hour_median,
    views_per_viewer_hour_max,
    views_per_viewer_hour_min,
    peak_to_average_max_ratio,
    viewers_log_sd,
    viewers_log_peak,
    follows_per_thousand_views_max,
    follows_per_thousand_views_min,
    watch_minutes_per_view_median,
)
