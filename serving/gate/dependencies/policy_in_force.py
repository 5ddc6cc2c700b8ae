"""The policy that the gate answers by: the published one whose start is reached. ADR-0386."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from data_contracts.lake import Lake
from serving.ledger.hash_chain import LedgerDamaged, first_broken_line
from serving.oversight.policies.policy_record import (
    RecordedPolicy,
    parsed_policy,
    policy_in_force,
    recorded_in_force,
    recorded_policies,
)
from serving.policy.load import load_policy
from serving.policy.schema import Policy

LOOK_SECONDS = 0.2  # between looks at the record
RETRY_SECONDS = 5.0  # until a record that could not be read is read again
POLICY_UNREADABLE = "policy_unreadable"
Stamp = tuple[tuple[int, int] | None, ...]


class PolicyCache:
    """The policy in force. The record is read in a thread aside, so that no check waits.

    Lines without the signatures of two persons count for nothing. The loaded policy
    stays in force where the record is broken, lost an approved policy, or has one that cannot be
    read; `problem` names it. A policy is parsed when it is published, and is in force from
    the first check of its day (UTC) on.

    Parameters
    ----------
    lake
        The lake; None where `first` is followed whatever is published.
    first
        The policy to begin with.
    now
        The moment, naive UTC.
    """

    def __init__(self, lake: Lake | None, first: Policy, now: Callable[[], datetime]) -> None:
        self.lake, self.policy, self.now = lake, first, now
        self.problem: str | None = None
        self.known: list[RecordedPolicy] | None = None
        self.parsed: dict[str, Policy] = {}
        self.day: date | None = None
        self.read_stamp: Stamp | None = None
        self.retry_at = self.look_at = 0.0
        self.looking = threading.Lock()
        if lake is not None:
            self.refresh()

    @classmethod
    def of_lake(cls, lake: Lake, now: Callable[[], datetime]) -> PolicyCache:
        """The policies of a lake. Raises BadPolicy and LedgerDamaged where none can be read."""
        return cls(lake, policy_in_force(lake, now().date()), now)

    @classmethod
    def fixed(cls, policy: Policy) -> PolicyCache:
        """One policy for all time, as replays and tests have it."""
        return cls(None, policy, datetime.now)

    def current(self) -> Policy:
        """The policy in force, from memory."""
        if self.lake is None:
            return self.policy
        if time.monotonic() >= self.look_at and not self.looking.locked():
            self.look_at = time.monotonic() + LOOK_SECONDS
            threading.Thread(target=self.refresh, name="policy", daemon=True).start()
        if self.now().date() != self.day:
            self._choose()
        return self.policy

    def refresh(self) -> None:
        """Read the record where it changed; nothing happens while another thread does."""
        if self.lake is None or not self.looking.acquire(blocking=False):
            return
        try:
            stamp = tuple(_stamp(p) for p in (self.lake.policies, self.lake.people))
            is_due = time.monotonic() >= self.retry_at
            if stamp != self.read_stamp or (self.problem is not None and is_due):
                self.read_stamp, self.retry_at = stamp, time.monotonic() + RETRY_SECONDS
                self._read()
        finally:
            self.looking.release()

    def _read(self) -> None:
        assert self.lake is not None
        try:
            known = _verified(self.lake)
        except Exception:  # whatever is wrong with it, the loaded policy answers
            self.problem = POLICY_UNREADABLE
            return
        if self.parsed.keys() - {p.policy_id for p in known if p.approved_at}:
            self.problem = POLICY_UNREADABLE
            return
        self.problem = None
        for one in known:
            if one.approved_at is None or one.ended_by or one.policy_id in self.parsed:
                continue
            try:
                self.parsed[one.policy_id] = parsed_policy(one)
            except Exception:  # of a later version of the product, perhaps
                self.problem = POLICY_UNREADABLE
        self.known = known
        self._choose()

    def _choose(self) -> None:
        """Take the policy of the day, where it could be read."""
        day = self.now().date()
        if self.known is not None:
            found = recorded_in_force(self.known, day)
            chosen = load_policy() if found is None else self.parsed.get(found.policy_id)
            if chosen is None:
                self.problem = POLICY_UNREADABLE
            elif chosen.sha256 != self.policy.sha256:
                self.policy = chosen
        self.day = day


def _verified(lake: Lake) -> list[RecordedPolicy]:
    """The policies of a record whose lines follow one another. Raises LedgerDamaged."""
    if lake.policies.exists() and (line := first_broken_line(lake.policies)) is not None:
        raise LedgerDamaged(f"line {line} of {lake.policies} does not follow from those before")
    return recorded_policies(lake)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
