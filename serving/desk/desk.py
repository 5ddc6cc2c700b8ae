"""The state that every page of the desk works on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from data_contracts.lake import Lake
from serving.desk.store.database import Database
from serving.policy.schema import Policy


def utc_now() -> datetime:
    """The present moment, aware of its zone."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Desk:
    """The lake, the database beside it, the policy in force and the clock.

    `clock` returns an aware moment in UTC. Records of `serving.oversight` take naive UTC: see
    `naive_now`.
    """

    lake: Lake
    database: Database
    policy: Policy
    clock: Callable[[], datetime] = utc_now

    def naive_now(self) -> datetime:
        """The present moment in UTC without a zone, as tables of the lake have it."""
        return self.clock().astimezone(UTC).replace(tzinfo=None)
