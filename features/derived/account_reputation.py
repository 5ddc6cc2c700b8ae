"""Account reputation: traces of inauthentic viewing that an account left in all rooms."""

from __future__ import annotations

from typing import Any

from features.declaration import derived
from features.definitions import FLASH_VIEW_SECONDS
from features.expressions import seconds_between

TRACES = ("flash", "hidden", "link")
COLUMNS = {"account_id": "string", **{f"all_{c}": "int64" for c in (*TRACES, "views")}}


def view_traces(views: Any, *keys: str) -> Any:
    """Views by known accounts, counted by `keys`: all of them, and those with each trace.

    Traces are a flash view, a view through a hidden network, and entry by a share link.
    """
    known = views.filter(views.account_id.notnull())
    stay = seconds_between(known.left_at, known.joined_at)
    return known.group_by(*keys).aggregate(
        # Unknown values show no trace; Spark would return no count where all are unknown.
        flash=known.count(where=(stay <= FLASH_VIEW_SECONDS).fill_null(False)),
        hidden=known.count(where=known.asn_kind.isin(["proxy", "datacentre"]).fill_null(False)),
        link=known.count(where=(known.entry_source == "share").fill_null(False)),
        views=known.count(),
    )


@derived(reads=("views",), columns=COLUMNS)
def account_reputation(views: Any) -> Any:
    """Views of each account in all rooms, and how many of them show each trace.

    Accounts with one view are left out, because they have no other views.
    """
    t = view_traces(views, "account_id")
    return t.filter(t["views"] > 1).rename(**{f"all_{c}": c for c in (*TRACES, "views")})


def with_other_views(counted: Any, reputation: Any) -> Any:
    """Accounts of an entity with the share of their other views that show each trace.

    The shares are null where an account has no view outside the entity.
    """
    t = counted.left_join(reputation, "account_id", rname="{name}_all")
    n = (t.all_views - t["views"]).cast("float64").nullif(0.0)
    other_shares = {f"other_{c}": (t[f"all_{c}"] - t[c]) / n for c in TRACES}
    t = t.mutate(nowhere=n.isnull(), **other_shares)
    return t.mutate(fault=t.other_flash + t.other_hidden + t.other_link)
