"""Clients that wait as long as a refusal says keep a service busy, in simulated time."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from serving.gate.server.admission import Admission
from tests.serving.gate.server.conftest import LIMITS
from tests.serving.gate.server.test_admission import Clock


class OneWorker:
    """A service in simulated time: requests end one after another, except while it stalls.

    Patient clients ask again when they are answered, or after the seconds of a refusal.
    """

    def __init__(self, clients: int, per_second: float, stalls: list[tuple[float, float]]) -> None:
        self.clock, self.events, self.log = Clock(), [], Counter()
        self.each, self.stalls, self.free_at, self.number = 1 / per_second, stalls, 0.0, 0
        self.admission = Admission(replace(LIMITS, work=64, work_per_key=48), self.clock)
        for _ in range(clients):
            self.after(0.0, self.ask)

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        self.number += 1
        heapq.heappush(self.events, (self.clock.now + seconds, self.number, act))

    def ask(self) -> None:
        self.admission.submit(PatientRequest(self))

    def ends_at(self) -> float:
        """When the next request ends: after those before it, and not during a stall."""
        end = max(self.free_at, self.clock.now) + self.each
        for begin, stop in self.stalls:
            end = stop + self.each if begin <= end < stop else end
        self.free_at = end
        return end

    def run(self, seconds: float) -> None:
        while self.events and self.events[0][0] < seconds:
            self.clock.now, _, act = heapq.heappop(self.events)
            act()


class PatientRequest:
    caller = "key"

    def __init__(self, service: OneWorker) -> None:
        self.service = service

    def is_gone(self) -> bool:
        return False

    def begin(self) -> None:
        self.service.after(self.service.ends_at() - self.service.clock.now, self.end)

    def end(self) -> None:
        self.service.log[int(self.service.clock.now)] += 1
        self.service.after(0.0, self.service.ask)
        self.service.admission.finish(self.caller)

    def turn_away(self) -> None:
        wait = self.service.admission.retry_seconds(self.caller)
        self.service.log["refused"] += 1
        self.service.after(wait, self.service.ask)


def test_patient_clients_keep_a_service_busy_after_stalls():
    """Six stalls of 2.5 s: of what the service could do beside them, 95 % is done."""
    stalls = [(5.0 + 10 * i, 7.5 + 10 * i) for i in range(6)]
    service = OneWorker(640, 500.0, stalls)
    service.run(60.0)
    done = sum(n for second, n in service.log.items() if second != "refused")
    assert done >= 0.95 * 500 * (60 - 6 * 2.5)


def test_patient_clients_beyond_the_limit_of_waiting_keep_a_service_busy():
    """Four times as many clients as may wait: refusals are spread, and no second is idle."""
    service = OneWorker(4000, 500.0, [])
    service.run(60.0)
    assert service.log["refused"] > 1000
    assert min(service.log[second] for second in range(60)) >= 0.95 * 500
