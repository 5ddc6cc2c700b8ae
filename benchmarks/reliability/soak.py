"""A long load of all that the service answers: nothing fails, nothing grows, nothing is lost."""

from __future__ import annotations

import tempfile
import time
from itertools import count
from pathlib import Path

from benchmarks.harness.figures import Row
from benchmarks.reliability.attack import Scale, attack_row
from benchmarks.reliability.served.client import Outcome, Requests, http_request, load
from benchmarks.reliability.served.process import (
    OPERATORS,
    Service,
    publish_order_lake,
    running_service,
)
from serving.ledger.answer_segments import all_segments
from serving.ledger.hash_chain import GENESIS_DIGEST, first_broken_line, last_digest, read_records

CONNECTIONS = 16
MINUTES_OF_A_SESSION = 30


def rows(scale: Scale) -> list[Row]:
    """Mixed requests for twenty minutes."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        lake = publish_order_lake(folder / "lake")
        with running_service(lake, folder / "log") as service:
            return soak_service(service, scale)


def soak_service(service: Service, scale: Scale) -> list[Row]:
    """Rows of a service under a long load."""
    seconds, acknowledged = scale.pick(3, 1200), set[str]()
    _load(service, scale.pick(1, 60), acknowledged)
    memory, files = service.resident_megabytes(), service.open_files()
    outcome = _load(service, seconds, acknowledged)
    time.sleep(1)  # what was in work when the load ended is written
    memory, files = service.resident_megabytes() - memory, service.open_files() - files
    traces, ledger = service.tracebacks(), service.lake.answers
    broken, head, answers = 0, GENESIS_DIGEST, set[str]()
    for path in all_segments(ledger):
        broken += first_broken_line(path, head) is not None
        head = last_digest(path)
        answers |= {r["request_id"] for r in read_records(path)}
    failed = sum(n for status, n in outcome.statuses.items() if status >= 500 or not status)
    lost = len(acknowledged - answers)
    asked = f"{sum(outcome.statuses.values())} requests in {seconds} s"
    figures = (
        ("failed", f"Answers 5xx and connections that ended, of {asked}", failed, "<= 0"),
        (
            "lost",
            f"Acknowledged boost checks that the ledger lacks, of {len(acknowledged)}",
            lost,
            "<= 0",
        ),
        ("broken", "Files of the chain that do not follow the one before", broken, "<= 0"),
        ("memory", f"Megabytes by which memory grew, {asked}", round(memory, 1), "<= 150"),
        ("files", "Open files more than before", files, "<= 10"),
        ("tracebacks", "Tracebacks in the log of the service", traces, "<= 0"),
    )
    return [
        attack_row(f"soak-{name}", what, figure, target, scale=scale)
        for name, what, figure, target in figures
    ]


def _load(service: Service, seconds: float, acknowledged: set[str]) -> Outcome:
    run = time.monotonic_ns()
    return load(
        service.port, lambda i: _mixed(service, f"{run}-{i}", acknowledged), CONNECTIONS, seconds
    )


def _mixed(service: Service, name: str, acknowledged: set[str]) -> Requests:
    """Minutes, checks of known and unknown operators, views, probes and bad requests."""
    key = service.keys[0]
    for i in count():
        session, operator = f"s{name}-{i % 5}", f"op{i % OPERATORS}"
        check = {"requestId": f"{name}-{i}", "operatorId": operator}
        minute = {"minute": i % MINUTES_OF_A_SESSION, "viewers": 20.0, "joins": 4.0}
        sent = {"operatorId": "op1", "minutes": [minute]}
        if (yield http_request("POST", "/v1/boost-check", key, check)) == 200:
            acknowledged.add(check["requestId"])
        yield http_request("PUT", f"/v1/sessions/{session}/minutes", key, sent)
        yield http_request("GET", f"/v1/operators/{operator}", key)
        yield http_request("POST", "/v1/boost-check", key, check | {"surprise": 1})
        yield http_request("GET", "/v1/credit/op1", None)
        yield http_request("POST", "/v1/boost-check", "sk_wrong", check)
