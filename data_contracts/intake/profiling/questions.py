"""Questions of a proposed map: what a person must confirm or overrule, with guess and reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from data_contracts.contract import contract
from data_contracts.intake.conversion.lost_digits import digits_lost
from data_contracts.intake.mapping import (
    EVENT_TIME,
    FILE_TIME,
    INGEST_TIME,
    Map,
    MappedTable,
    Question,
)
from data_contracts.intake.profiling.assignment import Assignment, ColumnGuess
from data_contracts.intake.profiling.columns import ColumnProfile
from data_contracts.intake.profiling.joins import Join
from data_contracts.intake.profiling.zones import HOME_ZONE, Guess, guess_zone
from data_contracts.intake.sources.relation import OpenSource, ReadContext, quote

# Guesses below are questions; those that change values in silence need more.
MIN_COLUMN_CONFIDENCE, MIN_VALUE_CONFIDENCE = 0.8, 0.9


@dataclass
class Proposal:
    """A map, and why each part of it was guessed.

    Parameters
    ----------
    map
        The proposed map.
    reasons
        Dotted place in the map → confidence and reason.
    joins
        Columns of different sources that share values.
    notes
        What was found besides: files passed over, sources that no table takes.
    opened
        The opened sources.
    """

    map: Map
    reasons: dict[str, Guess] = field(default_factory=dict)
    joins: list[Join] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    opened: Mapping[str, OpenSource] = field(default_factory=dict)

    def comments(self) -> dict[str, str]:
        """Dotted place in the map → confidence and reason, as its comment."""
        return {p: f"{g.confidence:.0%}: {g.why}" for p, g in self.reasons.items()}


def ask(
    made: Proposal, sets: str, asks: str, guess: Guess, choices: list[str] | None = None
) -> None:
    """Add a question to the map."""
    made.map.questions.append(
        Question(
            sets=sets,
            asks=asks,
            guess=guess.value,
            confidence=round(guess.confidence, 2),
            why=guess.why,
            choices=choices or [],
        )
    )


def ask_column(
    made: Proposal,
    found: Assignment,
    profiles: Mapping[str, ColumnProfile],
    column: str,
    guess: ColumnGuess | None,
) -> None:
    """Ask which column it is; `none` leaves an optional one out."""
    wanted = contract(found.table).column(column)
    used = {g.text for g in found.columns.values()}
    free = [n for n in profiles if n not in used or (guess is not None and n == guess.text)]
    ask(
        made,
        f"tables.{found.table}.columns.{column}",
        f"Which column of {found.source} is {column}: {wanted.description}",
        Guess(guess.text, guess.confidence, guess.why)
        if guess
        else Guess(None, 0.0, "no such name"),
        free if wanted.required else [*free, "none"],
    )


def ask_digits(
    context: ReadContext, made: Proposal, found: Assignment, column: str, guess: ColumnGuess
) -> None:
    """Ask about ids that look cut short."""
    why = digits_lost(context.connection, quote(found.source), f"clean_text({quote(guess.text)})")
    if why:
        ask(
            made,
            f"tables.{found.table}.columns.{column}",
            f"{guess.text} seems to have lost its last digits. Take it all the same? Better export "
            "it again as text",
            Guess(guess.text, 0.2, why),
        )


def ask_format(made: Proposal, found: Assignment, column: str, profile: ColumnProfile) -> None:
    """Name the format of times that `read_time` does not read; ask where two formats read them."""
    place, formats = f"tables.{found.table}.columns.{column}.format", profile.formats
    if not formats:
        return
    made.map.tables[found.table].columns[column].format = formats[0]
    if len(formats) > 1:
        why = "every value can be read by each of them"
        ask(
            made,
            place,
            f"Which part of {profile.name} is the day, which the month?",
            Guess(formats[0], 0.6, why),
            list(formats),
        )


def ask_zone(
    context: ReadContext,
    made: Proposal,
    found: Assignment,
    times: list[ColumnProfile],
) -> None:
    """Guess the zone of a table's times; ask where activity does not say it."""
    mapped, place = made.map.tables[found.table], f"tables.{found.table}.zone"
    plain_times = [t for t in times if t.kind != "zoned" and t.offsets < 1 and not t.is_number]
    if not times:
        return
    if not plain_times:
        mapped.zone = "UTC"
        made.reasons[place] = Guess("UTC", 1.0, "times carry their offset, or count from 1970")
        return
    guess = guess_zone(context.connection, quote(found.source), [t.time_sql for t in plain_times])
    named, mapped.zone = [t.name for t in plain_times], guess.value
    made.reasons[place] = guess
    if guess.confidence < MIN_VALUE_CONFIDENCE:
        ask(
            made,
            place,
            f"Which time zone are the times of {found.source} ({', '.join(named)}) in?",
            guess,
            list(dict.fromkeys([str(guess.value), HOME_ZONE, "UTC"])),
        )


def ask_receipt(made: Proposal, found: Assignment, mapped: MappedTable) -> None:
    """Say when rows arrived; ask where the source does not."""
    place = f"tables.{found.table}.received_at"
    if found.received is not None and found.received.confidence >= MIN_COLUMN_CONFIDENCE:
        mapped.received_at = found.received.text
        made.reasons[place] = Guess(
            found.received.text, found.received.confidence, found.received.why
        )
        return
    events = [
        c.name
        for c in contract(found.table).columns
        if c.time_role == "occurred" and c.name in mapped.columns
    ]
    files = made.map.sources[found.source].format in ("csv", "json", "parquet", "excel")
    if found.moment is not None:
        guess = Guess(found.moment, 0.5, "no column says it; a counter is known when it was read")
    elif events:
        why = f"no column says it; the last of {', '.join(events)} lets past nights be scored"
        guess = Guess(EVENT_TIME, 0.5, why)
    else:
        guess = Guess(FILE_TIME if files else INGEST_TIME, 0.4, "no column says it")
    mapped.received_at = guess.value
    made.reasons[place] = guess
    ask(
        made,
        place,
        f"When did the rows of {found.source} arrive? A night sees what had arrived before it",
        guess,
        [*([EVENT_TIME] if events else []), *([FILE_TIME] if files else []), INGEST_TIME],
    )
