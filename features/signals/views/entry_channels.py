"""Single views: by which way and through which network they came in, beside how views of the night usually do.

Shares of a way of entry, and views a network prefix, are no yardstick: on one platform a tenth comes by shared links and on another a
third, and a room of twenty thousand has more views from every prefix. Taught by them, one and the same classifier ranked views of two
markets that it had not seen at .26 and .47 average precision, and at .65 and .85 by how much more of both there is than is usual.
"""

from __future__ import annotations

import ibis

from features.declaration import VIEW, Signal, ratio, relation, signal
from features.derived.entry_baselines import entry_baselines, prefix_baselines


@relation(
    VIEW, reads=("views",), grouped=False, local=True, needs=(entry_baselines, prefix_baselines)
)
def view_arrivals(views, entered, used):
    """Views with how many of their session came in as they did or from their prefix, and the shares of all views that do."""
    t = views.mutate(
        views_here=views.view_id.count().over(ibis.window(group_by=views.session_id)),
        same_entry=views.view_id.count().over(group_by=[views.session_id, views.entry_source]),
        on_prefix=views.view_id.count().over(group_by=[views.session_id, views.ip_prefix]),
    )
    t = t.left_join(
        entered.rename(usual_entry="platform_share"), "entry_source", rname="{name}_entered"
    )
    return t.left_join(used.rename(usual_prefix="platform_share"), "ip_prefix", rname="{name}_used")


def _arrival(unit, zh, en, blind, direction):
    return signal(
        view_arrivals,
        unit=unit,
        typology="view_fraud",
        direction=direction,
        zh=zh,
        en=en,
        blind=blind,
    )


@_arrival(
    "ratio",
    "该入口占比为平常的 {value:.1f} 倍",
    "its way of entry was {value:.1f} times as common as usual",
    "Chat groups.",
    1,
)
def view_entry_lift(t):
    """Share of the session's views that came in by the same way of entry, over the share of all views that do."""
    return ratio(t.same_entry, t.views_here * t.usual_entry)


@_arrival(
    "spreads",
    "该网段观看超出平常 {value:.1f} 个标准差",
    "its prefix made {value:.1f} spreads more views than usual",
    "An office.",
    1,
)
def view_prefix_excess(t):
    """Views of the session from the view's network prefix beyond what the prefix's share of all views leads to, in Poisson spreads of one more."""
    expected = t.usual_prefix * t.views_here
    return (t.on_prefix - expected) / (expected + 1.0).sqrt()


@_arrival(
    "flag",
    "由分享链接或直达进入：{value:.0f}",
    "it came by a shared link or directly: {value:.0f}",
    "Friends share links.",
    1,
)
def view_entered_directly(t):
    """1 when the view came by a shared link or directly, 0 otherwise; unknown without a way of entry."""
    return t.entry_source.isin(["share", "direct"]).cast("float64")


@_arrival(
    "flag",
    "由授权投流或连麦引入：{value:.0f}",
    "it came by a boost or a raid: {value:.0f}",
    "Bought legally.",
    0,
)
def view_was_granted(t):
    """1 when the view came by a granted boost or a raid, 0 otherwise."""
    return t.entry_source.isin(["boost", "raid"]).cast("float64")


@_arrival(
    "flag",
    "来自数据中心或代理：{value:.0f}",
    "it came from a data centre or a proxy: {value:.0f}",
    "Company networks.",
    1,
)
def view_from_machines(t):
    """1 when the network is a data centre's or a known proxy's, 0 otherwise; unknown without a kind."""
    return t.asn_kind.isin(["datacentre", "proxy"]).cast("float64")


SIGNALS: tuple[Signal, ...] = (
    view_entry_lift,
    view_prefix_excess,
    view_entered_directly,
    view_was_granted,
    view_from_machines,
)
