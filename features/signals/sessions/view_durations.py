"""How viewers came, and how long they stayed."""

from __future__ import annotations

from features.declaration import SESSION, Signal, ratio, relation, seconds_between, signal
from features.definitions import FLASH_VIEW_SECONDS, SHORT_VIEW_SECONDS
from features.expressions import major

BURST = 10  # joins within ten seconds that people rarely make by chance


@relation(SESSION, reads=("views", "sessions"), local=True)
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


@relation(SESSION, reads=("views",), local=True)
def join_seconds(views):
    """Joins of a session in steps of ten seconds."""
    t = views.mutate(step=views.joined_at.epoch_seconds() // 10)
    return t.group_by("session_id", "step").aggregate(joins=t.count())


@relation(SESSION, reads=("views", "sessions"), local=True)
def join_stay_cells(views, sessions):
    """Cells of (join time, stay), ten by ten, of a session's views of a minute or more."""
    t = stays.build(views, sessions)
    t = t.filter((t.length > 0) & (t.stay >= 60))
    t = t.mutate(
        join_cell=(10 * t.offset / t.length).floor().clip(0, 9),
        stay_cell=(10 * t.stay / t.length).floor().clip(0, 9),
    )
    return t.group_by("session_id", "join_cell", "stay_cell").aggregate(views=t.count())


@relation(SESSION, reads=("views",), local=True)
def stay_steps(views):
    """Stays of a minute or more, in steps of five seconds."""
    t = views.mutate(stay=seconds_between(views.left_at, views.joined_at))
    t = t.filter(t.stay >= 60)
    t = t.mutate(step=(t.stay / 5).floor())
    return t.group_by("session_id", "step").aggregate(views=t.count())


@signal(
    stays,
    unit="views",
    typology="view_fraud",
    zh="共 {value:.0f} 次观看",
    en="{value:.0f} views were counted",
    blind="A count alone says nothing about what is real.",
)
def view_count(t):
    """Views counted in the session."""
    return t.count()


@signal(
    stays,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    alarm=0.30,
    zh="{value:.0%} 的观看停留不超过 3 秒",
    en="{value:.0%} of views stayed three seconds or less",
    blind="People swipe past a feed too; an advert that autoplays looks the same.",
)
def flash_view_share(t):
    """Share of views with a stay of three seconds or less."""
    return (t.stay <= FLASH_VIEW_SECONDS).mean()


@signal(
    stays,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    alarm=0.75,
    zh="{value:.0%} 的观看不足 30 秒",
    en="{value:.0%} of views were shorter than thirty seconds",
    blind="Paid traffic is short as well.",
)
def short_view_share(t):
    """Share of views shorter than thirty seconds."""
    return (t.stay < SHORT_VIEW_SECONDS).mean()


@signal(
    stays,
    unit="seconds",
    typology="view_fraud",
    zh="停留时长中位数 {value:.0f} 秒",
    en="the median stay was {value:.0f} seconds",
    blind="Differs by category; compare with peers.",
)
def stay_median_seconds(t):
    """Median stay of the session's views."""
    return t.stay.median()


@signal(
    stays,
    unit="ratio",
    typology="view_fraud",
    direction=-1,
    alarm=0.4,
    zh="停留时长过于整齐，四分位距仅为中位数的 {value:.2f} 倍",
    en="stays are too even: their interquartile range is {value:.2f} of the median",
    blind="A very short session leaves little room for spread.",
)
def stay_spread_ratio(t):
    """Interquartile range of stays over their median; low means over-regular."""
    return ratio(t.stay.quantile(0.75) - t.stay.quantile(0.25), t.stay.median())


@signal(
    stays,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    alarm=0.35,
    zh="{value:.0%} 的观看几乎从头停到尾",
    en="{value:.0%} of views stayed nearly the whole session",
    blind="Fans of a short session do so too.",
)
def whole_session_stay_share(t):
    """Share of views that cover at least 60 % of the session and leave in its last tenth."""
    return ((t.stay >= 0.6 * t.length) & (t.offset + t.stay >= 0.9 * t.length)).mean()


@signal(
    stays,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    alarm=0.25,
    zh="{value:.0%} 的观看没有登录账号",
    en="{value:.0%} of views had no account",
    blind="Some platforms let visitors watch without logging in.",
)
def anonymous_view_share(t):
    """Share of views without an account."""
    return t.account_id.isnull().mean()


@signal(
    stays,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    alarm=0.30,
    zh="{value:.0%} 的观看来自过旧的客户端",
    en="{value:.0%} of views came from outdated app versions",
    blind="Old phones in the countryside cannot update.",
)
def outdated_app_view_share(t):
    """Share of views whose app's major version is below the newest seen in the session."""
    return (t.major < t.newest).mean()


@signal(
    stays,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    alarm=0.10,
    zh="{value:.0%} 的观看来自机房网络",
    en="{value:.0%} of views came from data-centre networks",
    blind="Company networks may leave through a data centre; proxies hide it.",
)
def datacentre_view_share(t):
    """Share of views from data-centre networks."""
    return (t.asn_kind == "datacentre").mean()


@signal(
    stays,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    alarm=0.15,
    zh="{value:.0%} 的观看来自代理网络",
    en="{value:.0%} of views came through proxies",
    blind="Only proxies that are known as such.",
)
def proxy_view_share(t):
    """Share of views through known proxies."""
    return (t.asn_kind == "proxy").mean()


@signal(
    stays,
    unit="share of views",
    typology="view_fraud",
    zh="{value:.0%} 的观看由投流或连麦带来",
    en="{value:.0%} of views came from a boost or a raid",
    blind="The honest cause of many spikes.",
)
def granted_view_share(t):
    """Share of views that entered by a boost or a raid."""
    return t.entry_source.isin(["boost", "raid"]).mean()


@signal(
    stays,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    alarm=0.45,
    zh="{value:.0%} 的观看由分享链接进入",
    en="{value:.0%} of views entered by a share link",
    blind="Fan groups share links honestly.",
)
def share_link_view_share(t):
    """Share of views that entered by a share link."""
    return (t.entry_source == "share").mean()


@signal(
    stays,
    unit="ratio",
    typology="view_fraud",
    zh="每个账号平均观看 {value:.2f} 次",
    en="{value:.2f} views an account",
    blind="People come back after a phone call.",
)
def views_per_account_ratio(t):
    """Views with an account over distinct accounts."""
    return ratio(t.account_id.count(), t.account_id.nunique())


@signal(
    join_seconds,
    unit="share of joins",
    typology="view_fraud",
    direction=1,
    alarm=0.20,
    zh="{value:.0%} 的进场集中在十秒内十人以上的批次中",
    en="{value:.0%} of joins came ten or more within ten seconds",
    blind="A raid from another room or a lucky bag also bursts.",
)
def burst_join_share(t):
    """Share of joins that share their ten seconds with nine or more others."""
    return ratio((t.joins >= BURST).ifelse(t.joins, 0).sum(), t.joins.sum())


@signal(
    join_seconds,
    unit="share of joins",
    typology="view_fraud",
    direction=1,
    zh="最密集的十秒占全部进场的 {value:.0%}",
    en="the busiest ten seconds hold {value:.0%} of joins",
    blind="High by chance in small rooms.",
)
def busiest_step_join_share(t):
    """Share of joins in the busiest ten seconds."""
    return ratio(t.joins.max(), t.joins.sum())


@signal(
    join_stay_cells,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    zh="最密集的（进场时刻 × 停留）格占 {value:.0%}",
    en="the densest cell of join time and stay holds {value:.0%} of views",
    blind="Small rooms fill few cells.",
)
def densest_cell_view_share(t):
    """Largest share of views in one of 10 × 10 cells of (join time, stay), both as shares of the session.

    Source: the joint distribution that FLOCK compares (Shah, KDD 2017); here its maximum only.
    """
    return ratio(t.views.max(), t.views.sum())


@signal(
    stay_steps,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    zh="{value:.0%} 的观看停留时长落在同一个 5 秒档",
    en="{value:.0%} of views stayed the same time to five seconds",
    blind="Small rooms fill few steps.",
)
def same_stay_view_share(t):
    """Largest share of stays of a minute or more that agree to five seconds."""
    return ratio(t.views.max(), t.views.sum())


SIGNALS: tuple[Signal, ...] = (
    view_count,
    flash_view_share,
    short_view_share,
    stay_median_seconds,
    stay_spread_ratio,
    whole_session_stay_share,
    anonymous_view_share,
    outdated_app_view_share,
    datacentre_view_share,
    proxy_view_share,
    granted_view_share,
    share_link_view_share,
    views_per_account_ratio,
    burst_join_share,
    busiest_step_join_share,
    densest_cell_view_share,
    same_stay_view_share,
)
