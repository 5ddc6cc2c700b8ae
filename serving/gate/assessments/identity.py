"""Verified identities of operators as a night knows them (Order 117 Art. 8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from data_contracts.contract import contract
from data_contracts.lake import Lake
from data_contracts.parquet import connect
from serving.policy.schema import Policy

OVERDUE, NOT_VERIFIED = "identity_overdue", "identity_not_verified"


@dataclass(frozen=True)
class Identity:
    """When an operator's identity was last verified; None where that is not known."""

    verified_at: datetime | None

    def code(self, policy: Policy, now: datetime) -> str:
        """`identity_overdue`, `identity_not_verified` or, where it is current, nothing."""
        if self.verified_at is None:
            return NOT_VERIFIED
        due = self.verified_at + timedelta(days=policy.identity.renewal_days)
        return OVERDUE if now > due else ""


def read_identities(lake: Lake, as_of: datetime) -> dict[str, Identity]:
    """Identities of operators as delivered before a moment."""
    if not lake.files("operators"):
        return {}
    scan = lake.scan_sql(contract("operators"), as_of)
    latest = "row_number() OVER (PARTITION BY operator_id ORDER BY received_at DESC) = 1"
    sql = f"SELECT operator_id, identity_verified_at FROM ({scan}) QUALIFY {latest}"
    with connect() as connection:
        rows = connection.execute(sql).fetchall()
    return {str(operator): Identity(verified) for operator, verified in rows}
