"""Token buckets: how many requests a caller may ask a second, and how many at once."""

from __future__ import annotations

from collections import OrderedDict


class TokenBuckets:
    """One bucket a caller; memory is bounded.

    Parameters
    ----------
    per_second : float
        Tokens that a bucket gains a second.
    burst : float
        Tokens of a full bucket.
    callers : int
        Buckets that are kept. The one that was used longest ago is dropped for another caller.

    Examples
    --------
    >>> buckets = TokenBuckets(per_second=2.0, burst=1.0)
    >>> buckets.take("a", 0.0), buckets.take("a", 0.0), buckets.take("a", 0.5)
    (0.0, 0.5, 0.0)
    """

    def __init__(self, per_second: float, burst: float, callers: int = 10_000) -> None:
        self.per_second, self.burst, self.callers = per_second, burst, callers
        self.levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str, now: float) -> float:
        """Take one token; returns 0, or the seconds until there is one."""
        level, since = self.levels.get(caller, (self.burst, now))
        level = min(self.burst, level + (now - since) * self.per_second)
        wait = 0.0 if level >= 1.0 else (1.0 - level) / self.per_second
        self.levels[caller] = (level - 1.0 if wait == 0.0 else level, now)
        self.levels.move_to_end(caller)
        if len(self.levels) > self.callers:
            self.levels.popitem(last=False)
        return wait
