"""Rows of `outcomes`: written with the moment from which they count, withdrawn until then."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from data_contracts.contract import contract
from data_contracts.lake import Lake

PATROL, RANDOM_AUDIT = "patrol", "random_audit"


@dataclass(frozen=True)
class Finding:
    """Findings of people on entities of one kind and typology.

    Attributes
    ----------
    entities
        Kind and id of each.
    typology, verdict, source
        As the contract `outcomes` has them.
    decided_at, counts_from
        The moment of the verdict, and that of its receipt; naive UTC.
    """

    entities: Sequence[tuple[str, str]]
    typology: str
    verdict: str
    source: str
    decided_at: datetime
    counts_from: datetime


def write_outcomes(lake: Lake, identity: str, finding: Finding) -> None:
    """Write a row for each entity. The same identity again replaces them."""
    rows = [
        {
            "entity_kind": kind,
            "entity_id": entity,
            "typology": finding.typology,
            "verdict": finding.verdict,
            "decided_at": finding.decided_at,
            "source": finding.source,
            "received_at": finding.counts_from,
        }
        for kind, entity in finding.entities
    ]
    columns = [c.name for c in contract("outcomes").columns]
    day = finding.counts_from.date()
    frame = pd.DataFrame(rows).reindex(columns=columns)
    lake.append_day("outcomes", day, frame, part=_part(identity))


def withdraw_outcomes(lake: Lake, identity: str, counts_from: datetime, now: datetime) -> bool:
    """Withdraw rows that do not count yet; returns whether they no longer will.

    Rows that count already have taught models. They stay, and a later verdict counts instead.
    """
    if now >= counts_from:
        return False
    lake.day_file("outcomes", counts_from.date(), _part(identity)).unlink(missing_ok=True)
    return True


def _part(identity: str) -> int:
    return int(hashlib.sha256(identity.encode()).hexdigest()[:10], 16)
