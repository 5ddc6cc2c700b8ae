"""A circuit breaker: a dependency that fails is left alone for a moment, then asked once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import Enum

MAX_FAILURES = 3  # in succession; a deadline that passed opens at once
OPEN_SECONDS = 0.5


class BreakerState(Enum):
    """Whether calls go through: all, none, or one that tries."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitBreaker:
    """State of one dependency, shared by all threads that call it.

    Parameters
    ----------
    name
        Name in metrics and in readiness.
    clock
        Monotonic seconds.

    Examples
    --------
    >>> breaker = CircuitBreaker("store")
    >>> breaker.failed(at_once=True)
    >>> breaker.admits(), breaker.state.value
    (False, 'open')
    """

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.name, self.clock, self.lock = name, clock, threading.Lock()
        self.state = BreakerState.CLOSED
        self.failures = self.opened = 0
        self.retry_at = 0.0

    def refuses(self) -> bool:
        """Whether a call would be refused now; changes nothing."""
        return self.state is not BreakerState.CLOSED and self.clock() < self.retry_at

    def admits(self) -> bool:
        """Whether a call may be made now; one call in each half second tries a broken dependency.

        The caller reports the outcome. A try that never ends holds up the next for half a second.
        """
        if self.state is BreakerState.CLOSED:
            return True
        with self.lock:
            if self.state is BreakerState.CLOSED:
                return True
            if self.clock() < self.retry_at:
                return False
            self.state, self.retry_at = BreakerState.HALF_OPEN, self.clock() + OPEN_SECONDS
            return True

    def succeeded(self) -> None:
        """Report an answer: the dependency is well."""
        if self.failures or self.state is not BreakerState.CLOSED:
            with self.lock:
                self.state, self.failures = BreakerState.CLOSED, 0

    def failed(self, at_once: bool = False) -> None:
        """Report a failure; `at_once` for a deadline that passed, which costs every caller time."""
        with self.lock:
            self.failures += 1
            if at_once or self.state is not BreakerState.CLOSED or self.failures >= MAX_FAILURES:
                self.opened += self.state is BreakerState.CLOSED
                self.state, self.retry_at = BreakerState.OPEN, self.clock() + OPEN_SECONDS
