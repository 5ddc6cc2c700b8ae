"""Sends events from the outbox: signed, to a checked address, again until the receiver has it."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.desk.desk import Desk
from serving.desk.inbox.webhook_address import AddressRefused, check_address
from serving.desk.inbox.webhook_secrets import secret_of
from serving.desk.store.tables.inbox import WebhookDeliveryRow, WebhookTargetRow

TIMEOUT_SECONDS = 5.0
LEASE_SECONDS = 60  # another worker leaves a delivery alone for so long
BACKOFF_SECONDS = (10, 30, 120, 600, 3_600, 21_600, 86_400)
MAX_ATTEMPTS = len(BACKOFF_SECONDS) + 1
MAX_DELIVERIES_PER_ROUND = 50
SECRET_LOST = "secret not opened: the key of the server is another one; add the receiver again"
SIGNATURE, EVENT_ID, EVENT_TYPE = "steelyard-signature", "steelyard-event-id", "steelyard-event"
Send = Callable[[str, bytes, Mapping[str, str]], int]


@dataclass(frozen=True)
class Outgoing:
    """A claimed delivery: its id, receiver, secret and body.

    `secret` is None where the key of the server does not open it.
    """

    id: int
    url: str
    secret: str | None
    event_id: str
    kind: str
    body: bytes


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """The value of the signature's header: the moment, and HMAC-SHA256 over moment and body.

    Examples
    --------
    >>> signature("s", 1, b"{}")[:12]
    't=1,v1=53bce'
    """
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"t={timestamp},v1={digest.hexdigest()}"


def deliver_due(desk: Desk, send: Send | None = None) -> int:
    """Send what is due; returns how many receivers took. A failure is due again later."""
    delivered = 0
    for outgoing in _claim(desk):
        if outgoing.secret is None:
            _note(desk, outgoing.id, None, SECRET_LOST, False)
            continue
        timestamp = int(desk.clock().timestamp())
        headers = {
            "content-type": "application/json",
            SIGNATURE: signature(outgoing.secret, timestamp, outgoing.body),
            EVENT_ID: outgoing.event_id,
            EVENT_TYPE: outgoing.kind,
        }
        status, error = None, None
        try:
            status = (send or post)(outgoing.url, outgoing.body, headers)
        except AddressRefused as refused:
            error = f"address refused: {refused.code}"
        except (OSError, http.client.HTTPException) as failed:
            error = f"{type(failed).__name__}: {failed}"[:200]
        is_taken = status is not None and 200 <= status < 300
        delivered += is_taken
        _note(desk, outgoing.id, status, error, is_taken)
    return delivered


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Post to a checked address, without following redirects; returns the status.

    Raises AddressRefused, OSError, HTTPException.
    """
    to = check_address(url)
    plain = socket.create_connection((to.address, to.port), TIMEOUT_SECONDS)
    try:
        if to.is_tls:
            context = ssl.create_default_context()
            connected: socket.socket = context.wrap_socket(plain, server_hostname=to.host)
        else:
            connected = plain
        connection = http.client.HTTPConnection(to.host, to.port, timeout=TIMEOUT_SECONDS)
        connection.sock = connected
        connection.request("POST", to.target, body, dict(headers))
        return connection.getresponse().status
    finally:
        plain.close()


def send_again(session: Session, delivery_id: int, now: datetime) -> bool:
    """Make a delivery that was not taken due now; whether there is one."""
    row = session.get(WebhookDeliveryRow, delivery_id)
    if row is None or row.delivered_at is not None:
        return False
    row.due_at, row.attempts = now, 0
    return True


def _claim(desk: Desk) -> list[Outgoing]:
    """Deliveries that are due; none of them is due again before the lease ends."""
    now = desk.clock()
    with desk.database.transaction() as session:
        query = (
            select(WebhookDeliveryRow, WebhookTargetRow)
            .join(WebhookTargetRow, WebhookTargetRow.id == WebhookDeliveryRow.target_id)
            .where(WebhookDeliveryRow.due_at <= now, WebhookTargetRow.disabled_at.is_(None))
            .order_by(WebhookDeliveryRow.id)
            .limit(MAX_DELIVERIES_PER_ROUND)
        )
        claimed = []
        for row, target in session.execute(query).tuples():
            row.due_at, row.attempts = now + timedelta(seconds=LEASE_SECONDS), row.attempts + 1
            body = json.dumps(row.payload, ensure_ascii=False, sort_keys=True).encode()
            secret = secret_of(desk.lake, target)
            claimed.append(Outgoing(row.id, target.url, secret, row.event_id, row.kind, body))
        return claimed


def _note(
    desk: Desk, delivery_id: int, status: int | None, error: str | None, is_taken: bool
) -> None:
    now = desk.clock()
    with desk.database.transaction() as session:
        row = session.get(WebhookDeliveryRow, delivery_id)
        if row is None:
            return
        row.last_status, row.last_error = status, error
        if is_taken:
            row.delivered_at, row.due_at = now, None
        elif row.attempts >= MAX_ATTEMPTS:
            row.due_at = None  # given up; the page has a button to send it again
        else:
            row.due_at = now + timedelta(seconds=BACKOFF_SECONDS[row.attempts - 1])
