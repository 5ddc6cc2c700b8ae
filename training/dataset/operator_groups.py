"""Groups of operators that must not lie on both sides of a split."""

from __future__ import annotations

from features.engine.snapshot import Snapshot
from features.ring_discovery import find_rings

MIN_MEMBERS_IN_RING = 3  # buyers of an operator in one ring; fewer may have passed by chance


def operator_groups(snapshot: Snapshot) -> dict[str, str]:
    """Operator → group: operators whose buyers belong to one ring are one group.

    Operators that share no ring are not named.
    """
    if "orders" not in snapshot:
        return {}
    rings = find_rings(snapshot)
    orders = snapshot["orders"]
    buyers = orders.select("operator_id", account_id="buyer_id").distinct().to_pandas()
    members = rings.members.merge(buyers, on="account_id")
    counts = members.groupby(["ring_id", "operator_id"]).size()
    members = counts[counts >= MIN_MEMBERS_IN_RING].reset_index()
    parent: dict[str, str] = {}

    def root(x: str) -> str:
        while parent.setdefault(x, x) != x:
            x = parent[x]
        return x

    for _, ring in members.groupby("ring_id"):
        first, *others = sorted(ring["operator_id"])
        for other in others:
            a, b = sorted((root(first), root(other)))
            parent[b] = a
    return {operator: root(operator) for operator in parent}
