"""Rings: links between accounts, merged, tested against chance, and matched with last night's.

A link is strong (lockstep, dense block, a payment instrument or device of few accounts) or weak (an
address, a referrer). Two weak kinds make a strong link; one alone does not. A dormitory shares an
address, and a recruiter of honest people shares a code. Rings are components of the strong links.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pandas as pd
from scipy.special import gammaln

from features.graphs.connectivity import components
from features.graphs.rings import Rings

MIN_RING_ACCOUNTS = 4
LINK_STRENGTHS = {
    "watch": 1.0,
    "buy": 1.0,
    "block": 1.0,
    "payer": 1.0,
    "device": 1.0,
    "address": 0.5,
    "referrer": 0.5,
}
RING_KINDS = {
    "watch": "lockstep",
    "buy": "co_purchase",
    "block": "co_purchase",
}  # any other is a shared identity
RING_COLUMNS = [
    "ring_id",
    "kind",
    "members",
    "operators",
    "edges",
    "density",
    "significance",
    "first_at",
    "last_at",
    "evidence",
]
MEMBER_COLUMNS = ["ring_id", "account_id", "links"]


def strong_links(links: pd.DataFrame) -> pd.DataFrame:
    """Links of the pairs that are strong enough, weak kinds beside strong ones kept as evidence."""
    if links.empty:
        return links
    each = links.drop_duplicates(["left", "right", "kind"])
    total = each["kind"].map(LINK_STRENGTHS).groupby([each["left"], each["right"]]).sum()
    strong = total[total >= 1.0].index
    return links[pd.MultiIndex.from_frame(links[["left", "right"]]).isin(strong)]


def significance(members: int, edges: int, all_accounts: int, all_links: int) -> float:
    """Evidence in nats that so many members share so many links beyond chance.

    Chance throws the night's links among all accounts. Evidence is a Poisson log-likelihood ratio
    less the logarithm of the choice of members.
    """
    pairs = members * (members - 1) / 2
    expected = max(all_links * pairs / max(all_accounts * (all_accounts - 1) / 2, 1.0), 1e-12)
    ratio = edges * np.log(edges / expected) - (edges - expected) if edges > expected else 0.0
    return float(
        ratio
        - (gammaln(all_accounts + 1) - gammaln(members + 1) - gammaln(all_accounts - members + 1))
    )


def _new_ring_id(members: list[str]) -> str:
    return "g" + hashlib.sha256("|".join(members).encode()).hexdigest()[:16]


def linked_components(
    links: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series, pd.Series]:
    """Components of at least `MIN_RING_ACCOUNTS` accounts, by strong links.

    Households share a device, and few accounts are in larger components. Only their records need
    be read. Returns the strong links, their pairs, the degree of each account, and the component
    of each account.
    """
    links = strong_links(links)
    names = (
        pd.Index(np.unique(np.concatenate([links["left"], links["right"]]).astype(object)))
        if len(links)
        else pd.Index([])
    )
    pairs = links[["left", "right"]].drop_duplicates()
    i, j = names.get_indexer(pairs["left"]), names.get_indexer(pairs["right"])
    label = components(i, j, len(names))
    size = np.bincount(label) if len(label) else np.zeros(0, int)
    degree = pd.Series(np.bincount(np.concatenate([i, j]), minlength=len(names)), index=names)
    large = (
        pd.Series(label, index=names)[size[label] >= MIN_RING_ACCOUNTS]
        if len(label)
        else pd.Series(dtype="int64")
    )
    return links, pairs, degree, large


def merge(
    links: pd.DataFrame, met: pd.DataFrame, all_accounts: int, before: pd.DataFrame | None = None
) -> Rings:
    """Merge links into rings.

    Parameters
    ----------
    links
        left < right, kind, times.
    met
        account_id, operator_id, first, last: acts of accounts in `linked_components`.
    all_accounts
        Accounts among which chance throws the links.
    before
        Last night's `ring_members`, whose rings keep their names.
    """
    links, pairs, degree, large = linked_components(links)
    no_shops = pd.DataFrame(columns=["ring_id", "operator_id", "members"])
    if large.empty:
        return Rings(
            pd.DataFrame(columns=RING_COLUMNS),
            pd.DataFrame(columns=MEMBER_COLUMNS),
            links,
            no_shops,
        )
    by_ring = {k: sorted(g.index) for k, g in large.groupby(large)}
    ring_of = keep_names({k: set(m) for k, m in by_ring.items()}, before)
    ring_of = {k: ring_of.get(k) or _new_ring_id(m) for k, m in by_ring.items()}
    member = pd.DataFrame({"ring_id": large.map(ring_of).to_numpy(), "account_id": large.index})
    member["links"] = degree.reindex(member["account_id"]).to_numpy().astype("int64")
    acts = met.merge(member[["account_id", "ring_id"]], on="account_id")
    spans = acts.groupby("ring_id").agg(first_at=("first", "min"), last_at=("last", "max"))
    visited = (
        acts.groupby(["ring_id", "operator_id"])["account_id"]
        .nunique()
        .rename("members")
        .reset_index()
    )
    shops = visited[visited["members"] >= 2]
    reach = shops.groupby("ring_id").size()
    inside = links.assign(ring_id=links["left"].map(large.map(ring_of))).dropna(subset=["ring_id"])
    rows = []
    for ring, group in inside.groupby("ring_id"):
        if ring not in spans.index:
            continue
        n_members = int((member["ring_id"] == ring).sum())
        edges = len(group.drop_duplicates(["left", "right"]))
        kind = (
            group["kind"]
            .map(lambda k: RING_KINDS.get(k, "shared_identity"))
            .value_counts()
            .sort_index()
            .idxmax()
        )
        evidence = {str(k): int(v) for k, v in group.groupby("kind")["times"].sum().items()}
        rows.append(
            (
                ring,
                kind,
                n_members,
                int(reach.get(ring, 0)),
                edges,
                edges / (n_members * (n_members - 1) / 2),
                significance(n_members, edges, all_accounts, len(pairs)),
                spans.at[ring, "first_at"],
                spans.at[ring, "last_at"],
                json.dumps(evidence, sort_keys=True),
            )
        )
    rings = pd.DataFrame(rows, columns=RING_COLUMNS).sort_values("ring_id", ignore_index=True)
    member = member[member["ring_id"].isin(rings["ring_id"])]
    members = member.sort_values(["ring_id", "account_id"], ignore_index=True)[MEMBER_COLUMNS]
    return Rings(rings, members, links, shops.reset_index(drop=True))


def keep_names(rings: dict[int, set[str]], before: pd.DataFrame | None) -> dict[int, str]:
    """Names that rings keep from last night.

    A ring keeps a name when it has most of the old ring's members that are in any ring now. Larger
    overlaps come first, and a name is given once. The larger part of a split keeps the name, and
    the larger ring names a merger.
    """
    if before is None or before.empty:
        return {}
    old = {r: set(g) for r, g in before.groupby("ring_id")["account_id"]}
    here = {a: k for k, m in rings.items() for a in m}
    overlaps = []
    for name, members in sorted(old.items()):
        found: dict[int, int] = {}
        for a in members:
            if a in here:
                found[here[a]] = found.get(here[a], 0) + 1
        alive = sum(found.values())
        overlaps += [
            (-n_members, name, k)
            for k, n_members in found.items()
            if n_members >= 2 and 2 * n_members > alive
        ]
    given: dict[int, str] = {}
    for _n, name, k in sorted(overlaps):
        if k not in given and name not in given.values():
            given[k] = name
    return given
