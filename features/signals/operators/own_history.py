"""Operators against their own past: the views of their sessions over the last 28 days."""

from __future__ import annotations

from features.declaration import OPERATOR, Unit, relation, signal
from features.expressions import seconds_between, without_brief


@relation(OPERATOR, reads=("sessions", "views"), typology="view_fraud")
def session_views(sessions, views):
    """Sessions of an operator with their views, without tests of less than five minutes."""
    v = views.group_by("session_id").aggregate(
        views=views.count(),
        viewers=views.account_id.nunique(),
        watched=seconds_between(views.left_at, views.joined_at).sum(),
    )
    t = without_brief(sessions, sessions).join(v, "session_id")
    return t.mutate(log_views=t.views.cast("float64").ln())


@signal(
    session_views,
    unit=Unit.SESSIONS,
    zh="28 天内开播 {value}",
    en="it held {value} in 28 days",
    blind="A count alone says nothing.",
)
def operator_session_count(t):
    """Sessions of the operator with views."""
    return t.count()


@signal(
    session_views,
    unit=Unit.LOG,
    direction=1,
    zh="各场观看量与其一般水平的典型差距为 {value}",
    en="its sessions typically had {value} more or fewer views than its usual session",
    blind="Celebrity visits and seasons.",
)
def views_log_sd(t):
    """Standard deviation of log views between the operator's sessions; unknown for one session."""
    return t.log_views.std(how="sample")


@signal(
    session_views,
    unit=Unit.LOG,
    direction=1,
    zh="观看量最大的一场为其一般场次的 {value}",
    en="its largest session had {value} the views of its usual session",
    blind="One lucky session.",
)
def views_log_peak(t):
    """Largest log views less the mean of log views."""
    return t.log_views.max() - t.log_views.mean()


@signal(
    session_views,
    unit=Unit.VIEWS,
    zh="28 天内各场合计 {value}",
    en="its sessions counted {value} in 28 days",
    blind="A count alone says nothing about real people.",
)
def operator_view_count(t):
    """Views counted in the operator's sessions."""
    return t.views.sum()
