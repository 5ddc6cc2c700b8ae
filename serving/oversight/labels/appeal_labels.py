"""Labels of appeals: one that found a measure right does not outlive its undo (ADR-0400)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime

from data_contracts.lake import Lake
from serving.oversight.measures.state import WON
from serving.oversight.people.signed_acts import acts_of


def label_part(appeal_id: str) -> int:
    """The part of `outcomes` that holds the rows of an appeal."""
    return int(hashlib.sha256(appeal_id.encode()).hexdigest()[:6], 16)


def withdraw_labels(lake: Lake, measure_ids: Collection[str], now: datetime) -> None:
    """Withdraw labels that accuse by measures which are undone, where they do not count yet.

    Rows that count already have taught models, and stay. What cleared a session stays too.
    """
    about: dict[str, str | None] = {}
    for r in acts_of(lake, lake.appeals):
        if r["event"] == "opened":
            about[r["appeal_id"]] = r.get("measure_id")
            continue
        is_about = about.get(r["appeal_id"]) in set(measure_ids)
        if not is_about or r["verdict"] == WON or not r.get("entities"):
            continue
        counts_from = datetime.fromisoformat(r["labels_from"])
        if now < counts_from:
            part = label_part(r["appeal_id"])
            lake.day_file("outcomes", counts_from.date(), part).unlink(missing_ok=True)
