"""Schema of the policy's section on the online service."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class ServicePolicy:
    """Limits of the online service: connections, requests, waiting and rates."""

    connections: int
    unfinished: int
    bodies_per_key: int
    header_bytes: int
    header_lines: int
    header_seconds: float
    body_seconds: float
    idle_seconds: float
    body_megabytes: int
    work: int
    work_per_key: int
    wait_seconds: float
    key_per_second: float
    key_burst: float
    address_per_second: float
    address_burst: float

    def problem(self) -> str | None:
        """Why these limits cannot be kept, None where they can."""
        if not all(getattr(self, limit.name) > 0 for limit in fields(self)):
            return "policy [service]: every limit is above 0"
        if self.unfinished > self.connections or self.work_per_key > self.work:
            return "policy [service]: need unfinished <= connections and work_per_key <= work"
        return None
