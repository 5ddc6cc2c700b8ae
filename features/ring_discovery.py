"""Rings of a night: links between accounts from the lake, merged by `graphs/ring_merging.py`."""

from __future__ import annotations

from typing import Any

import ibis
import pandas as pd

from features.declaration import ACCOUNT
from features.derived.co_visitation import buy_blocks, buy_pairs, watch_pairs
from features.engine.snapshot import Snapshot
from features.graphs.ring_merging import linked_components, merge
from features.graphs.rings import Rings

# Users of one payer, device, address or referrer; a thing with more of them is public.
MAX_USERS_PER_SHARED_THING = {"payer": 20, "device": 20, "address": 8, "referrer": 30}


def shared_links(table: Any, owner: str, key: str, kind: str) -> pd.DataFrame:
    """Links between accounts that share a thing, each with the first of its users."""
    t = (
        table.filter(table[key].notnull() & table[owner].notnull())
        .select(key, who=table[owner])
        .distinct()
    )
    size = t.group_by(key).aggregate(size=t.count(), first=t.who.min())
    t = t.join(size, key)
    t = t.filter(
        (t["size"] >= 2) & (t["size"] <= MAX_USERS_PER_SHARED_THING[kind]) & (t.who != t["first"])
    )
    links = (
        t.group_by("first", "who")
        .aggregate(times=t.count())
        .rename(left="first", right="who")
        .to_pandas()
    )
    return links.assign(kind=kind)


def links_between(snapshot: Snapshot) -> pd.DataFrame:
    """Links between accounts: left, right, kind, times."""
    parts = []
    for name, kind, pairs in (("views", "watch", watch_pairs), ("orders", "buy", buy_pairs)):
        if name in snapshot:
            found = snapshot.derived_frame(pairs)
            parts.append(
                found[["left", "right"]].assign(times=found["things"].astype("int64"), kind=kind)
            )
    if "orders" in snapshot:
        blocks = snapshot.derived_frame(buy_blocks)
        for _block, group in blocks.groupby("block"):
            first, *others = sorted(group["account_id"])
            parts.append(
                pd.DataFrame({"left": first, "right": others, "times": 1, "kind": "block"})
            )
        parts += [
            shared_links(snapshot["orders"], "buyer_id", f"{k}_id", k)
            for k in ("payer", "device", "address")
        ]
    if "accounts" in snapshot:
        parts.append(shared_links(snapshot["accounts"], "account_id", "referrer_id", "referrer"))
    parts = [p for p in parts if len(p)]
    links = (
        pd.concat(parts, ignore_index=True)
        if parts
        else pd.DataFrame(columns=["left", "right", "times", "kind"])
    )
    return links.sort_values(["left", "right", "kind"], ignore_index=True)


def _activity(snapshot: Snapshot, linked: Any | None = None) -> list[Any]:
    """Purchases and visits of known accounts, as Ibis tables: account_id, operator_id and `at`.

    With `linked`, only those of the accounts in it.
    """

    # Cut before any join, because few accounts are linked.
    def wanted(t: Any) -> Any:
        return (
            t.filter(t.account_id.notnull())
            if linked is None
            else t.semi_join(linked, "account_id")
        )

    activity = []
    if "orders" in snapshot:
        activity.append(
            wanted(snapshot["orders"].select("operator_id", account_id="buyer_id", at="placed_at"))
        )
    if "views" in snapshot and "sessions" in snapshot:
        v = wanted(snapshot["views"].select("session_id", "account_id", "joined_at"))
        s = snapshot["sessions"].select("session_id", "operator_id", "started_at")
        v = v.join(s, "session_id")
        # a view without a join time lies in its session, whose start is the nearest that is known
        at = v.joined_at.fill_null(v.started_at)
        activity.append(v.select("operator_id", "account_id", at=at))
    return activity


def _linked_activity(links: pd.DataFrame, snapshot: Snapshot) -> pd.DataFrame:
    """Purchases and visits of accounts that may be in a ring, by account and operator.

    The columns are account_id, operator_id, first and last (moments). Purchases and visits have
    rows of their own.
    """
    linked = sorted(linked_components(links)[-1].index)
    parts = [pd.DataFrame(columns=["account_id", "operator_id", "first", "last"])]
    for t in _activity(snapshot, snapshot.scope(linked, ACCOUNT)) if linked else []:
        parts.append(
            t.group_by("operator_id", "account_id")
            .aggregate(first=t.at.min(), last=t.at.max())
            .to_pandas()
        )
    return pd.concat([p for p in parts if len(p)] or parts[:1])


def _active_account_count(activity: list[Any]) -> int:
    """Number of accounts with a purchase or a visit."""
    if not activity:
        return 0
    each = [t.select("account_id").distinct() for t in activity]
    return (
        int(ibis.union(*each, distinct=True).count().execute())
        if len(each) > 1
        else int(each[0].count().execute())
    )


def find_rings(snapshot: Snapshot, before: pd.DataFrame | None = None) -> Rings:
    """Rings among all accounts known in the snapshot.

    `before` holds last night's `ring_members`, from which rings keep their names.
    """
    links = links_between(snapshot)
    return merge(
        links,
        _linked_activity(links, snapshot),
        max(_active_account_count(_activity(snapshot)), 2),
        before,
    )
