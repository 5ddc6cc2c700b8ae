"""Webhooks: signed, at least once under one id, and never into a private network."""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import threading
from datetime import timedelta

import pytest

from data_contracts.runs import read_outbound
from serving.desk.accounts.account import Account
from serving.desk.cases.night_cases import open_night
from serving.desk.inbox import webhook_address, webhook_delivery, webhook_targets
from serving.desk.inbox.webhook_address import AddressRefused, check_address
from serving.desk.inbox.webhook_delivery import BACKOFF_SECONDS, MAX_ATTEMPTS, deliver_due
from serving.desk.inbox.webhook_events import (
    APPEAL_DECIDED,
    CASE_OPENED,
    MEASURE_IN_FORCE,
    NIGHT_PUBLISHED,
    collect_events,
)
from serving.oversight.appeals.appeal_decisions import AppealDecision, decide_appeal
from serving.oversight.appeals.appeal_record import open_appeal

ACTS = (APPEAL_DECIDED, MEASURE_IN_FORCE)
ROOT = Account("1" * 32, "root", ("administrator",), "en")


class Receiver(http.server.BaseHTTPRequestHandler):
    """Keeps what it got, and answers with the next status of a list, then 200."""

    got: list = []
    statuses: list = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.got.append((dict(self.headers), body))
        self.send_response(self.statuses.pop(0) if self.statuses else 200)
        self.end_headers()

    def log_message(self, *words):
        pass


@pytest.fixture
def receiver():
    Receiver.got, Receiver.statuses = [], []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook?x=1"
    server.shutdown()
    server.server_close()


@pytest.fixture
def target(desk, receiver):
    return webhook_targets.add_target(desk, receiver, ACTS, ROOT)


def win_appeal(desk, people) -> str:
    """An appeal that a reviewer decides now."""
    people.add("judge", "reviewer")
    now = desk.naive_now()
    operator = str(read_outbound(desk.lake, "measures")["operator_id"].iloc[0])
    made = open_appeal(desk.lake, operator, None, "a celebrity came", "shop", now, desk.policy)
    decision = AppealDecision("error", people.signer("judge"), "raid")
    decide_appeal(desk.lake, made.appeal_id, decision, now, desk.policy)
    return made.appeal_id


def test_event_is_signed_and_has_one_id(desk, people, target):
    """An appeal decided by any way reaches the receiver once, signed over moment and body."""
    appeal = win_appeal(desk, people)
    assert collect_events(desk) == 1 and collect_events(desk) == 0
    assert deliver_due(desk) == 1 and deliver_due(desk) == 0
    (headers, body) = Receiver.got[0]
    event = json.loads(body)
    assert event["type"] == "appeal.decided" and event["data"]["appealId"] == appeal
    assert headers["steelyard-event-id"] == event["id"]
    moment, given = (p.split("=")[1] for p in headers["steelyard-signature"].split(","))
    text = f"{moment}.".encode() + body
    assert given == hmac.new(target.secret.encode(), text, hashlib.sha256).hexdigest()
    assert abs(int(moment) - desk.clock().timestamp()) < 1
    assert len(Receiver.got) == 1


def test_failed_delivery_comes_again_later_under_the_same_id(desk, people, target, clock):
    """It waits longer after each failure, and is given up after the last of them."""
    win_appeal(desk, people)
    collect_events(desk)
    Receiver.statuses = [500, 302]
    assert deliver_due(desk) == 0 and deliver_due(desk) == 0  # not due yet
    clock.advance(seconds=BACKOFF_SECONDS[0])
    assert deliver_due(desk) == 0
    clock.advance(seconds=BACKOFF_SECONDS[1])
    assert deliver_due(desk) == 1
    assert len({h["steelyard-event-id"] for h, _ in Receiver.got}) == 1 and len(Receiver.got) == 3
    assert Receiver.got[0][0]["steelyard-signature"] != Receiver.got[2][0]["steelyard-signature"]


def test_delivery_is_given_up_and_sent_again_by_hand(desk, people, target, clock):
    """Nothing is lost: the page lists it, and its button makes it due again."""
    win_appeal(desk, people)
    collect_events(desk)
    for _ in range(MAX_ATTEMPTS):
        deliver_due(desk, lambda *_: 503)
        clock.advance(days=1)
    with desk.database.transaction() as session:
        ((row, _),) = webhook_targets.list_deliveries(session)
        assert (row.attempts, row.due_at, row.last_status) == (MAX_ATTEMPTS, None, 503)
        webhook_delivery.send_again(session, row.id, desk.clock())
    assert deliver_due(desk) == 1


