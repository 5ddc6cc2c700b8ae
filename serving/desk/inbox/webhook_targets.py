"""Receivers of webhooks, and the worker that serves them."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.desk.accounts.account import Account
from serving.desk.accounts.tokens import make_id
from serving.desk.desk import Desk
from serving.desk.inbox.webhook_address import check_address
from serving.desk.inbox.webhook_delivery import deliver_due
from serving.desk.inbox.webhook_events import (
    KINDS,
    PING,
    Event,
    add_delivery,
    collect_events,
    record_stamps,
)
from serving.desk.inbox.webhook_secrets import seal_secret
from serving.desk.store.tables.inbox import WebhookDeliveryRow, WebhookTargetRow

ROUND_SECONDS = 5.0
SECRET_BYTES = 32
MAX_DELIVERIES_LISTED = 50
log = structlog.get_logger("desk")


@dataclass(frozen=True)
class AddedTarget:
    """A new receiver with its secret, which the database has in encrypted form alone."""

    id: str
    url: str
    secret: str


def add_target(desk: Desk, url: str, kinds: Sequence[str], account: Account) -> AddedTarget:
    """Add a receiver; its address is checked now and again before each event.

    Raises AddressRefused, and LakeProblem where the key of the server cannot be used.
    """
    check_address(url)
    made = AddedTarget(make_id(), url, secrets.token_hex(SECRET_BYTES))
    row = WebhookTargetRow(
        id=made.id,
        url=url,
        kinds=[k for k in KINDS if k in kinds],
        secret="",
        sealed_secret=seal_secret(desk.lake, made.id, made.secret),
        made_by=account.name,
        made_at=desk.clock(),
    )
    with desk.database.transaction() as session:
        session.add(row)
    return made


def set_target(session: Session, target_id: str, is_on: bool, now: datetime) -> bool:
    """Switch a receiver on or off; whether there is one."""
    row = session.get(WebhookTargetRow, target_id)
    if row is None:
        return False
    row.disabled_at = None if is_on else row.disabled_at or now
    return True


def ping(session: Session, target_id: str, now: datetime) -> bool:
    """Send a receiver an event that tells nothing; whether there is one."""
    row = session.get(WebhookTargetRow, target_id)
    if row is None:
        return False
    return add_delivery(session, row, Event(PING, f"{row.id}|{now.isoformat()}", now, {}), now)


def list_targets(session: Session) -> list[WebhookTargetRow]:
    """Receivers, oldest first."""
    return list(session.scalars(select(WebhookTargetRow).order_by(WebhookTargetRow.made_at)))


def list_deliveries(session: Session) -> list[tuple[WebhookDeliveryRow, str]]:
    """The last deliveries with the address of their receiver, newest first."""
    query = (
        select(WebhookDeliveryRow, WebhookTargetRow.url)
        .join(WebhookTargetRow, WebhookTargetRow.id == WebhookDeliveryRow.target_id)
        .order_by(WebhookDeliveryRow.id.desc())
        .limit(MAX_DELIVERIES_LISTED)
    )
    return list(session.execute(query).tuples())


def start_webhooks(desk: Desk, seconds: float = ROUND_SECONDS) -> Callable[[], None]:
    """Collect and send events in a thread of its own; returns what stops it."""
    stopped = threading.Event()

    def work() -> None:
        collected: tuple[object, ...] = ()
        while not stopped.wait(seconds):
            try:
                stamps = record_stamps(desk.lake)
                if stamps != collected:
                    collect_events(desk)
                    collected = stamps
                deliver_due(desk)
            except Exception as error:
                log.error("webhooks failed", error=type(error).__name__)

    threading.Thread(target=work, name="webhooks", daemon=True).start()
    return stopped.set
