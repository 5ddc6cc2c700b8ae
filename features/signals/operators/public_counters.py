"""Operators by the public counters of whole sessions, where nothing finer is published."""

from __future__ import annotations

from features.declaration import OPERATOR, Dimension, Unit, relation, signal
from features.expressions import ratio, seconds_between

MIN_SESSION_HOURS = 0.5
MIN_AVERAGE_VIEWERS = 10


@relation(OPERATOR, reads=("sessions", "session_totals"), typology="view_fraud", direction=1)
def session_counters(sessions, session_totals):
    """Sessions of an operator with their public counters, none too short or too small."""
    t = sessions.join(session_totals.drop("received_at"), "session_id")
    t = t.mutate(hours=seconds_between(t.ended_at, t.started_at) / 3600.0)
    t = t.filter((t.hours >= MIN_SESSION_HOURS) & (t.average_viewers >= MIN_AVERAGE_VIEWERS))
    return t.mutate(
        log_viewers=t.average_viewers.ln(),
        per_hour=ratio(t.views, t.average_viewers * t.hours),
        peak_ratio=ratio(t.peak_viewers, t.average_viewers),
        follow_rate=ratio(t.follows, t.views) * 1000.0,
        watch_per_view=ratio(t.watch_minutes, t.views),
    )


@signal(
    session_counters,
    unit=Unit.VIEWS,
    alarm=6.0,
    zh="每名在线观众每小时对应 {value}（各场中位数）",
    en="its median session counts {value} for each viewer and hour",
    blind="A front page that autoplays raises it: 5.5 is the 95th percentile of real channels.",
)
def views_per_viewer_hour_median(t):
    """Median over sessions of views per viewer-hour; unknown below ten average viewers."""
    return t.per_hour.median()


@signal(
    session_counters,
    unit=Unit.VIEWS,
    alarm=10.0,
    zh="最多的一场每名在线观众每小时对应 {value}",
    en="its highest session counts {value} for each viewer and hour",
    blind="One session on a front page.",
)
def views_per_viewer_hour_max(t):
    """Largest views per viewer-hour of a session."""
    return t.per_hour.max()


@signal(
    session_counters,
    unit=Unit.VIEWS,
    direction=-1,
    alarm=0.35,
    zh="最少的一场每名在线观众每小时对应 {value}",
    en="its lowest session counts {value} for each viewer and hour",
    blind="Channels that people leave running.",
)
def views_per_viewer_hour_min(t):
    """Smallest views per viewer-hour of a session.

    Low means that the published number of concurrent viewers has too few views behind it.
    """
    return t.per_hour.min()


@signal(
    session_counters,
    unit=Unit.RATIO,
    alarm=4.0,
    zh="某场在线峰值为其平均在线的 {value}",
    en="the peak of one session is {value} its average viewers",
    blind=("Raids and hosts from another channel: 3.68 is the 99th percentile of real broadcasts."),
)
def peak_to_average_max_ratio(t):
    """Largest peak over average viewers of a session."""
    return t.peak_ratio.max()


@signal(
    session_counters,
    unit=Unit.LOG,
    alarm=0.9,
    zh="各场平均在线与其一般水平的典型差距为 {value}",
    en="its sessions typically had {value} more or fewer viewers than its usual session",
    blind="0.69, twice the usual level, is the 95th percentile of real channels.",
)
def viewers_log_sd(t):
    """Standard deviation of log average viewers between sessions."""
    return t.log_viewers.std(how="sample")


@signal(
    session_counters,
    unit=Unit.LOG,
    alarm=1.8,
    zh="平均在线最多的一场为其一般场次的 {value}",
    en="its largest session had {value} the average viewers of its usual session",
    blind="An event, a celebrity, a front page.",
)
def viewers_log_peak(t):
    """Largest log average viewers less the mean."""
    return t.log_viewers.max() - t.log_viewers.mean()


@signal(
    session_counters,
    unit=Unit.FOLLOWS_PER_1000_VIEWS,
    typology="engagement_fraud",
    alarm=170.0,
    dimension=Dimension.FOLLOW,
    zh="新增关注最多的一场，{value}",
    en="one session gained {value}",
    blind="163 is the 95th percentile of real broadcasts. New channels gain fast.",
)
def follows_per_thousand_views_max(t):
    """Largest follows per thousand views of a session."""
    return t.follow_rate.max()


@signal(
    session_counters,
    unit=Unit.FOLLOWS_PER_1000_VIEWS,
    typology="engagement_fraud",
    direction=-1,
    alarm=-6.0,
    dimension=Dimension.FOLLOW,
    zh="扣除取消关注后新增关注最少的一场，{value}",
    en="follows less unfollows of one session came to {value}",
    blind="-6 is the 5th percentile of real broadcasts. Platforms purge accounts.",
)
def follows_per_thousand_views_min(t):
    """Smallest follows per thousand views of a session; negative when follows were lost."""
    return t.follow_rate.min()


@signal(
    session_counters,
    unit=Unit.MINUTES,
    direction=0,
    zh="每次观看平均时长为 {value}（各场中位数）",
    en="a view of its median session lasted {value} on average",
    blind="Differs by category.",
)
def watch_minutes_per_view_median(t):
    """Median over sessions of minutes watched for each view."""
    return t.watch_per_view.median()
