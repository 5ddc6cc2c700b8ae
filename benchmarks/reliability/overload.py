"""More than a service can take: ten times the connections, slow bodies, floods, half-open ones."""

from __future__ import annotations

import socket
import tempfile
import time
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks.harness.figures import Row
from benchmarks.reliability.attack import Scale, attack_row
from benchmarks.reliability.served.client import (
    Outcome,
    Requests,
    ask_once,
    boost_checks,
    http_request,
    load,
)
from benchmarks.reliability.served.process import (
    OPERATORS,
    Service,
    publish_order_lake,
    running_service,
)

PEAK_CONNECTIONS = 64
TIMES = 10
PROBE_PAUSE_SECONDS = 0.1  # probes measure the service, they do not load it
SLOW_BODIES = 70
HALF_OPEN = 1500
FLOOD_BYTES = 20_000_000
GET = b"GET /v1/credit/a HTTP/1.1\r\nhost: a\r\n"
POST = b"POST /v1/boost-check HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
CHUNKED = POST + b"transfer-encoding: chunked\r\nx-api-key: %b\r\n\r\n"
FLOODS = (
    (GET + b"x: ", b"a" * 65536),
    (GET, b"".join(b"h%d: v\r\n" % i for i in range(10_000))),
    (b"GET /", b"a" * 65536),
    (CHUNKED, b"10000\r\n" + b"a" * 65536 + b"\r\n"),
    (CHUNKED + b"1;", b"x" * 65536),
    (CHUNKED + b"1\r\n{\r\n0\r\n", b"t: v\r\n" * 5000),
    (POST + b"content-length: 100000000\r\nx-api-key: %b\r\n\r\n", b"a" * 65536),
)

REASONS = {
    "goodput": "clients ask again at once after each refusal, and a refusal costs about a sixth of "
    "an answer; refusing in C, or a proxy in front, would raise it",
    "patient": "ten times the connections share two cores with their clients; a refused client "
    "waits whole seconds",
}
Figures = dict[str, tuple[str, float, str | None]]


