"""Published nights as pages show them: did it run, on what, and what was missing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from data_contracts.contract import inbound_names
from data_contracts.lake import Lake
from data_contracts.runs import published_runs
from data_contracts.verification.published_run import PublishedRun

MAX_DRIFT_ROWS, MAX_PARITY_ROWS, MAX_UNKNOWN_SIGNALS = 20, 20, 200
HOURS_UNTIL_LATE = 36  # after the end of its day a night is late


@dataclass(frozen=True)
class TableFreshness:
    """A delivered table: the newest day of receipt, and whole days that it is behind the night.

    `rows` is the number of rows known at the night's moment; None where they were not counted.
    """

    table: str
    newest: date | None
    days_behind: int | None
    rows: int | None = None


@dataclass(frozen=True)
class DriftRow:
    """A value that differs from earlier nights: PSI, and the shift in robust spreads."""

    entity: str
    value: str
    stratum: str
    psi: float
    shift: float | None


@dataclass(frozen=True)
class Parity:
    """Comparison of the gate's minutes with the lake."""

    sessions: int
    only_online: int
    only_offline: int
    signals: int
    differing: list[dict[str, Any]]


@dataclass(frozen=True)
class NightView:
    """A published night."""

    night: date
    run_id: str
    as_of: datetime
    status: str
    policy_version: str
    counts: dict[str, int]
    models: dict[str, str]
    basis: list[dict[str, str]]
    tables_missing: list[str]
    signals_unknown: list[str]
    without_peers: list[str]
    suspicions: list[dict[str, str]]
    cleared_missing: int | None
    freshness: list[TableFreshness]
    compared: int
    drifted: int
    drift: list[DriftRow]
    parity: Parity | None = None
    tiers: dict[str, int] = field(default_factory=dict)


def list_nights(lake: Lake) -> list[str]:
    """Dates of published nights, the newest first."""
    return sorted(published_runs(lake), reverse=True)


def is_late(night: str, now: datetime) -> bool:
    """Whether the newest night is so old that one after it should have run."""
    ended = datetime.combine(date.fromisoformat(night) + timedelta(days=1), datetime.min.time())
    return now.replace(tzinfo=None) - ended > timedelta(hours=HOURS_UNTIL_LATE)


def night_view(lake: Lake, night: date, published: PublishedRun) -> NightView:
    """A night from the tables of its run. Raises NightRefused where a file was changed."""
    run = published.rows("runs").iloc[0].to_dict()
    drift = published.rows("drift")
    tiers = published.rows("tier_decisions", columns=["tier"])["tier"].value_counts()
    rows = drift[drift["drifted"].astype(bool)] if len(drift) else drift
    rows = rows.sort_values("psi", ascending=False, kind="stable")
    return NightView(
        night=night,
        run_id=str(run["run_id"]),
        as_of=run["as_of"],
        status=str(run["status"]),
        policy_version=str(run["policy_version"]),
        counts={k: int(run[k]) for k in ("sessions", "orders", "operators", "quarantined")},
        models=json.loads(run["models"]),
        basis=json.loads(run["basis"]),
        tables_missing=json.loads(run["tables_missing"]),
        signals_unknown=json.loads(run["signals_unknown"]),
        without_peers=json.loads(run["without_peers"]),
        suspicions=json.loads(run["suspicions"]),
        cleared_missing=_integer(run.get("cleared_operators_missing")),
        freshness=freshness(lake, night),
        compared=len(drift),
        drifted=len(rows),
        drift=[
            DriftRow(r["entity_kind"], r["what"], r["stratum"], r["psi"], r["shift"])
            for r in rows.head(MAX_DRIFT_ROWS).to_dict("records")
        ],
        parity=_parity(lake, night),
        tiers={str(tier): int(count) for tier, count in tiers.items()},
    )


def freshness(lake: Lake, night: date) -> list[TableFreshness]:
    """Newest day of receipt of each inbound table up to a night; None for one that is absent."""
    found = []
    for table in inbound_names():
        days = []
        for folder in (lake.root / table).glob("day=*"):
            try:
                day = date.fromisoformat(folder.name.removeprefix("day="))
            except ValueError:
                continue
            if day <= night:
                days.append(day)
        newest = max(days, default=None)
        found.append(TableFreshness(table, newest, (night - newest).days if newest else None))
    return found


def _parity(lake: Lake, night: date) -> Parity | None:
    """The comparison of a night; None where nothing was compared."""
    path = lake.parity(night)
    if not path.exists():
        return None
    found = json.loads(path.read_text("utf-8"))
    differing = [s for s in found["signals"] if s["equal"] < found["sessions"]]
    differing.sort(key=lambda s: (s["equal"], s["signal"]))
    return Parity(
        sessions=found["sessions"],
        only_online=found["only_online"],
        only_offline=found["only_offline"],
        signals=len(found["signals"]),
        differing=differing,
    )


def _integer(value: Any) -> int | None:
    return None if value is None or value != value else int(value)
