"""Receivers of webhooks: added, switched off, tried, and what they took."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.desk.inbox.webhook_address import AddressRefused
from serving.desk.inbox.webhook_delivery import MAX_ATTEMPTS, send_again
from serving.desk.inbox.webhook_events import KINDS
from serving.desk.inbox.webhook_targets import (
    add_target,
    list_deliveries,
    list_targets,
    ping,
    set_target,
)
from serving.desk.web.addresses import url
from serving.desk.web.page import audited, needs, not_found, redirect, render


@needs("webhooks.manage")
def overview(request: Request) -> Response:
    """Receivers and the last deliveries."""
    with request.state.desk.database.snapshot() as session:
        targets, deliveries = list_targets(session), list_deliveries(session)
    return render(
        request,
        "inbox/webhooks.html.j2",
        targets=targets,
        deliveries=deliveries,
        kinds=KINDS,
        max_attempts=MAX_ATTEMPTS,
    )


@needs("webhooks.manage")
def add(request: Request) -> Response:
    """Add a receiver; its secret is shown this once."""
    desk, form = request.state.desk, request.state.form
    kinds = [str(k) for k in form.getlist("kinds") if k in KINDS]
    if not kinds:
        return redirect(request, url("webhooks"), "webhooks.kinds_missing")
    try:
        made = add_target(desk, str(form.get("url", "")).strip(), kinds, request.state.account)
    except AddressRefused as refused:
        return redirect(request, url("webhooks"), f"webhooks.refused_{refused.code}")
    audited(request, "webhook_added", made.url)
    request.state.answer_is_secret = True
    return render(request, "inbox/webhook_added.html.j2", target=made)


@needs("webhooks.manage")
def change(request: Request) -> Response:
    """Switch a receiver on or off, or send it an event that tells nothing."""
    desk, act = request.state.desk, str(request.state.form.get("act", ""))
    target, now = request.path_params["id"], request.state.desk.clock()
    with desk.database.transaction() as session:
        if act == "ping":
            is_known = ping(session, target, now)
        else:
            is_known = act in ("on", "off") and set_target(session, target, act == "on", now)
    if not is_known:
        return not_found(request)
    audited(request, f"webhook_{act}", target)
    return redirect(request, url("webhooks"), f"webhooks.did_{act}")


@needs("webhooks.manage")
def again(request: Request) -> Response:
    """Send a delivery again that was given up."""
    desk, delivery = request.state.desk, request.path_params["id"]
    with desk.database.transaction() as session:
        is_known = delivery.isdigit() and send_again(session, int(delivery), desk.clock())
    if not is_known:
        return not_found(request)
    return redirect(request, url("webhooks"), "webhooks.did_ping")


ROUTES = (
    Route("/webhooks", overview),
    Route("/webhooks/targets", add, methods=["POST"]),
    Route("/webhooks/targets/{id:segment}", change, methods=["POST"]),
    Route("/webhooks/deliveries/{id:segment}/again", again, methods=["POST"]),
)
