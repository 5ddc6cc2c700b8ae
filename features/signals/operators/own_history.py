"""Operators beside their own past: how the views of their sessions vary over 28 days."""

from __future__ import annotations

from features.declaration import OPERATOR, Signal, relation, seconds_between, signal


@relation(OPERATOR, reads=("sessions", "views"))
def visits(sessions, views):
    """Sessions of an operator with their views."""
    v = views.group_by("session_id").aggregate(
        views=views.count(),
        viewers=views.account_id.nunique(),
        watched=seconds_between(views.left_at, views.joined_at).sum(),
    )
    t = sessions.join(v, "session_id")
    return t.mutate(log_views=t.views.cast("float64").ln())


@signal(
    visits,
    unit="sessions",
    typology="view_fraud",
    zh="28 天内 {value:.0f} 场",
    en="{value:.0f} sessions in 28 days",
    blind="A count alone says nothing.",
)
def operator_session_count(t):
    """Sessions of the operator with views."""
    return t.count()


@signal(
    visits,
    unit="log",
    typology="view_fraud",
    direction=1,
    zh="各场观看量波动（对数标准差）{value:.2f}",
    en="views vary between sessions by a log-sd of {value:.2f}",
    blind="Celebrity visits and seasons.",
)
def views_log_sd(t):
    """Standard deviation of log views between the operator's sessions; unknown for one session."""
    return t.log_views.std(how="sample")


@signal(
    visits,
    unit="log",
    typology="view_fraud",
    direction=1,
    zh="最大场次为平均的 e^{value:.2f} 倍",
    en="the largest session lies {value:.2f} log units above the mean",
    blind="One lucky session.",
)
def views_log_peak(t):
    """Largest log views less the mean of log views."""
    return t.log_views.max() - t.log_views.mean()


@signal(
    visits,
    unit="views",
    typology="view_fraud",
    zh="28 天内 {value:.0f} 次观看",
    en="{value:.0f} views in 28 days",
    blind="As counted.",
)
def operator_view_count(t):
    """Views counted in the operator's sessions."""
    return t.views.sum()


SIGNALS: tuple[Signal, ...] = (
    operator_session_count,
    views_log_sd,
    views_log_peak,
    operator_view_count,
)
