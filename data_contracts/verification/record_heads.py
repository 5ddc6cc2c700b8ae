"""The head that the chained record keeps of a run: digests of its files and manifest."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from data_contracts.errors import NightRefused
from data_contracts.lake import Lake


def recorded_head(lake: Lake, run_id: str) -> dict[str, Any] | None:
    """The newest head of a run in the record; None where the record has none.

    Raises
    ------
    NightRefused
        The line was edited, or it was removed while its copy beside the runs was left.
    """
    path = lake.decision_heads
    lines = path.read_bytes().splitlines() if path.exists() else []
    for line in reversed(lines):
        if run_id.encode() not in line:
            continue
        head = _sealed_object(line)
        if head is None:
            raise NightRefused(
                f"{path}: the line of run {run_id} does not fit its own digest: it was edited. "
                "Look at the whole record: steelyard journal verify"
            )
        if head.get("run_id") == run_id:
            return head
    if (lake.run_heads / f"{run_id}.json").exists():
        raise NightRefused(
            f"{path} lacks the head of run {run_id}, which was recorded once: truncated. "
            "Restore the record from a copy, then: steelyard journal verify"
        )
    return None


def _sealed_object(line: bytes) -> dict[str, Any] | None:
    """A line of the record as an object; None where its digest is not that of its content."""
    try:
        head = json.loads(line)
        body = {k: v for k, v in head.items() if k != "sha256"}
        text = json.dumps(body, sort_keys=True, ensure_ascii=False)
        sealed = hashlib.sha256(text.encode()).hexdigest() == head["sha256"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return head if sealed and isinstance(head.get("files"), dict) else None