def test_two_workers_send_a_delivery_once(desk, people, target):
    """What one worker claimed is not due for another, even before it was answered."""
    win_appeal(desk, people)
    collect_events(desk)
    taken = []

    def slow(url, body, headers):
        taken.append(deliver_due(desk))
        return 200

    assert deliver_due(desk, slow) == 1 and taken == [0]


def test_receiver_gets_what_occurred_since_it_was_added(desk, people, receiver, clock):
    """Nights and acts of before are not sent; one that is switched off gets nothing."""
    win_appeal(desk, people)
    clock.advance(hours=1)
    made = webhook_targets.add_target(desk, receiver, ["appeal.decided"], ROOT)
    assert collect_events(desk) == 0
    with desk.database.transaction() as session:
        webhook_targets.ping(session, made.id, clock())
        webhook_targets.set_target(session, made.id, False, clock())
    assert deliver_due(desk) == 0
    with desk.database.transaction() as session:
        webhook_targets.set_target(session, made.id, True, clock())
    assert deliver_due(desk) == 1 and json.loads(Receiver.got[0][1])["type"] == "ping"


def test_published_nights_are_events(desk, receiver):
    """Each run of a night is one event; nights of the fixture are younger than its clock."""
    webhook_targets.add_target(desk, receiver, [NIGHT_PUBLISHED], ROOT)
    assert collect_events(desk) == 2 == deliver_due(desk)
    nights = {json.loads(b)["data"]["night"] for _, b in Receiver.got}
    assert nights == {"2026-01-19", "2026-01-20"}


def test_opened_cases_are_events_that_tell_no_origin(desk, receiver):
    """Each case of a night is one event; a check among them looks like any other."""
    webhook_targets.add_target(desk, receiver, [CASE_OPENED], ROOT)
    opened = open_night(desk)
    assert collect_events(desk) == opened > 0 == collect_events(desk)
    deliver_due(desk)
    bodies = [json.loads(b)["data"] for _, b in Receiver.got]
    assert all(set(b) == {"caseId", "operatorId", "night"} for b in bodies)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://93.184.216.34/x", "scheme"),
        ("ftp://127.0.0.1/x", "scheme"),
        ("https://10.0.0.8/x", "private"),
        ("https://192.168.1.1/x", "private"),
        ("https://169.254.169.254/latest", "private"),
        ("https://[fd00::1]/x", "private"),
        ("https://[::ffff:10.0.0.8]/x", "private"),
        ("https://[64:ff9b::a00:8]/x", "private"),
        ("https://0.0.0.0/x", "private"),
        ("https://100.64.0.1/x", "private"),
        ("https://user:word@127.0.0.1/x", "form"),
        ("https://127.0.0.1/a b", "form"),
        ("https:///x", "form"),
        ("https://no-such-host.invalid/x", "unknown_host"),
    ],
)
def test_address_that_leads_inside_is_refused(url, code):
    """Private, link-local, shared and translated addresses are no receivers."""
    with pytest.raises(AddressRefused) as refused:
        check_address(url, ())
    assert refused.value.code == code


def test_private_network_is_allowed_by_the_machine_only(monkeypatch):
    """The administrator of the machine names networks in its environment."""
    monkeypatch.setenv(webhook_address.NETWORKS_VARIABLE, "10.0.0.0/8, 192.168.1.5")
    assert check_address("https://10.0.0.8/x").address == "10.0.0.8"
    assert check_address("https://192.168.1.5:8443/x?y=1").target == "/x?y=1"
    with pytest.raises(AddressRefused):
        check_address("https://192.168.1.6/x")


def test_name_is_checked_again_before_each_event(desk, people, target, monkeypatch, clock):
    """A name that leads inside later reaches nothing, and its event waits."""
    win_appeal(desk, people)
    collect_events(desk)
    moved = [(2, 1, 6, "", ("10.0.0.8", 80))]
    monkeypatch.setattr(webhook_address.socket, "getaddrinfo", lambda *a, **k: moved)
    assert deliver_due(desk) == 0 and Receiver.got == []
    with desk.database.snapshot() as session:
        ((row, _),) = webhook_targets.list_deliveries(session)
    assert row.last_error == "address refused: scheme"
    assert row.due_at == clock() + timedelta(seconds=BACKOFF_SECONDS[0])


def test_worker_collects_and_sends_by_itself(desk, people, target):
    """A thread of the desk does both until it is stopped."""
    win_appeal(desk, people)
    stop = webhook_targets.start_webhooks(desk, seconds=0.02)
    try:
        waited = threading.Event()
        for _ in range(200):
            if Receiver.got:
                break
            waited.wait(0.05)
    finally:
        stop()
    assert len(Receiver.got) == 1
