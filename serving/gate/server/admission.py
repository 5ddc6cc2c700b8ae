"""Admission: which request is worked on next, and which is turned away before it costs much.

Requests wait in one lane a caller and lanes take turns, so no caller starves another. A request is
turned away on arrival while the oldest of its lane has waited too long. ADR-0202.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Protocol

from serving.policy.service_policy import ServicePolicy


class Arrival(Protocol):
    """A request that has arrived whole."""

    caller: str

    def is_gone(self) -> bool:
        """Whether its connection is closed."""

    def begin(self) -> None:
        """Start work; `Admission.finish` is called at its end."""

    def turn_away(self) -> None:
        """Refuse it."""


class Admission:
    """Lanes of waiting requests and the requests that are worked on.

    Parameters
    ----------
    policy
        Limits of work, waiting and memory.
    clock
        Seconds of a clock that never goes back.
    """

    def __init__(self, policy: ServicePolicy, clock: Callable[[], float] = time.monotonic) -> None:
        self.policy, self.clock = policy, clock
        self.max_bytes = policy.body_megabytes * 1_000_000
        self.lanes: OrderedDict[str, deque[tuple[float, Arrival]]] = OrderedDict()
        self.working: dict[str, int] = {}
        self.bytes_of: dict[str, int] = {}
        self.waiting = self.in_work = self.bytes_held = 0

    def is_full_for(self, caller: str) -> bool:
        """Whether a request of a caller would be turned away: it would wait too long."""
        if self.bytes_held > self.max_bytes or self.bytes_of.get(caller, 0) > self.max_bytes / 2:
            return True
        lane = self.lanes.get(caller)
        return lane is not None and self.clock() - lane[0][0] > self.policy.wait_seconds

    def hold(self, caller: str, size: int) -> None:
        """Count bytes of a body in memory; a negative size gives them back."""
        self.bytes_held += size
        left = self.bytes_of.get(caller, 0) + size
        if left > 0:
            self.bytes_of[caller] = left
        else:
            self.bytes_of.pop(caller, None)

    def submit(self, arrival: Arrival) -> None:
        """Begin a request now, let it wait for its turn, or turn it away."""
        if not self.waiting and self._may_begin(arrival.caller):
            self._begin(arrival)
        elif self.is_full_for(arrival.caller):
            arrival.turn_away()
        else:
            lane = self.lanes.setdefault(arrival.caller, deque())
            lane.append((self.clock(), arrival))
            self.waiting += 1
            self._begin_waiting()

    def finish(self, caller: str) -> None:
        """Work on a request of a caller has ended."""
        self.in_work -= 1
        left = self.working[caller] - 1
        if left:
            self.working[caller] = left
        else:
            del self.working[caller]
        if self.waiting:
            self._begin_waiting()

    def _may_begin(self, caller: str) -> bool:
        return (
            self.in_work < self.policy.work
            and self.working.get(caller, 0) < self.policy.work_per_key
        )

    def _begin(self, arrival: Arrival) -> None:
        self.in_work += 1
        self.working[arrival.caller] = self.working.get(arrival.caller, 0) + 1
        arrival.begin()

    def _begin_waiting(self) -> None:
        """Begin waiting requests, one a lane in turn, while there is room."""
        at_limit = 0
        while self.lanes and self.in_work < self.policy.work and at_limit < len(self.lanes):
            caller, lane = next(iter(self.lanes.items()))
            self.lanes.move_to_end(caller)
            if self.working.get(caller, 0) >= self.policy.work_per_key:
                at_limit += 1
                continue
            at_limit = 0
            _, arrival = lane.popleft()
            self.waiting -= 1
            if not lane:
                del self.lanes[caller]
            if not arrival.is_gone():
                self._begin(arrival)
