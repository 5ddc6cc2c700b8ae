"""Published nights as the desk shows them: did it run, on what, and what was missing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_contracts.contract import inbound_names
from data_contracts.lake import Lake
from data_contracts.runs import published_runs, read_outbound, run_folder

MAX_DRIFT_ROWS, MAX_PARITY_ROWS, MAX_UNKNOWN_SIGNALS = 20, 20, 200
HOURS_UNTIL_LATE = 36  # after the end of its day a night is late


@dataclass(frozen=True)
class TableFreshness:
    """A delivered table: the newest day of receipt, and whole days that it is behind the night."""

    table: str
    newest: date | None
    days_behind: int | None


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


def night_view(lake: Lake, night: str) -> NightView:
    """A published night from its tables. Raises LakeProblem where it is not published."""
    run = read_outbound(lake, "runs", night).iloc[0].to_dict()
    folder = run_folder(lake, night)
    drift = pq.read_table(folder / "drift.parquet")
    tiers = pc.value_counts(pq.read_table(folder / "tier_decisions.parquet", columns=["tier"])[0])
    rows = drift.filter(drift["drifted"]).sort_by([("psi", "descending")])
    day = date.fromisoformat(night)
    return NightView(
        night=day,
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
        freshness=freshness(lake, day),
        compared=drift.num_rows,
        drifted=rows.num_rows,
        drift=[
            DriftRow(r["entity_kind"], r["what"], r["stratum"], r["psi"], r["shift"])
            for r in rows.slice(0, MAX_DRIFT_ROWS).to_pylist()
        ],
        parity=_parity(lake, day),
        tiers={str(t["values"]): int(t["counts"]) for t in tiers.to_pylist()},
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
