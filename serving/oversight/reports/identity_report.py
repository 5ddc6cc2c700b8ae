"""The half-yearly identity export (Order 117 Art. 9): ids, dates and gaps, never documents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from serving.policy.schema import Policy

OPERATORS, STREAMERS = "operators", "streamers"
NOT_VERIFIED, OVERDUE, CURRENT = "not_verified", "overdue", "current"
VIRTUAL = "virtual"  # a figure without a person has no identity, as the gate has it
COLUMNS = [
    *("subject_kind", "subject_id", "kind", "region", "mcn_id", "registered_at"),
    *("identity_verified_at", "days_since_verification", "state"),
]


def identity_report(tables: Mapping[str, Any], as_of: datetime, policy: Policy) -> pd.DataFrame:
    """Operators and streamers with the date of their verification and its state.

    Parameters
    ----------
    tables
        The lake as of the moment; `operators`, and `streamers` where they are delivered.
    as_of, policy
        The moment, and the policy that says when a verification is overdue.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`. `state` is current, overdue, not_verified or virtual.
    """
    parts = []
    for table, kind in ((OPERATORS, "operator"), (STREAMERS, "streamer")):
        if table in tables:
            frame = tables[table].to_pandas()
            named = frame.rename(columns={f"{kind}_id": "subject_id"}).assign(subject_kind=kind)
            parts.append(named.reindex(columns=[*COLUMNS[:-1], "is_virtual"]))
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    rows = pd.concat(parts, ignore_index=True)
    virtual = rows.pop("is_virtual").astype("boolean").fillna(False)
    verified = pd.to_datetime(rows["identity_verified_at"])
    days = (pd.Timestamp(as_of) - verified).dt.days
    rows["days_since_verification"] = days.astype("Int64")
    # to the second, as at the gate
    overdue = pd.Timestamp(as_of) > verified + pd.Timedelta(days=policy.identity.renewal_days)
    rows["state"] = CURRENT
    rows.loc[overdue.to_numpy(dtype=bool), "state"] = OVERDUE
    rows.loc[verified.isna().to_numpy(), "state"] = NOT_VERIFIED
    rows.loc[virtual.to_numpy(dtype=bool), "state"] = VIRTUAL
    return rows.sort_values(["subject_kind", "subject_id"], ignore_index=True)
