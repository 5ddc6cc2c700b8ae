"""Events for receivers, read from the records of the lake, so that acts of the shell count too."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_contracts.lake import Lake
from data_contracts.runs import published_runs
from data_contracts.verification.manifest import MANIFEST
from serving.desk.desk import Desk
from serving.desk.store.tables.inbox import WebhookDeliveryRow, WebhookTargetRow
from serving.ledger.hash_chain import read_records
from serving.oversight.appeals.appeal_record import list_appeals
from serving.oversight.measures.manual_measures import list_measures
from serving.oversight.measures.state import PROPOSED, UNDONE

CASE_OPENED, MEASURE_IN_FORCE = "case.opened", "measure.in_force"
APPEAL_DECIDED, NIGHT_PUBLISHED = "appeal.decided", "night.published"
KINDS = (CASE_OPENED, MEASURE_IN_FORCE, APPEAL_DECIDED, NIGHT_PUBLISHED)
PING = "ping"  # what the button of the page sends


@dataclass(frozen=True)
class Event:
    """An event: kind, id of its subject, when it occurred, and ids and codes that it tells.

    Its id follows from kind and subject, so the same event has one id for all time.
    """

    kind: str
    subject: str
    occurred_at: datetime
    data: dict[str, Any]

    @property
    def id(self) -> str:
        """The id of the event."""
        return "e" + hashlib.sha256(f"{self.kind}|{self.subject}".encode()).hexdigest()[:40]

    @property
    def payload(self) -> dict[str, Any]:
        """The body that receivers get."""
        at = self.occurred_at.astimezone(UTC).isoformat(timespec="seconds")
        return {"id": self.id, "type": self.kind, "occurredAt": at, "data": self.data}


def events_of(lake: Lake, now: datetime) -> Iterator[Event]:
    """All events that the records of a lake hold at a moment, naive UTC."""
    for m in list_measures(lake, now):
        if m["status"] in (PROPOSED, UNDONE):
            continue
        data = {
            "measureId": m["measure_id"],
            "subjectKind": m["subject_kind"],
            "subjectId": m["subject_id"],
            "code": m["code"],
            "from": m["effective_from"],
            "to": m["effective_to"],
            "policyVersion": m["policy_version"],
        }
        yield Event(MEASURE_IN_FORCE, m["measure_id"], _utc(m["effective_from"]), data)
    for a in list_appeals(lake, now):
        if a.verdict is None or a.decided_at is None:
            continue
        data = {
            "appealId": a.appeal_id,
            "operatorId": a.operator_id,
            "measureId": a.measure_id,
            "verdict": a.verdict,
        }
        yield Event(APPEAL_DECIDED, a.appeal_id, _utc(a.decided_at), data)
    for night, run_id in published_runs(lake).items():
        manifest = lake.run(run_id) / MANIFEST
        if manifest.exists():
            at = datetime.fromtimestamp(manifest.stat().st_mtime, UTC)
            yield Event(NIGHT_PUBLISHED, f"{night}|{run_id}", at, {"night": night, "runId": run_id})
    yield from _cases_opened(lake)


def record_stamps(lake: Lake) -> tuple[tuple[int, int] | None, ...]:
    """Times and sizes of the records that events are read from; equal ones have no new event."""
    paths = (lake.measures, lake.appeals, lake.people, lake.cases, lake.published_pointer)
    return tuple(
        (found.st_mtime_ns, found.st_size) if (found := _stat(path)) else None for path in paths
    )


def collect_events(desk: Desk) -> int:
    """Put events into the outbox that receivers still lack; returns how many were added.

    A receiver gets what occurred since it was added, and each event once.
    """
    with desk.database.snapshot() as session:
        targets = _targets(session)
        known = {
            (d.target_id, d.event_id)
            for d in session.execute(
                select(WebhookDeliveryRow.target_id, WebhookDeliveryRow.event_id)
            )
        }
    if not targets:
        return 0
    missing = [
        (t, e)
        for e in events_of(desk.lake, desk.naive_now())
        for t in targets
        if e.kind in t.kinds and e.occurred_at >= t.made_at.replace(microsecond=0)
        if (t.id, e.id) not in known
    ]
    with desk.database.transaction() as session:
        return sum(add_delivery(session, target, event, desk.clock()) for target, event in missing)


def add_delivery(session: Session, target: WebhookTargetRow, event: Event, now: datetime) -> bool:
    """Put one event for a receiver into the outbox; whether it was not there."""
    same = select(WebhookDeliveryRow.id).where(
        WebhookDeliveryRow.target_id == target.id, WebhookDeliveryRow.event_id == event.id
    )
    if session.scalar(same) is not None:
        return False
    session.add(
        WebhookDeliveryRow(
            target_id=target.id,
            event_id=event.id,
            kind=event.kind,
            payload=event.payload,
            occurred_at=event.occurred_at,
            attempts=0,
            due_at=now,
        )
    )
    session.flush()
    return True


def _cases_opened(lake: Lake) -> Iterator[Event]:
    """Cases that were opened at the desk. Why a case was opened is not told: some are checks."""
    for r in read_records(lake.cases):
        if r.get("event") != "opened":
            continue
        for case_id in r["cases"]:
            operator = r["entries"][case_id]["operator_id"]
            data = {"caseId": case_id, "operatorId": operator, "night": r["night"]}
            yield Event(CASE_OPENED, case_id, _utc(r["at"]), data)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _targets(session: Session) -> list[WebhookTargetRow]:
    query = select(WebhookTargetRow).where(WebhookTargetRow.disabled_at.is_(None))
    return list(session.scalars(query))


def _utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
