"""The state of measures from the chained records of measures and appeals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from data_contracts.lake import Lake, LakeOrFolder
from serving.ledger.checkpoints import lacks_signed_lines
from serving.ledger.hash_chain import first_broken_line
from serving.oversight.measures.state import (
    LIFTED,
    OPERATOR,
    UNDONE,
    WON,
    Ending,
    Measure,
    MeasureState,
    WonAppeal,
)
from serving.oversight.people.proposals import with_approvals
from serving.oversight.people.signed_acts import read_acts


def read_measures(folder: LakeOrFolder, known_before: datetime | None = None) -> MeasureState:
    """The state from the records of a lake.

    Parameters
    ----------
    folder
        The lake.
    known_before
        Leave out what was written at this moment or later, as a night that is replayed does.
    """
    lake = Lake.open(folder)
    paths = (lake.measures, lake.appeals)
    acts = [read_acts(lake, path) for path in paths]
    intact = not any(path.exists() and first_broken_line(path) for path in paths)
    intact = intact and not any(lacks_signed_lines(lake, path) for path in paths)
    records = [r for a in acts for r in a.records]
    return state_of(records, known_before, intact and not any(a.faults for a in acts))


def state_of(
    records: Iterable[dict[str, Any]],
    known_before: datetime | None = None,
    is_intact: bool = True,
) -> MeasureState:
    """The state from lines of the two records.

    A measure's own line opens it; outcomes, undoing and won appeals that name it end it.
    """
    taken: dict[str, Measure] = {}
    endings: dict[str, list[Ending]] = {}
    appeals: dict[str, dict[str, Any]] = {}
    won: dict[str, list[WonAppeal]] = {}
    of_sessions: dict[tuple[str, str], list[WonAppeal]] = {}
    known = (r for r in records if known_before is None or _moment_of(r) < known_before)
    effective, pending = with_approvals(known)
    for r in effective:
        if "code" in r:
            taken[r["measure_id"]] = _measure(r)
        elif r.get("event") == "opened":
            appeals[r["appeal_id"]] = r
        elif r.get("event") == "decided" and r["verdict"] == WON:
            opened = appeals[r["appeal_id"]]
            if opened.get("request_id"):
                at = datetime.fromisoformat(r["decided_at"])
                appeal = WonAppeal(at, at, opened["appeal_id"])
                about = (opened["operator_id"], opened["session_id"])
                of_sessions.setdefault(about, []).append(appeal)
            else:
                _add_won_appeal(r, opened, endings, won)
        for measure_id, ending in _endings(r):
            endings.setdefault(measure_id, []).append(ending)
    measures = {
        k: replace(m, endings=tuple(sorted(endings.get(k, []), key=lambda e: e.at)))
        for k, m in taken.items()
    }
    return MeasureState(
        measures,
        {k: tuple(v) for k, v in won.items()},
        {k: tuple(v) for k, v in of_sessions.items()},
        is_intact,
        pending,
    )


def _add_won_appeal(
    decided: dict[str, Any],
    opened: dict[str, Any],
    endings: dict[str, list[Ending]],
    won: dict[str, list[WonAppeal]],
) -> None:
    at = datetime.fromisoformat(decided["decided_at"])
    if opened.get("operator_id"):
        day = opened.get("date")
        until = datetime.fromisoformat(day) + timedelta(days=1) if day else at
        appeal = WonAppeal(at, min(until, at), opened["appeal_id"])
        won.setdefault(opened["operator_id"], []).append(appeal)
    if opened.get("measure_id"):
        ending = Ending(LIFTED, at, decided["decided_by"], decided["reason"], found_wrong=True)
        endings.setdefault(opened["measure_id"], []).append(ending)


def _endings(r: dict[str, Any]) -> Iterator[tuple[str, Ending]]:
    if "outcome_of" in r and r["outcome"] == LIFTED:
        at = datetime.fromisoformat(r["at"])
        yield r["outcome_of"], Ending(LIFTED, at, r["by"], r["reason"])
    for measure_id in r.get("undo_of", ()):
        yield measure_id, Ending(UNDONE, datetime.fromisoformat(r["at"]), r["by"], r["reason"])


def _moment_of(r: dict[str, Any]) -> datetime:
    """The moment at which a line was written."""
    keys = ("taken_at", "decided_at", "opened_at", "proposed_at", "at", "effective_from")
    return datetime.fromisoformat(next(r[k] for k in keys if r.get(k)))


def _measure(r: dict[str, Any]) -> Measure:
    return Measure(
        measure_id=r["measure_id"],
        subject_kind=r.get("subject_kind", OPERATOR),
        subject_id=r.get("subject_id") or r["operator_id"],
        code=r["code"],
        article=r["article"],
        taken_at=datetime.fromisoformat(r["effective_from"]),
        effective_to=datetime.fromisoformat(r["effective_to"]),
        by=r["by"],
        record=r,
    )
