"""Admission: which request is worked on next, and which is turned away before it costs much.

Requests wait in one lane a caller and lanes take turns, so no caller starves another. A request is
turned away on arrival when it would wait too long. ADR-0202, ADR-0397.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from itertools import pairwise
from typing import Protocol

from serving.policy.service_policy import ServicePolicy

PACE_REQUESTS = 512  # requests begun last, which tell the pace of a lane
MIN_PACE_REQUESTS = 64  # fewer tell no pace
REQUESTS_PER_ESTIMATE = 32  # begun until a pace is estimated again
MAX_RETRY_SECONDS = 8


class Arrival(Protocol):
    """A request that has arrived whole."""

    caller: str

    def is_gone(self) -> bool:
        """Whether its connection is closed."""

    def begin(self) -> None:
        """Start work; `Admission.finish` is called at its end."""

    def turn_away(self) -> None:
        """Refuse it."""


class Lane:
    """Waiting requests of one caller, oldest first, and the pace at which they begin."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[float, Arrival]] = deque()
        self.begun: deque[float] = deque(maxlen=PACE_REQUESTS)
        self.seconds_each: float | None = None
        self.refused = self.since_estimate = 0

    def take(self, now: float) -> Arrival:
        """The oldest request, whose turn it is."""
        self.begun.append(now)
        self.since_estimate += 1
        if self.since_estimate >= REQUESTS_PER_ESTIMATE:
            self.seconds_each = None
        return self.waiting.popleft()[1]

    def predicted_wait(self, now: float, stalled_after: float) -> float:
        """Seconds until a further request would begin.

        The longest pause of the last requests is left out: one stall that is over does not count.
        While nothing has begun for `stalled_after` seconds, or too little to tell a pace, it is the
        wait of the oldest request so far.
        """
        if len(self.begun) < MIN_PACE_REQUESTS or now - self.begun[-1] > stalled_after:
            return now - self.waiting[0][0]
        if self.seconds_each is None:
            pause = max(later - earlier for earlier, later in pairwise(self.begun))
            busy = self.begun[-1] - self.begun[0] - pause
            self.seconds_each, self.since_estimate = busy / (len(self.begun) - 2), 0
        return len(self.waiting) * self.seconds_each


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
        self.lanes: OrderedDict[str, Lane] = OrderedDict()
        self.working: dict[str, int] = {}
        self.bytes_of: dict[str, int] = {}
        self.waiting = self.in_work = self.bytes_held = 0

    def is_full_for(self, caller: str) -> bool:
        """Whether a request of a caller would be turned away: it would wait too long."""
        if self.bytes_held > self.max_bytes or self.bytes_of.get(caller, 0) > self.max_bytes / 2:
            return True
        lane, limit = self.lanes.get(caller), self.policy.wait_seconds
        if lane is None or (now := self.clock()) - lane.waiting[0][0] <= limit:
            return False
        return lane.predicted_wait(now, limit) > limit

    def retry_seconds(self, caller: str) -> int:
        """Seconds after which a request that is turned away may come again.

        They are spread over the time in which the lane is expected to drain. So clients that were
        turned away together do not come back together.
        """
        lane = self.lanes.get(caller)
        if lane is None:
            return 1
        wait = lane.predicted_wait(self.clock(), self.policy.wait_seconds)
        lane.refused += 1
        return 1 + lane.refused % max(1, min(MAX_RETRY_SECONDS, math.ceil(wait)))

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
            lane = self.lanes.get(arrival.caller)
            if lane is None:
                lane = self.lanes[arrival.caller] = Lane()
            lane.waiting.append((self.clock(), arrival))
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
        at_limit, now = 0, self.clock()
        while self.lanes and self.in_work < self.policy.work and at_limit < len(self.lanes):
            caller, lane = next(iter(self.lanes.items()))
            self.lanes.move_to_end(caller)
            if self.working.get(caller, 0) >= self.policy.work_per_key:
                at_limit += 1
                continue
            at_limit = 0
            arrival = lane.take(now)
            self.waiting -= 1
            if not lane.waiting:
                del self.lanes[caller]
            if not arrival.is_gone():
                self._begin(arrival)
