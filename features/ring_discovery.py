"""Rings of a night: links between accounts from the lake, merged by `graphs/rings.py`."""

from __future__ import annotations

from typing import Any

import ibis
import pandas as pd
from ibis import _

from features.declaration import ACCOUNT
from features.derived.co_visitation import buy_blocks, buy_pairs, watch_pairs
from features.engine.snapshot import Snapshot
from features.graphs.ring_merging import linked_components, merge
from features.graphs.rings import Rings

MAX_USERS_PER_SHARED_THING = {
    "payer": 20,
    "device": 20,
    "address": 8,
    "referrer": 30,
}  # users beyond which a shared thing is a public one


def shared(table: Any, owner: str, key: str, kind: str) -> pd.DataFrame:
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
            shared(snapshot["orders"], "buyer_id", f"{k}_id", k)
            for k in ("payer", "device", "address")
        ]
    if "accounts" in snapshot:
        parts.append(shared(snapshot["accounts"], "account_id", "referrer_id", "referrer"))
    parts = [p for p in parts if len(p)]
    links = (
        pd.concat(parts, ignore_index=True)
        if parts
        else pd.DataFrame(columns=["left", "right", "times", "kind"])
    )
    return links.sort_values(["left", "right", "kind"], ignore_index=True)


def _acts(snapshot: Snapshot, linked: Any | None = None) -> list[Any]:
    """Purchases and visits of known accounts (of those that are `linked`): account_id, operator_id and the moment, as Ibis snapshot."""

    def some(t: Any) -> Any:  # before it is joined with anything: few are linked
        return (
            t.filter(t.account_id.notnull())
            if linked is None
            else t.semi_join(linked, "account_id")
        )

    acts = []
    if "orders" in snapshot:
        acts.append(
            some(snapshot["orders"].select("operator_id", account_id="buyer_id", at="placed_at"))
        )
    if "views" in snapshot and "sessions" in snapshot:
        v = some(snapshot["views"].select("session_id", "account_id", at="joined_at"))
        v = v.join(snapshot["sessions"].select("session_id", "operator_id"), "session_id")
        acts.append(v.select("operator_id", "account_id", "at"))
    return acts


def _met(links: pd.DataFrame, snapshot: Snapshot) -> pd.DataFrame:
    """What accounts that may be in a ring did where: account_id, operator_id, first and last moment, by purchases and by visits."""
    linked = sorted(linked_components(links)[-1].index)
    parts = [pd.DataFrame(columns=["account_id", "operator_id", "first", "last"])]
    for t in _acts(snapshot, snapshot.scope(linked, ACCOUNT)) if linked else []:
        parts.append(
            t.group_by("operator_id", "account_id")
            .aggregate(first=_.at.min(), last=_.at.max())
            .to_pandas()
        )
    return pd.concat([p for p in parts if len(p)] or parts[:1])


def _seen(acts: list[Any]) -> int:
    """Accounts that bought or came anywhere."""
    if not acts:
        return 0
    each = [t.select("account_id").distinct() for t in acts]
    return (
        int(ibis.union(*each, distinct=True).count().execute())
        if len(each) > 1
        else int(each[0].count().execute())
    )


def find_rings(snapshot: Snapshot, before: pd.DataFrame | None = None) -> Rings:
    """Rings among all accounts known in the snapshot; `before` is last night's `ring_members`, to know rings again."""
    links = links_between(snapshot)
    return merge(links, _met(links, snapshot), max(_seen(_acts(snapshot)), 2), before)
