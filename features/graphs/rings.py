"""Rings: accounts that are tied by what they do together, again and again, or by what they share.

Links come from the engine (lockstep joins, lockstep purchases, shared payment instruments and devices); components of
the thinned graph are rings. A pick-up station or a family is no ring: a shared instrument links only two to twenty
buyers, addresses do not link at all, and a ring has at least four members.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
from ibis import _
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from features.coordination import buy_pairs, watch_pairs

SMALLEST = 4
SHARED_MOST = 20
KINDS = {"watch": "lockstep", "buy": "co_purchase", "payer": "shared_identity", "device": "shared_identity"}


@dataclass(frozen=True)
class Rings:
    """Rings and their members (columns of the contracts `rings` and `ring_members`), and the links between members."""

    rings: pd.DataFrame
    members: pd.DataFrame
    links: pd.DataFrame

    def graph(self, ring_id: str) -> nx.Graph:
        """A ring as a networkx graph; each edge carries its evidence: kind → how often."""
        inside = set(self.members.loc[self.members["ring_id"] == ring_id, "account_id"])
        graph = nx.Graph(ring_id=ring_id)
        graph.add_nodes_from(sorted(inside))
        rows = self.links[self.links["left"].isin(inside)]
        for left, right, kind, times in rows[["left", "right", "kind", "times"]].itertuples(index=False):
            graph.add_edge(left, right)
            graph[left][right][kind] = int(times)
        return graph


def _shared(table: Any, owner: str, key: str, kind: str) -> pd.DataFrame:
    """Links between accounts that use the same instrument, each with the first of its users."""
    t = table.filter(table[key].notnull() & table[owner].notnull()).select(key, who=owner).distinct()
    size = t.group_by(key).aggregate(size=t.count(), first=t.who.min())
    t = t.join(size, key)
    t = t.filter((t["size"] >= 2) & (t["size"] <= SHARED_MOST) & (t.who != t["first"]))
    links = t.group_by("first", "who").aggregate(times=t.count()).rename(left="first", right="who").to_pandas()
    return links.assign(kind=kind)


def links_between(tables: Any) -> pd.DataFrame:
    """Links between accounts: left, right, kind, times."""
    parts = []
    if "views" in tables:
        parts.append(watch_pairs(tables["views"]).to_pandas().assign(kind="watch"))
    if "orders" in tables:
        parts.append(buy_pairs(tables["orders"]).to_pandas().assign(kind="buy"))
        for key, kind in (("payer_id", "payer"), ("device_id", "device")):
            parts.append(_shared(tables["orders"], "buyer_id", key, kind))
    links = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["left", "right", "times", "kind"])
    return links.sort_values(["left", "right", "kind"], ignore_index=True)


def _core(links: pd.DataFrame) -> pd.DataFrame:
    """Links without chance: two accounts that watched in lockstep count only with two common neighbours or more.

    In a large audience some pairs coincide three times by chance, but not with the same third and fourth.
    """
    pairs = links[["left", "right"]].drop_duplicates()
    names = pd.Index(pd.unique(pd.concat([pairs["left"], pairs["right"]])))
    if not len(names):
        return links
    i, j = names.get_indexer(pairs["left"]), names.get_indexer(pairs["right"])
    a = coo_array((np.ones(len(i)), (i, j)), shape=(len(names), len(names))).tocsr()
    a = ((a + a.T) > 0).astype(np.float64)
    common = np.asarray((a @ a)[i, j]).ravel()
    strong = pairs.assign(common=common)
    merged = links.merge(strong, on=["left", "right"])
    return merged[(merged["kind"] != "watch") | (merged["common"] >= 2)].drop(columns="common")


def find_rings(tables: Any) -> Rings:
    """Rings among all accounts known in the tables."""
    links = _core(links_between(tables))
    ring_columns = ["ring_id", "kind", "members", "operators", "edges", "density", "first_at", "last_at", "evidence"]
    names = pd.Index(pd.unique(pd.concat([links["left"], links["right"]]).astype(object)))
    if not len(names):
        return Rings(pd.DataFrame(columns=ring_columns), pd.DataFrame(columns=["ring_id", "account_id", "links"]), links)
    i, j = names.get_indexer(links["left"]), names.get_indexer(links["right"])
    _count, label = connected_components(coo_array((np.ones(len(i)), (i, j)), shape=(len(names),) * 2), directed=False)
    size = np.bincount(label)
    member = pd.DataFrame({"account_id": names, "label": label})
    member = member[size[label] >= SMALLEST]
    pairs = links.drop_duplicates(["left", "right"])
    degree = pd.concat([pairs["left"], pairs["right"]]).value_counts()
    member["links"] = degree.reindex(member["account_id"]).to_numpy().astype("int64")
    # the two best-linked members name the ring, so that it keeps its name while its core stays
    member = member.sort_values(["label", "links", "account_id"], ascending=[True, False, True])
    core = member.groupby("label")["account_id"].agg(lambda s: "|".join(sorted(s.iloc[:2])))
    ring_id = core.map(lambda text: "g" + hashlib.sha256(text.encode()).hexdigest()[:16])
    member["ring_id"] = member["label"].map(ring_id)
    if member.empty:
        return Rings(pd.DataFrame(columns=ring_columns), member.drop(columns="label"), links)
    span = _spans(tables, member)
    of = pd.Series(label, index=names)
    rows = []
    for lab, group in links.assign(label=of.reindex(links["left"]).to_numpy()).groupby("label"):
        if lab not in ring_id.index:
            continue
        n = int(size[lab])
        edges = len(group.drop_duplicates(["left", "right"]))
        evidence = {str(k): int(v) for k, v in group.groupby("kind")["times"].sum().items()}
        most = group["kind"].map(KINDS).value_counts().sort_index().idxmax()
        one = span.loc[ring_id[lab]]
        rows.append(
            (
                ring_id[lab],
                most,
                n,
                int(one["operators"]),
                edges,
                edges / (n * (n - 1) / 2),
                one["first_at"],
                one["last_at"],
                json.dumps(evidence, sort_keys=True),
            )
        )
    rings = pd.DataFrame(rows, columns=ring_columns).sort_values("ring_id", ignore_index=True)
    members = member[["ring_id", "account_id", "links"]].sort_values(["ring_id", "account_id"], ignore_index=True)
    return Rings(rings, members, links)


def _spans(tables: Any, member: pd.DataFrame) -> pd.DataFrame:
    """First and last act of each ring's members and the operators they met: by purchases, else by visits."""
    acts = []
    if "orders" in tables:
        acts.append(
            tables["orders"]
            .group_by("operator_id", account_id=_.buyer_id)
            .aggregate(first=_.placed_at.min(), last=_.placed_at.max())
            .to_pandas()
        )
    if "views" in tables and "sessions" in tables:
        v = tables["views"].join(tables["sessions"].select("session_id", "operator_id"), "session_id")
        acts.append(v.group_by("operator_id", "account_id").aggregate(first=_.joined_at.min(), last=_.joined_at.max()).to_pandas())
    met = pd.concat(acts).merge(member[["account_id", "ring_id"]], on="account_id")
    shared = met.groupby(["ring_id", "operator_id"])["account_id"].nunique()
    several = shared[shared >= 2].groupby("ring_id").size()
    grouped = met.groupby("ring_id")
    frame = pd.DataFrame({"first_at": grouped["first"].min(), "last_at": grouped["last"].max()})
    return frame.assign(operators=several.reindex(frame.index).fillna(0).astype("int64"))
