"""Single views: their entry channel and network, compared with all views of the night.

Shares of an entry channel and views a network prefix differ between platforms and sizes of rooms.
Each is therefore compared with its share of all views (ADR-0042).
"""

from __future__ import annotations

import ibis

from features.declaration import VIEW, Unit, relation, signal
from features.derived.entry_baselines import entry_baselines, prefix_baselines
from features.expressions import ratio


@relation(
    VIEW,
    reads=("views",),
    grouped=False,
    local=True,
    needs=(entry_baselines, prefix_baselines),
    typology="view_fraud",
    direction=1,
)
def view_arrivals(views, entered, used):
    """Views with those of their session of the same channel and prefix, and the platform shares."""
    t = views.mutate(
        views_here=views.view_id.count().over(ibis.window(group_by=views.session_id)),
        same_entry=views.view_id.count().over(group_by=[views.session_id, views.entry_source]),
        on_prefix=views.view_id.count().over(group_by=[views.session_id, views.ip_prefix]),
    )
    t = t.left_join(
        entered.rename(platform_entry_share="platform_share"),
        "entry_source",
        rname="{name}_entered",
    )
    return t.left_join(
        used.rename(platform_prefix_share="platform_share"), "ip_prefix", rname="{name}_used"
    )


@signal(
    view_arrivals,
    unit=Unit.RATIO,
    zh="该入口在本场的占比为全平台的 {value}",
    en="its way of entry was {value} as common in the session as on the platform",
    blind="Chat groups share a link.",
)
def view_entry_lift(t):
    """Share of the session's views with the same way of entry, over that of all views.

    Pools are sent in by one way.
    """
    return ratio(t.same_entry, t.views_here * t.platform_entry_share)


@signal(
    view_arrivals,
    unit=Unit.SPREADS,
    zh="该网段的观看多于预期，超出部分为{value}",
    en="views from its network exceed what is expected by {value}",
    blind="An office watches one host.",
)
def view_prefix_excess(t):
    """Views of the session from the view's prefix beyond the prefix's share of all views.

    In Poisson standard deviations of one more view. A farm sits in one place.
    """
    expected = t.platform_prefix_share * t.views_here
    return (t.on_prefix - expected) / (expected + 1.0).sqrt()


@signal(
    view_arrivals,
    unit=Unit.FLAG,
    zh="由分享链接或直达进入：{value}",
    en="it came by a share link or directly: {value}",
    blind="Friends share links.",
)
def view_entered_directly(t):
    """1 when the view came by a share link or directly, else 0; pools are sent a link.

    Unknown without a way of entry.
    """
    return t.entry_source.isin(["share", "direct"]).cast("float64")


@signal(
    view_arrivals,
    unit=Unit.FLAG,
    direction=0,
    zh="由授权投流或连麦引入：{value}",
    en="it came by a boost or a raid: {value}",
    blind="Traffic that was bought legally.",
)
def view_was_granted(t):
    """1 when the view came by a granted boost or a raid, 0 otherwise."""
    return t.entry_source.isin(["boost", "raid"]).cast("float64")


@signal(
    view_arrivals,
    unit=Unit.FLAG,
    zh="来自数据中心或代理：{value}",
    en="it came from a data centre or a proxy: {value}",
    blind="Company networks.",
    formerly=("view_from_machines",),
)
def view_datacentre_or_proxy(t):
    """1 when the network is a data centre's or a known proxy's, else 0.

    Unknown without a kind of network. Scripts run there.
    """
    return t.asn_kind.isin(["datacentre", "proxy"]).cast("float64")
