"""The door of the service: who calls, how much of the service each caller may take, and counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from serving.gate.requests import MAX_BODY_BYTES
from serving.gate.server import refusals
from serving.gate.server.admission import Admission
from serving.gate.server.connections import Connections
from serving.gate.server.rate_limit import TokenBuckets
from serving.gate.server.refusals import Refusal
from serving.policy.service_policy import ServicePolicy

PROBES = (b"/healthz", b"/readyz")
PROBE_CALLER = "probes"
KEY_PREFIX, ADDRESS_PREFIX = "key ", "address "
Headers = list[tuple[bytes, bytes]]


class Door(Collector):
    """Limits, rates and lanes of one service; connections ask it.

    Parameters
    ----------
    policy
        Limits of the service.
    key_id
        Identifier of a presented key, None when it is unknown or no longer in force.
    """

    def __init__(self, policy: ServicePolicy, key_id: Callable[[str], str | None]) -> None:
        self.policy, self.key_id = policy, key_id
        self.connections, self.admission = Connections(policy), Admission(policy)
        self.keys = TokenBuckets(policy.key_per_second, policy.key_burst)
        self.addresses = TokenBuckets(policy.address_per_second, policy.address_burst)
        self.refused: dict[str, int] = {}

    def judge(
        self, url: bytes, headers: Headers, client: tuple[str, int] | None
    ) -> tuple[str, Refusal | None]:
        """The caller of a request, and why it is refused before its body is received."""
        if url in PROBES:
            return PROBE_CALLER, None
        presented, length = None, 0
        for name, value in headers:
            if name == b"x-api-key" and presented is None:
                presented = value
            elif name == b"content-length":
                length = int(value)
        if length > MAX_BODY_BYTES:
            return "", refusals.BODY_TOO_LARGE
        key = None if presented is None else self.key_id(presented.decode("latin-1"))
        if key is None:
            caller = ADDRESS_PREFIX + (client[0] if client else "")
            wait = self.addresses.take(caller, time.monotonic())
        else:
            caller = KEY_PREFIX + key
            wait = self.keys.take(caller, time.monotonic())
        if wait:
            return caller, refusals.rate_limited(wait)
        return caller, self.busy(caller) if self.admission.is_full_for(caller) else None

    def busy(self, caller: str) -> Refusal:
        """The refusal of a request that would wait too long."""
        return refusals.too_busy(self.admission.retry_seconds(caller))

    def count(self, refusal: Refusal) -> None:
        """Count a refusal."""
        self.refused[refusal.code] = self.refused.get(refusal.code, 0) + 1

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """The metrics, as Prometheus reads them."""
        refused = CounterMetricFamily(
            "steelyard_refused", "Requests refused before they were worked on", labels=["code"]
        )
        for code, count in sorted(self.refused.items()):
            refused.add_metric([code], count)
        ended = CounterMetricFamily(
            "steelyard_connections_ended", "Connections closed by a limit", labels=["reason"]
        )
        for reason, count in sorted(self.connections.ended.items()):
            ended.add_metric([reason], count)
        yield refused
        yield ended
        yield GaugeMetricFamily(
            "steelyard_connections", "Open connections", len(self.connections.open)
        )
        yield GaugeMetricFamily(
            "steelyard_waiting", "Requests that wait for their turn", self.admission.waiting
        )
