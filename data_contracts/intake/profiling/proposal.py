"""The proposal of a map: tables, columns, zones and units as guesses."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from data_contracts.contract import contract
from data_contracts.intake.conversion.macros import create_macros
from data_contracts.intake.mapping import Map, MappedColumn, MappedTable, Source
from data_contracts.intake.profiling.assignment import (
    Assignment,
    ColumnGuess,
    assign,
)
from data_contracts.intake.profiling.columns import ColumnProfile, profile
from data_contracts.intake.profiling.derived_tables import derive_sessions, shape_minutes
from data_contracts.intake.profiling.dictionary import known_words, plain
from data_contracts.intake.profiling.joins import Join, find_joins
from data_contracts.intake.profiling.money import guess_money
from data_contracts.intake.profiling.questions import (
    MIN_COLUMN_CONFIDENCE,
    MIN_VALUE_CONFIDENCE,
    Proposal,
    ask,
    ask_column,
    ask_digits,
    ask_format,
    ask_receipt,
    ask_zone,
)
from data_contracts.intake.profiling.zones import Guess
from data_contracts.intake.sources.relation import ReadContext, quote
from data_contracts.intake.sources.staging import open_sources

JOIN_SUPPORT = 0.15
MAX_WORDS = 200


def propose(
    context: ReadContext, sources: Mapping[str, Source], say: Callable[[str], None]
) -> Proposal:
    """Look at sources and propose a map.

    Parameters
    ----------
    context
        Where sources are opened; its sample bounds what is read.
    sources
        The sources by name.
    say
        Called with each step.
    """
    create_macros(context.connection)
    opened = open_sources(context, sources, say)
    profiles = {}
    for name, source in opened.items():
        say(f"profiling {name}")
        profiles[name] = profile(context.connection, name, source.columns)
    joins = find_joins(context.connection, profiles)
    made = Proposal(
        Map(sources={n: s.source for n, s in opened.items()}, tables={}), joins=joins, opened=opened
    )
    made.notes = [f"passed over {p}" for s in opened.values() for p in s.passed_over]
    chosen = _choose(profiles, made)
    by_table = {a.table: a for a in chosen}
    for assignment in chosen:
        say(f"mapping {assignment.table}")
        _add_table(context, made, assignment, profiles[assignment.source], by_table)
    if "sessions" not in by_table and "room_minutes" in by_table:
        derive_sessions(made.map, made.reasons, by_table["room_minutes"])
    return made


def _choose(
    profiles: Mapping[str, Mapping[str, ColumnProfile]], made: Proposal
) -> list[Assignment]:
    """The table of each source; each table takes the source that fits it best."""
    candidates = [a for n, p in profiles.items() for a in assign(n, p)]
    taken: dict[str, Assignment] = {}
    busy: set[str] = set()
    for candidate in sorted(candidates, key=lambda a: (-a.score, a.source, a.table)):
        also_totals = candidate.table == "session_totals" and any(
            t.source == candidate.source and t.table == "sessions" for t in taken.values()
        )
        if candidate.table not in taken and (candidate.source not in busy or also_totals):
            taken[candidate.table] = candidate
            busy.add(candidate.source)
    made.notes += [f"{n}: no contract table takes it" for n in profiles if n not in busy]
    return list(taken.values())


def _add_table(
    context: ReadContext,
    made: Proposal,
    found: Assignment,
    profiles: Mapping[str, ColumnProfile],
    by_table: Mapping[str, Assignment],
) -> None:
    """Add one table to the proposal, and its questions."""
    place, table = f"tables.{found.table}", contract(found.table)
    mapped = MappedTable(source=found.source, columns={})
    made.map.tables[found.table] = mapped
    _fill_operator(found)
    for column in table.columns:
        guess = found.columns.get(column.name)
        if guess is None:
            continue
        guess = _supported(guess, found.source, made.joins)
        entry = MappedColumn.model_validate({"from": guess.text})
        if column.values is not None and guess.text in profiles:
            entry.values = _words(context, found, column.name, guess.text, made)
        made.reasons[f"{place}.columns.{column.name}"] = Guess(
            guess.text, guess.confidence, guess.why
        )
        mapped.columns[column.name] = entry
        if column.type == "TIMESTAMP" and guess.text in profiles:
            ask_format(made, found, column.name, profiles[guess.text])
        if guess.confidence < MIN_COLUMN_CONFIDENCE:
            ask_column(made, found, profiles, column.name, guess)
        elif column.type == "VARCHAR" and column.name.endswith("_id") and guess.text in profiles:
            ask_digits(context, made, found, column.name, guess)
    if found.table == "room_minutes":
        shape_minutes(made.map, made.reasons, found, by_table.get("sessions"))
    for name in found.missing:
        ask_column(made, found, profiles, name, None)
    times = [
        m.from_
        for c, m in mapped.columns.items()
        if table.column(c).type == "TIMESTAMP" and m.from_ in profiles
    ] + ([found.moment] if found.moment else [])
    ask_zone(context, made, found, [profiles[t] for t in times])
    amounts = [
        profiles[m.from_]
        for c, m in mapped.columns.items()
        if table.column(c).unit == "CNY" and m.from_ in profiles
    ]
    if amounts:
        money = guess_money(amounts)
        mapped.money = "cents" if money.value == "cents" else "yuan"
        made.reasons[f"{place}.money"] = money
        if money.confidence < MIN_VALUE_CONFIDENCE:
            ask(
                made,
                f"{place}.money",
                "Are the amounts in yuan or in cents?",
                money,
                ["yuan", "cents"],
            )
    ask_receipt(made, found, mapped)
    taken = " ".join([*(m.from_ for m in mapped.columns.values()), str(mapped.received_at)])
    mapped.left_out = [c for c in profiles if c not in taken]


def _fill_operator(found: Assignment) -> None:
    """Take the shop as the operator where a table of orders names no other."""
    if "operator_id" not in found.missing:
        return
    for other in ("merchant_id", "room_id"):
        if other in found.columns:
            shop = found.columns[other]
            why = f"no operator is named; {shop.text} is who sells"
            found.columns["operator_id"] = ColumnGuess(shop.text, 0.6, why)
            found.missing.remove("operator_id")
            return


def _supported(guess: ColumnGuess, source: str, joins: list[Join]) -> ColumnGuess:
    """A guess that a join to another source makes surer."""
    for join in joins:
        if join.source == source and join.column == guess.text:
            where = f"{join.other_source}.{join.other_column}"
            why = f"{join.containment:.0%} of its values are in {where}"
            confidence = min(0.99, guess.confidence + JOIN_SUPPORT * join.containment)
            return ColumnGuess(guess.text, confidence, f"{guess.why}; {why}")
    return guess


def _words(
    context: ReadContext, found: Assignment, column: str, source_column: str, made: Proposal
) -> dict[str, str]:
    """Their words → the contract's; words that nobody declared are noted."""
    known = known_words(found.table, column)
    rows = context.connection.execute(
        f"SELECT DISTINCT clean_text({quote(source_column)}) AS v FROM {quote(found.source)} "
        f"WHERE v IS NOT NULL ORDER BY v LIMIT {MAX_WORDS}"
    ).fetchall()
    words = [str(r[0]) for r in rows]
    unknown = [w for w in words if plain(w) not in known]
    if unknown:
        made.notes.append(
            f"{found.table}.{column}: no word of the contract for {', '.join(unknown[:10])}; "
            "add them to its values, or they are unknown"
        )
    return {w: known[plain(w)] for w in words if plain(w) in known and w != known[plain(w)]}
