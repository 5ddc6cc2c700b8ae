"""The state of measures at a moment, computed from the chained records of measures and appeals.

A measure is in force from the moment at which it was taken until it expires, is lifted (by its
outcome or by a won appeal) or is undone. An undone measure was never taken, for every consequence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from data_contracts.lake import Lake, LakeOrFolder
from serving.ledger.hash_chain import first_broken_line, read_records
from serving.policy.schema import Policy

PROPOSED, IN_FORCE, EXPIRED = "proposed", "in_force", "expired"
LIFTED, UNDONE = "lifted", "undone"
STATUSES = (PROPOSED, IN_FORCE, EXPIRED, LIFTED, UNDONE)
OPERATOR, STREAMER, MCN = "operator", "streamer", "mcn"
SUBJECT_KINDS = (OPERATOR, STREAMER, MCN)
WON = "error"  # the verdict of an appeal that finds a false accusation


@dataclass(frozen=True)
class Ending:
    """An act that ends a measure: lifted or undone, when, by whom and why.

    `found_wrong`: a won appeal lifted it.
    """

    status: str
    at: datetime
    by: str
    reason: str
    found_wrong: bool = False


@dataclass(frozen=True)
class Measure:
    """A measure that people took, with what ended it.

    `endings` are those that the record holds, oldest first. `record` is its line.
    """

    measure_id: str
    subject_kind: str
    subject_id: str
    code: str
    article: str
    taken_at: datetime
    effective_to: datetime
    by: str
    endings: tuple[Ending, ...] = ()
    record: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def status(self, at: datetime) -> str:
        """Status at a moment: `proposed` before it was taken, then one of `STATUSES`."""
        if at < self.taken_at:
            return PROPOSED
        ended = {e.status for e in self.endings if e.at <= at}
        if ended:
            return UNDONE if UNDONE in ended else LIFTED
        return EXPIRED if at >= self.effective_to else IN_FORCE

    def ended_at(self) -> datetime:
        """The moment from which it is no longer in force."""
        return min([self.effective_to, *(e.at for e in self.endings)])


@dataclass(frozen=True)
class MeasureState:
    """All measures that people took, and the appeals that were won.

    Attributes
    ----------
    measures
        By id, oldest first.
    won_appeals
        Operator → the moments at which its appeals were won.
    is_intact
        Whether the records of both follow from their first line.
    """

    measures: dict[str, Measure] = field(default_factory=dict)
    won_appeals: dict[str, tuple[datetime, ...]] = field(default_factory=dict)
    is_intact: bool = True

    def in_force(self, at: datetime) -> list[Measure]:
        """Measures in force at a moment, oldest first."""
        return [m for m in self.measures.values() if m.status(at) == IN_FORCE]

    @cached_property
    def by_subject(self) -> dict[tuple[str, str], list[Measure]]:
        """Measures by subject (kind, id), oldest first."""
        found: dict[tuple[str, str], list[Measure]] = {}
        for m in self.measures.values():
            found.setdefault((m.subject_kind, m.subject_id), []).append(m)
        return found

    def against(self, subjects: Iterable[tuple[str, str]], at: datetime) -> list[Measure]:
        """Measures in force at a moment against any of some subjects (kind, id)."""
        found = (m for s in subjects for m in self.by_subject.get(s, ()))
        return [m for m in found if m.status(at) == IN_FORCE]

    def standing(self, at: datetime) -> list[Measure]:
        """Measures that count as compliance: taken by then, and neither undone nor failed.

        One that expired, or was lifted because it was mended, was still right.
        """
        return [m for m in self.measures.values() if m.taken_at <= at and _was_right(m, at)]

    def clears(self, operator: str, night_as_of: datetime, at: datetime) -> bool:
        """Whether an appeal of an operator was won since a night, and by a moment."""
        return any(night_as_of <= won <= at for won in self.won_appeals.get(operator, ()))

    def floors(self, at: datetime, policy: Policy) -> dict[str, str]:
        """Mildest tier of each operator with a measure in force that touches boosts."""
        tiers: dict[str, str] = {}
        for m in self.in_force(at):
            effect = boost_effect(m.code, policy)
            if m.subject_kind == OPERATOR and effect != "none":
                floor = (
                    policy.floors.refusing_measure
                    if effect == "refuse"
                    else policy.floors.limiting_measure
                )
                tiers[m.subject_id] = max(floor, tiers.get(m.subject_id, "A"))
        return tiers

    def digest(self) -> str:
        """Text that changes with every measure, ending and won appeal; empty without any."""
        parts = [(m.measure_id, m.endings) for m in self.measures.values()]
        return f"{parts}{sorted(self.won_appeals.items())}" if parts else ""


def boost_effect(code: str, policy: Policy) -> str:
    """What a code does to a boost: none, review or refuse; none for one that is not known."""
    return next((s.boost for s in policy.ladder if s.code == code), "none")


def _was_right(m: Measure, at: datetime) -> bool:
    return not any(e.at <= at and (e.status == UNDONE or e.found_wrong) for e in m.endings)


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
    records = [r for path in (lake.measures, lake.appeals) for r in read_records(path)]
    intact = not any(
        path.exists() and first_broken_line(path) for path in (lake.measures, lake.appeals)
    )
    return state_of(records, known_before, intact)


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
    won: dict[str, list[datetime]] = {}
    for r in records:
        if known_before is not None and _moment_of(r) >= known_before:
            continue
        if "code" in r:
            taken[r["measure_id"]] = _measure(r)
        elif r.get("event") == "opened":
            appeals[r["appeal_id"]] = r
        elif r.get("event") == "decided" and r["verdict"] == WON:
            _add_won_appeal(r, appeals[r["appeal_id"]], endings, won)
        for measure_id, ending in _endings(r):
            endings.setdefault(measure_id, []).append(ending)
    measures = {
        k: replace(m, endings=tuple(sorted(endings.get(k, []), key=lambda e: e.at)))
        for k, m in taken.items()
    }
    return MeasureState(measures, {k: tuple(v) for k, v in won.items()}, is_intact)


def _add_won_appeal(
    decided: dict[str, Any],
    opened: dict[str, Any],
    endings: dict[str, list[Ending]],
    won: dict[str, list[datetime]],
) -> None:
    at = datetime.fromisoformat(decided["decided_at"])
    if opened.get("operator_id"):
        won.setdefault(opened["operator_id"], []).append(at)
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
    keys = ("taken_at", "decided_at", "opened_at", "at", "effective_from")
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
