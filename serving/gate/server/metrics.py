"""Request metrics for Prometheus: answers by route and status, seconds by route."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

BUCKET_BOUNDS_SECONDS = (
    0.001,
    0.002,
    0.005,
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.5,
    1.0,
    2.0,
    5.0,
)  # seconds


class RequestMetrics(Collector):
    """Answers by route and status, and seconds by route."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], int] = {}
        self.seconds: dict[str, float] = {}
        self.buckets: dict[str, list[int]] = {}

    def add(self, route: str, status: int, seconds: float | None) -> None:
        """Count one answer; `seconds` is None for a request that was turned away."""
        key = route, str(status)
        self.answers[key] = self.answers.get(key, 0) + 1
        if seconds is not None:
            self.seconds[route] = self.seconds.get(route, 0.0) + seconds
            self.buckets.setdefault(route, [0] * (len(BUCKET_BOUNDS_SECONDS) + 1))[
                bisect_left(BUCKET_BOUNDS_SECONDS, seconds)
            ] += 1

    def collect(self) -> Iterator[CounterMetricFamily | HistogramMetricFamily]:
        """The metrics, as Prometheus reads them."""
        requests = CounterMetricFamily(
            "steelyard_requests", "Requests by route and status", labels=["route", "status"]
        )
        for (route, status), count in sorted(self.answers.items()):
            requests.add_metric([route, status], count)
        durations = HistogramMetricFamily(
            "steelyard_seconds", "Seconds to answer", labels=["route"]
        )
        for route, counts in sorted(self.buckets.items()):
            ends = [*map(str, BUCKET_BOUNDS_SECONDS), "+Inf"]
            durations.add_metric(
                [route], list(zip(ends, accumulate(counts), strict=True)), self.seconds[route]
            )
        yield requests
        yield durations
