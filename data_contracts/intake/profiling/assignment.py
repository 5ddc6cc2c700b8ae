"""Assignment of sources to contract tables, and of their columns to the contract's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from data_contracts.contract import Contract, all_contracts
from data_contracts.intake.profiling.columns import ColumnProfile, suits
from data_contracts.intake.profiling.dictionary import (
    match_column,
    match_moment,
    match_received,
    match_table,
)

MIN_NAME_SCORE = 0.5
# A table needs most of its required columns, or a name that says so.
MIN_TABLE_SCORE = 0.95
OPTIONAL_WEIGHT, MAX_OPTIONAL_COLUMNS, NAME_WEIGHT = 0.08, 5, 0.4
# Required columns that a source need not have, because one row is one event.
COUNT_OF_ONE = {("interactions", "count"): "1"}


@dataclass(frozen=True)
class ColumnGuess:
    """A source column or expression for a contract column."""

    text: str
    confidence: float
    why: str


@dataclass
class Assignment:
    """A source as a contract table.

    Parameters
    ----------
    columns
        Contract column → guess.
    missing
        Required columns for which no column was found.
    moment
        Column that holds the moment of a row, for tables by the minute.
    received
        Column that says when a row arrived.
    session
        Columns of `sessions` that a table by the minute has too.
    """

    source: str
    table: str
    score: float
    columns: dict[str, ColumnGuess] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    moment: str | None = None
    received: ColumnGuess | None = None
    session: dict[str, ColumnGuess] = field(default_factory=dict)


def assign(source: str, profiles: Mapping[str, ColumnProfile]) -> list[Assignment]:
    """Contract tables that a source may be, the likeliest first."""
    tables = [t for t in all_contracts().values() if t.inbound]
    made = [assign_table(source, profiles, t) for t in tables]
    return sorted(
        (a for a in made if a.score >= MIN_TABLE_SCORE), key=lambda a: (-a.score, a.table)
    )


def assign_table(source: str, profiles: Mapping[str, ColumnProfile], table: Contract) -> Assignment:
    """Match the columns of a source to those of one contract table."""
    pairs = []
    for column in table.columns:
        if column.name == table.received:
            continue
        sole_key = table.key == (column.name,)
        for name, found in profiles.items():
            match = match_column(name, table.name, column.name)
            fit = suits(column, found, sole_key)
            if match.score >= MIN_NAME_SCORE and fit > 0:
                why = f"{match.why}; {described(found)}"
                pairs.append((match.score * fit, column.name, name, why))
    made = Assignment(source, table.name, 0.0)
    used: set[str] = set()
    for score, wanted, name, why in sorted(pairs, key=lambda p: (-p[0], p[1], p[2])):
        if wanted not in made.columns and name not in used:
            made.columns[wanted] = ColumnGuess(name, score, why)
            used.add(name)
    made.received = _received(profiles, used)
    if table.name == "room_minutes":
        made.moment = _moment(profiles, used)
        made.session = _session_columns(profiles)
    _score(made, table)
    return made


def _score(made: Assignment, table: Contract) -> None:
    """Weigh what was matched; set what is missing."""
    required = [c.name for c in table.columns if c.required and c.name != table.received]
    for name in required:
        if (table.name, name) in COUNT_OF_ONE and name not in made.columns:
            text = COUNT_OF_ONE[table.name, name]
            made.columns[name] = ColumnGuess(text, 0.9, "no such column: one row is one event")
    found = {n: made.columns[n].confidence for n in required if n in made.columns}
    if made.moment is not None and "minute" not in found:
        found["minute"] = 0.9
        # without a session, a room's minutes are cut into sessions where they pause
        if "session_id" not in found and "room_id" in made.session:
            found["session_id"] = 0.7
    made.missing = [n for n in required if n not in found]
    optional = min(len(made.columns) - len(set(found) & set(made.columns)), MAX_OPTIONAL_COLUMNS)
    named = match_table(made.source, table.name).score
    made.score = (
        sum(found.values()) / len(required) + OPTIONAL_WEIGHT * optional + NAME_WEIGHT * named
    )
    if table.name in ("session_totals", "accounts", "operators") and not optional:
        made.score = 0.0  # an id alone says nothing
    if len(made.missing) > len(required) / 2:
        made.score = 0.0


def _session_columns(profiles: Mapping[str, ColumnProfile]) -> dict[str, ColumnGuess]:
    """Columns of a source by the minute that say what its session was."""
    found = {}
    for wanted in ("operator_id", "room_id", "category"):
        matches = [(match_column(n, "sessions", wanted), n) for n in profiles]
        match, name = max(matches, key=lambda m: m[0].score)
        if match.score >= MIN_NAME_SCORE:
            found[wanted] = ColumnGuess(name, match.score, match.why)
    return found


def _received(profiles: Mapping[str, ColumnProfile], used: set[str]) -> ColumnGuess | None:
    found = [
        (match_received(n).score, n)
        for n, p in profiles.items()
        if p.is_time and not p.formats and n not in used
    ]
    score, name = max(found, default=(0.0, ""))
    if score < MIN_NAME_SCORE:
        return None
    return ColumnGuess(name, score, match_received(name).why)


def _moment(profiles: Mapping[str, ColumnProfile], used: set[str]) -> str | None:
    found = [(match_moment(n).score, n) for n, p in profiles.items() if p.is_time and not p.formats]
    times = [n for n, p in profiles.items() if p.is_time and not p.formats and n not in used]
    score, name = max(found, default=(0.0, ""))
    if score >= MIN_NAME_SCORE:
        return name
    return times[0] if len(times) == 1 else None


def described(found: ColumnProfile) -> str:
    """The values of a column in a few words."""
    if not found.values:
        return "no values"
    if found.is_time and not found.is_number:
        return "times"
    distinct = "all distinct" if found.is_key else f"{found.distinct} distinct"
    if found.is_number:
        what = "whole numbers" if found.wholes == 1 else "numbers"
        return f"{what} from {found.low:g} to {found.high:g}, {distinct}"
    return f"texts, {distinct}"
