"""Words of an ingestion on the terminal: counts of each table, and notes on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # it imports DuckDB, which --help does not need
    from data_contracts.intake.delivery import TableIntake

MAX_REASONS_SHOWN = 20
COUNTS = ("table", "read", "added", "replaced", "unchanged", "set_aside")
# Counts that are shown where one of them is above zero.
RARE_COUNTS = ("superseded", "not_wanted")


def counts_of(done: list[TableIntake]) -> list[dict[str, Any]]:
    """The counts of each table, which add up to the rows read."""
    rare = [n for n in RARE_COUNTS if any(getattr(d, n) for d in done)]
    return [{n: getattr(d, n) for n in (*COUNTS, *rare)} for d in done]


def rows_in_words(number: int) -> str:
    """A number of rows in words."""
    return "1 row" if number == 1 else f"{number} rows"


def explained(done: list[TableIntake]) -> list[str]:
    """Notes on the counts: reasons, values made unknown, assumptions."""
    lines = []
    for table in done:
        lines += [
            f"{table.table}: set aside, {r}: {rows_in_words(n)}" for r, n in table.reasons.items()
        ][:MAX_REASONS_SHOWN]
        lines += [
            f"{table.table}: made unknown, {c}: {n} value{'s' * (n != 1)}"
            for c, n in table.made_unknown.items()
        ]
        if table.superseded:
            later = "superseded, a later row of the same key is taken"
            lines.append(f"{table.table}: {later}: {rows_in_words(table.superseded)}")
        lines += [f"{table.table}: {note}" for note in table.notes]
    return lines
