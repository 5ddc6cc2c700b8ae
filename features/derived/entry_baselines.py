"""Shares of all views by entry channel and by network prefix."""

from __future__ import annotations

from typing import Any

import ibis

from features.declaration import derived


@derived(reads=("views",), columns={"entry_source": "string", "platform_share": "float64"})
def entry_baselines(views: Any) -> Any:
    """Entry channels with their share of all views."""
    t = (
        views.filter(views.entry_source.notnull())
        .group_by("entry_source")
        .aggregate(entered=ibis._.count())
    )
    return t.mutate(platform_share=t.entered / t.entered.sum().over(ibis.window()).cast("float64"))


@derived(reads=("views",), columns={"ip_prefix": "string", "platform_share": "float64"})
def prefix_baselines(views: Any) -> Any:
    """Network prefixes with their share of all views."""
    t = (
        views.filter(views.ip_prefix.notnull())
        .group_by("ip_prefix")
        .aggregate(behind=ibis._.count())
    )
    return t.mutate(platform_share=t.behind / t.behind.sum().over(ibis.window()).cast("float64"))
