"""Public lists: abnormal operations, serious dishonesty and penalties (Order 117 Art. 11).

An entry takes its points for as long as it stands; a penalty fades from its date. Once an entry is
removed, a share of its points stays and fades with time: that is the repair of credit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from serving.policy.schema import Policy

TABLE, PENALTY = "registry_listings", "penalty"
COLUMNS = ["operator_id", "at", "points"]
Tables = Mapping[str, Any]


def listing_events(tables: Tables, as_of: datetime, policy: Policy) -> pd.DataFrame:
    """Points that public lists take: columns operator_id, at (since when they fade), points.

    Empty where no list is delivered.
    """
    if TABLE not in tables:
        return pd.DataFrame(columns=COLUMNS)
    columns = ("operator_id", "kind", "listed_at", "removed_at")
    entries = tables[TABLE].select(*columns).to_pandas()
    now = pd.Timestamp(as_of)
    entries = entries[entries["listed_at"] <= now]
    points = entries["kind"].map(policy.listings.points).astype(float)
    removed = entries["removed_at"] <= now
    points = points.where(~removed, points * policy.compliance.repaired_share)
    standing = entries["listed_at"].where(entries["kind"] == PENALTY, now)
    at = entries["removed_at"].where(removed, standing)
    return pd.DataFrame({"operator_id": entries["operator_id"], "at": at, "points": points})
