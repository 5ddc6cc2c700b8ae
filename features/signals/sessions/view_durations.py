"""Stays of views and their entry channels."""

from __future__ import annotations

from features.declaration import SESSION, Unit, relation, signal
from features.definitions import FLASH_VIEW_SECONDS, SHORT_VIEW_SECONDS
from features.expressions import BRIEF_SESSION_SECONDS, major, ratio, seconds_between


@relation(
    SESSION,
    reads=("views", "sessions"),
    local=True,
    unit=Unit.SHARE_OF_VIEWS,
    typology="view_fraud",
)
def stays(views, sessions):
    """One row a view with its stay and its place in the session."""
    s = sessions.select("session_id", "started_at", "ended_at")
    t = views.join(s, "session_id")
    t = t.mutate(
        stay=seconds_between(t.left_at, t.joined_at),
        offset=seconds_between(t.joined_at, t.started_at),
        length=seconds_between(t.ended_at, t.started_at),
        major=major(t.app_version),
    )
    newest = t.group_by("session_id").aggregate(newest=t.major.max())
    return t.join(newest, "session_id")


def _has_shape(t):
    """Whether the session of a view lasted long enough for stays to differ, or has no known end."""
    return (t.length >= BRIEF_SESSION_SECONDS).fill_null(True)


@signal(
    stays,
    unit=Unit.VIEWS,
    zh="本场共 {value}",
    en="it counted {value}",
    blind="A count alone says nothing about what is real.",
)
def view_count(t):
    """Views counted in the session."""
    return t.count()


@signal(
    stays,
    direction=1,
    alarm=0.30,
    zh="{value} 的观看在 3 秒内离开",
    en="{value} of its views left within 3 s",
    blind="People swipe past a feed too, and an advert that autoplays looks the same.",
)
def flash_view_share(t):
    """Share of views with a stay of 3 seconds or less.

    Bought views leave as soon as they are counted.
    """
    return (t.stay <= FLASH_VIEW_SECONDS).mean()


@signal(
    stays,
    direction=1,
    alarm=0.75,
    zh="{value} 的观看不足 30 秒",
    en="{value} of its views lasted less than 30 s",
    blind="Paid traffic is short as well.",
)
def short_view_share(t):
    """Share of views shorter than 30 seconds; unknown below five minutes of a session.

    Bought views rarely stay to watch.
    """
    return (t.stay < SHORT_VIEW_SECONDS).mean(where=_has_shape(t))


@signal(
    stays,
    unit=Unit.SECONDS,
    zh="观看停留时长的中位数为 {value}",
    en="its median view lasted {value}",
    blind="Stays differ by category.",
)
def stay_median_seconds(t):
    """Median stay of the session's views, in seconds."""
    return t.stay.median()


@signal(
    stays,
    unit=Unit.RATIO,
    direction=-1,
    alarm=0.4,
    zh="停留时长整齐，居中一半观看的时长跨度为中位数的 {value}",
    en="the middle half of its stays spans {value} the median stay",
    blind="A very short session leaves little room for spread.",
)
def stay_spread_ratio(t):
    """Interquartile range of stays over their median; unknown below five minutes of a session.

    Scripts stay for a set time; people do not.
    """
    stay = _has_shape(t).ifelse(t.stay, None)
    return ratio(stay.quantile(0.75) - stay.quantile(0.25), stay.median())


@signal(
    stays,
    direction=1,
    alarm=0.35,
    zh="{value} 的观看几乎从头停留到结束",
    en="{value} of its views stayed nearly the whole session",
    blind="Fans of a short session stay as long.",
)
def whole_session_stay_share(t):
    """Share of views that cover 60 % of the session and leave in its last tenth.

    Unknown below five minutes of a session. Idle bots fill a room from beginning to end.
    """
    whole = (t.stay >= 0.6 * t.length) & (t.offset + t.stay >= 0.9 * t.length)
    return whole.mean(where=_has_shape(t))


@signal(
    stays,
    direction=1,
    alarm=0.25,
    zh="{value} 的观看没有登录账号",
    en="{value} of its views had no account",
    blind="Some platforms let visitors watch without logging in.",
)
def anonymous_view_share(t):
    """Share of views without an account.

    Protocol views need no login.
    """
    return t.account_id.isnull().mean()


@signal(
    stays,
    direction=1,
    alarm=0.30,
    zh="{value} 的观看来自过旧的客户端版本",
    en="{value} of its views came from outdated app versions",
    blind="Old phones cannot update.",
)
def outdated_app_view_share(t):
    """Share of views whose app's major version is below the newest in the session.

    Protocol views imitate an app that was taken apart once and is not updated.
    """
    return (t.major < t.newest).mean()


@signal(
    stays,
    direction=1,
    alarm=0.10,
    zh="{value} 的观看来自机房网络",
    en="{value} of its views came from data-centre networks",
    blind="Company networks may leave through a data centre; proxies hide one.",
)
def datacentre_view_share(t):
    """Share of views from data-centre networks.

    Cloud phones and scripts run there; people do not.
    """
    return (t.asn_kind == "datacentre").mean()


@signal(
    stays,
    direction=1,
    alarm=0.15,
    zh="{value} 的观看经由代理网络",
    en="{value} of its views came through proxies",
    blind="Only proxies that are known as such.",
)
def proxy_view_share(t):
    """Share of views through known proxies.

    Proxies hide that many views come from one place.
    """
    return (t.asn_kind == "proxy").mean()


@signal(
    stays,
    zh="{value} 的观看由投流或连麦带来",
    en="{value} of its views came from a boost or a raid",
    blind="The honest cause of many spikes.",
)
def granted_view_share(t):
    """Share of views that entered by a boost or a raid."""
    return t.entry_source.isin(["boost", "raid"]).mean()


@signal(
    stays,
    direction=1,
    alarm=0.45,
    zh="{value} 的观看由分享链接进入",
    en="{value} of its views entered by a share link",
    blind="Fan groups share links honestly.",
)
def share_link_view_share(t):
    """Share of views that entered by a share link.

    Paid people and device pools are sent a link.
    """
    return (t.entry_source == "share").mean()


@signal(
    stays,
    unit=Unit.RATIO,
    zh="观看次数为观看账号数的 {value}",
    en="its views are {value} the number of accounts behind them",
    blind="People come back after a phone call.",
)
def views_per_account_ratio(t):
    """Views with an account over distinct accounts."""
    return ratio(t.account_id.count(), t.account_id.nunique())