def rows(scale: Scale) -> list[Row]:
    """Attack a running service."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        lake = publish_order_lake(folder / "lake")
        with running_service(lake, folder / "log") as service:
            return attack_service(service, scale)


def attack_service(service: Service, scale: Scale) -> list[Row]:
    """Rows of a service that is overloaded, flooded and left half-open."""
    found = _overload(service, scale) | _slow_bodies(service)
    found |= _floods(service) | _half_open(service, scale)
    found["failed"] = ("Probes of 20 not answered at the end", _failed_probes(service), "<= 0")
    found["tracebacks"] = ("Tracebacks in the log of the service", service.tracebacks(), "<= 0")
    return [
        attack_row(f"overload-{name}", what, figure, target, scale=scale, why=REASONS.get(name))
        for name, (what, figure, target) in found.items()
    ]


def _checks(service: Service, name: str, key: int = 0) -> Requests:
    return boost_checks(service.keys[key], f"{name}{time.monotonic_ns()}", OPERATORS)


def _flood_of_one_key(
    service: Service, connections: int, seconds: float, is_patient: bool = False
) -> Outcome:
    def requests(connection: int) -> Requests:
        return _checks(service, f"o{connection}-")

    return load(service.port, requests, connections, seconds, is_patient=is_patient)


def _overload(service: Service, scale: Scale) -> Figures:
    """Goodput at the peak and at ten times its connections; others ask meanwhile."""
    seconds, peak_seconds = scale.pick(3, 60), scale.pick(2, 10)
    load(service.port, lambda i: _checks(service, f"w{i}-"), 16, 1.0)
    before = _flood_of_one_key(service, PEAK_CONNECTIONS, peak_seconds)
    connections = TIMES * PEAK_CONNECTIONS
    with get_context("spawn").Pool(1) as pool:
        flood = pool.apply_async(_flood_of_one_key, (service, connections, seconds))
        refused, other = _asked_meanwhile(service, seconds - 1)
        over = flood.get()
    patient = _flood_of_one_key(service, connections, seconds, is_patient=True)
    after = _flood_of_one_key(service, PEAK_CONNECTIONS, peak_seconds)
    peak = (before.goodput() + after.goodput()) / 2
    refused += [s for status in (429, 503) for s in over.seconds.get(status, [])]
    answered = [s for status, s in other if status == 200]
    failed = sum(n for status, n in over.statuses.items() if status >= 500 or status == 0)
    waited = sum(patient.statuses[status] for status in (429, 503))
    at = f"at {connections} connections of one key for {seconds} s"
    return {
        "goodput": (
            f"Boost checks answered a second {at}, over those at {PEAK_CONNECTIONS} ({peak:.0f})",
            round(over.goodput() / peak, 3),
            ">= 0.8",
        ),
        "patient": (
            f"The same where {connections} connections wait as long as Retry-After says "
            f"({waited} refused)",
            round(patient.goodput() / peak, 3),
            ">= 0.8",
        ),
        "refusals": (
            f"p99 of {len(refused)} refusals in ms, {at}",
            round(float(np.quantile(refused, 0.99)) * 1e3, 1) if refused else 0.0,
            "<= 20",
        ),
        "errors": (f"Answers 5xx and connections that ended, {at}", failed, "<= 0"),
        "starved": (
            f"Checks of another key that were not answered, of {len(other)}, {at}",
            len(other) - len(answered),
            "<= 0",
        ),
        "other-key": (
            f"Median of a check of another key in ms, {at}",
            round(float(np.median(answered)) * 1e3, 1),
            None,
        ),
    }


def _asked_meanwhile(
    service: Service, seconds: float
) -> tuple[list[float], list[tuple[int, float]]]:
    """Seconds of refusals, and checks of another key.

    A body that is announced too large is refused always, the public route beyond its rate.
    """
    too_large = POST + b"content-length: 100000000\r\nx-api-key: %b\r\n\r\n"
    too_large = too_large.replace(b"%b", service.keys[0].encode())
    refused, other, requests = [], [], _checks(service, "other-", 1)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for data in (too_large, http_request("GET", "/v1/credit/op1", None)) * 10:
            status, spent = ask_once(service.port, data)
            if status in {413, 429}:
                refused.append(spent)
        other.append(ask_once(service.port, next(requests)))
        time.sleep(PROBE_PAUSE_SECONDS)
    return refused, other


def _slow_bodies(service: Service) -> Figures:
    head = POST + b"content-length: 100\r\nx-api-key: %b\r\n\r\n{" % service.keys[0].encode()
    slow = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(SLOW_BODIES)]
    for one in slow:
        one.sendall(head)
    asked = [ask_once(service.port, next(_checks(service, "s", key)))[0] for key in (0, 1) * 10]
    for one in slow:
        one.close()
    return {
        "slow-bodies": (
            f"Checks not answered, of {len(asked)}, beside {SLOW_BODIES} slow bodies of one key",
            sum(status != 200 for status in asked),
            "<= 0",
        )
    }


def _floods(service: Service) -> Figures:
    """Floods of headers and bodies: none is answered with success, none is kept."""
    accepted, before = 0, service.resident_megabytes()
    for begin, repeated in FLOODS:
        start = begin.replace(b"%b", service.keys[0].encode())
        with socket.create_connection(("127.0.0.1", service.port)) as made:
            made.settimeout(5)
            sent, answer = len(start), b""
            with suppress(OSError):
                made.sendall(start)
                while sent < FLOOD_BYTES:
                    made.sendall(repeated)
                    sent += len(repeated)
            with suppress(OSError):
                answer = made.recv(65536)
            accepted += answer.startswith(b"HTTP") and not answer.startswith(b"HTTP/1.1 4")
    grown = max(0.0, service.resident_megabytes() - before)
    what = f"{len(FLOODS)} floods of headers, paths, chunks and trailers, 20 MB each"
    return {
        "floods": (f"Accepted of {what}", accepted, "<= 0"),
        "floods-memory": (f"Megabytes by which {what}, let memory grow", round(grown, 1), "<= 20"),
    }


def _half_open(service: Service, scale: Scale) -> Figures:
    count, made = scale.pick(300, HALF_OPEN), []
    with suppress(OSError):
        for _ in range(count):
            made.append(socket.create_connection(("127.0.0.1", service.port)))
            made[-1].sendall(b"GET / HT")
    status, spent = ask_once(service.port, http_request("GET", "/healthz", None))
    waited = time.monotonic() + 10
    while service.open_files() > 100 and time.monotonic() < waited:
        time.sleep(0.2)
    left = service.open_files()
    for one in made:
        one.close()
    return {
        "half-open": (
            f"Milliseconds to /healthz beside {count} half-open connections",
            round(spent * 1e3, 1) if status == 200 else float("inf"),
            "<= 1000",
        ),
        "half-open-left": ("Open files of the service ten seconds later", left, "<= 100"),
    }


def _failed_probes(service: Service) -> int:
    probe = http_request("GET", "/healthz", None)
    return sum(ask_once(service.port, probe)[0] != 200 for _ in range(20))
