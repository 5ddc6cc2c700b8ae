"""Several services on one lake, and several nights at once: one chain, one answer, one night."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from multiprocessing import get_context
from pathlib import Path

from benchmarks.harness.figures import Row
from benchmarks.reliability.attack import Scale, attack_row
from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from data_contracts.runs import locked
from serving.ledger.answer_segments import all_segments
from serving.ledger.answers import AnswerLedger
from serving.ledger.hash_chain import GENESIS_DIGEST, first_broken_line, last_digest, read_records

SERVICES = 4
SHARED_EVERY = 2  # every second request reaches all services


def rows(scale: Scale) -> list[Row]:
    """Services answer the same requests at once; each must give the answer that is on disk."""
    requests = scale.pick(60, 5000)
    with tempfile.TemporaryDirectory() as temporary:
        lake = Lake(Path(temporary))
        context = get_context("fork")
        services = [
            context.Process(target=_serve, args=(lake, s, requests)) for s in range(SERVICES)
        ]
        for service in services:
            service.start()
        for service in services:
            service.join()
        crashed = sum(service.exitcode != 0 for service in services)
        given = [
            line.split("\t")
            for s in range(SERVICES)
            for line in (lake.root / f"given-{s}").read_text().splitlines()
        ]
        records = [r for path in all_segments(lake.answers) for r in read_records(path)]
        broken, head = 0, GENESIS_DIGEST
        for path in all_segments(lake.answers):
            broken += first_broken_line(path, head) is not None
            head = last_digest(path)
        second_night = _second_night(lake)
    on_disk = {r["request_id"]: r["answer"] for r in records}
    doubled = sum(n > 1 for n in Counter(r["request_id"] for r in records).values())
    other = sum(on_disk.get(request) != answer for request, answer in given)
    figures = (
        (
            "answers",
            f"Answers of {SERVICES} services on one lake",
            len(given),
            f">= {SERVICES * requests}",
        ),
        ("doubled", "Requests that the ledger answers twice", doubled, "<= 0"),
        ("differing", "Answers given that are not those on disk", other, "<= 0"),
        ("broken", "Files of the chain that do not follow the one before", broken, "<= 0"),
        ("crashed", "Services that ended with an error", crashed, "<= 0"),
        ("nights", "Second nights that were let in beside a running one", second_night, "<= 0"),
    )
    return [
        attack_row(f"two_services-{name}", what, figure, target, scale=scale)
        for name, what, figure, target in figures
    ]


def _serve(lake: Lake, service: int, requests: int) -> None:
    """Answer requests, half of them those of all services; note what is given."""
    ledger = AnswerLedger(lake.answers)
    with (lake.root / f"given-{service}").open("w") as given:
        for i in range(requests):
            name = f"r{i}" if i % SHARED_EVERY == 0 else f"r{i}-{service}"
            one = ledger.find(name)
            if one is None:
                day = "2026-01-05" if i < requests // 2 else "2026-01-06"
                record = {"request_id": name, "answered_at": f"{day}T09:00:00"}
                one = ledger.add(record, "digest", json.dumps(service).encode())
                ledger.sync()
            given.write(f"{name}\t{one.answer.decode()}\n")


def _second_night(lake: Lake) -> int:
    """1 where a second night gets the lock of a running one, 0 where it is refused."""
    with locked(lake):
        try:
            with locked(lake):
                return 1
        except LakeProblem:
            return 0
