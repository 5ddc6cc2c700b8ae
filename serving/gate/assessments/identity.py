"""Verified identities of operators and streamers, age and labels, as a night knows them.

Order 117 Art. 8 asks for identities that are renewed within six months, Art. 37 for labels on
figures made by artificial intelligence. MCN Rules 18 ask for streamers of sixteen years or older
(ADR-0303).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from data_contracts.contract import contract
from data_contracts.lake import Lake
from data_contracts.parquet import connect
from serving.policy.schema import Policy

OVERDUE, NOT_VERIFIED = "identity_overdue", "identity_not_verified"
UNDER_AGE, NO_CONSENT = "under_age", "guardian_consent_missing"
NOT_LABELLED = "ai_host_not_labelled"
CODES = (OVERDUE, NOT_VERIFIED, UNDER_AGE, NO_CONSENT, NOT_LABELLED)


@dataclass(frozen=True)
class Identity:
    """The delivered identity of an operator or streamer; None is unknown.

    `age_band`, `has_consent`, `is_virtual` and `is_labelled` are those of streamers.
    """

    verified_at: datetime | None
    age_band: str | None = None
    has_consent: bool | None = None
    is_virtual: bool | None = None
    is_labelled: bool | None = None

    def code(self, policy: Policy, now: datetime) -> str:
        """`identity_overdue`, `identity_not_verified` or, where it is current, nothing."""
        if self.is_virtual:
            return ""
        if self.verified_at is None:
            return NOT_VERIFIED
        due = self.verified_at + timedelta(days=policy.identity.renewal_days)
        return OVERDUE if now > due else ""

    def codes(self, policy: Policy, now: datetime) -> tuple[str, ...]:
        """Everything that is wrong at a moment, in the order of `CODES`.

        An age that is not delivered is not wrong. A consent is asked of those of sixteen and
        seventeen, and one that is not delivered is missing.
        """
        found = {
            self.code(policy, now): True,
            UNDER_AGE: self.age_band == "under_16",
            NO_CONSENT: self.age_band == "16_to_17" and not self.has_consent,
            NOT_LABELLED: bool(self.is_virtual) and self.is_labelled is False,
        }
        return tuple(c for c in CODES if found.get(c))


def read_identities(lake: Lake, as_of: datetime) -> dict[str, Identity]:
    """Identities of operators as delivered before a moment.

    Empty where no verification at all is delivered: then nothing is known of any operator, and an
    answer says so.
    """
    rows = _latest(lake, "operators", "operator_id", ("identity_verified_at",), as_of)
    if not any(verified for _, verified in rows):
        return {}
    return {str(operator): Identity(verified) for operator, verified in rows}


def read_streamers(lake: Lake, as_of: datetime) -> dict[str, Identity]:
    """Delivered identities of streamers before a moment; empty where they are not delivered."""
    columns = ("identity_verified_at", "age_band", "guardian_consent", "is_virtual", "labelled")
    rows = _latest(lake, "streamers", "streamer_id", columns, as_of)
    return {str(streamer): Identity(*values) for streamer, *values in rows}


def _latest(
    lake: Lake, table: str, key: str, columns: Iterable[str], as_of: datetime
) -> list[tuple]:
    if not lake.files(table):
        return []
    scan = lake.scan_sql(contract(table), as_of)
    latest = f"row_number() OVER (PARTITION BY {key} ORDER BY received_at DESC) = 1"
    sql = f"SELECT {key}, {', '.join(columns)} FROM ({scan}) QUALIFY {latest}"
    with connect() as connection:
        return connection.execute(sql).fetchall()
