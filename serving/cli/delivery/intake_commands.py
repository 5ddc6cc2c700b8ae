"""Commands that bring data into a lake: map and ingest."""

from __future__ import annotations

import os
import shutil
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data_contracts.errors import LakeProblem
from serving.cli.console import Json, Steps, day, now, out, print_json, show_rows
from serving.cli.delivery.intake_words import counts_of, explained

if TYPE_CHECKING:  # these import DuckDB, which --help does not need
    from data_contracts.intake.mapping import Map
    from data_contracts.intake.profiling.questions import Proposal

SAMPLE_ROWS_PER_SOURCE = 200_000


def map_sources(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Files, folders, globs, s3:// URLs, or postgresql:// and mysql:// connections.",
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write.")] = Path(
        "map.yaml"
    ),
    interactive: Annotated[bool, typer.Option(help="Ask the questions one by one.")] = False,
    force: Annotated[bool, typer.Option(help="Write over a map that exists.")] = False,
    as_json: Json = False,
) -> None:
    """Propose which of your columns is which column of the contracts, as a file that you edit.

    Each guess has its confidence and its reason. What is unsure is a question in the file.

    Example: steelyard map exports -o map.yaml
    """
    from data_contracts.intake.map_writer import map_text
    from data_contracts.intake.profiling.discovery import discover
    from data_contracts.intake.profiling.proposal import propose
    from data_contracts.intake.profiling.samples import samples
    from data_contracts.intake.sources.relation import INTAKE_MEMORY, ReadContext
    from data_contracts.parquet import connect
    from data_contracts.spill import spill_folder

    if output.exists() and not force:
        raise LakeProblem(f"{output} exists. Name another file, or write over it with --force")
    base, work = output.resolve().parent, spill_folder()
    named = [s if "://" in s or Path(s).is_absolute() else _from(base, s) for s in sources]
    work.mkdir(parents=True)
    try:
        with connect(INTAKE_MEMORY) as connection, Steps("mapping") as say:
            found, passed = discover(named, base)
            context = ReadContext(connection, base, work, SAMPLE_ROWS_PER_SOURCE)
            made = propose(context, found, say)
            made.notes += [f"passed over {p}" for p in passed]
            rows = samples(context, made.map, made.opened, now())
    finally:
        shutil.rmtree(work, ignore_errors=True)
    if interactive:
        _ask_questions(made.map)
    output.write_text(map_text(made.map, made.comments()), "utf-8")
    if as_json:
        print_json(
            {
                "map": str(output),
                "tables": made.map.model_dump(by_alias=True, exclude_none=True)["tables"],
                "reasons": made.comments(),
                "questions": [q.model_dump() for q in made.map.questions],
                "notes": made.notes,
                "samples": rows,
            }
        )
        return
    _print_proposal(made, rows)
    still_open = len(made.map.open_questions())
    questions = "1 open question" if still_open == 1 else f"{still_open} open questions"
    out.print(f"Map: {output}, {questions}", soft_wrap=True, highlight=False)
    answer = f"answer them at the end of {output}, then: " if still_open else ""
    text = f"Next: {answer}steelyard ingest --map {output} lake"
    out.print(text, soft_wrap=True, highlight=False)


def _from(base: Path, place: str) -> str:
    """A path from the folder of the map, so that map and exports can move together."""
    return os.path.relpath(Path(place).absolute(), base)


def _ask_questions(given: Map) -> None:
    """Ask each open question at the terminal; an empty answer takes the guess."""
    for question in given.open_questions():
        out.print(f"{question.asks} ({question.sets})", highlight=False, markup=False)
        if question.guess:
            why = f"{question.confidence:.0%}: {question.why}"
            out.print(f"  guess: {question.guess} ({why})", highlight=False, markup=False)
        if question.choices:
            out.print(f"  choices: {', '.join(question.choices)}", highlight=False, markup=False)
        answer = typer.prompt("  answer", default="yes" if question.guess else "", err=True)
        question.answer = answer or None


def _print_proposal(made: Proposal, rows: dict[str, Any]) -> None:
    """Print tables, columns, samples and questions of a proposal."""
    for name, table in made.map.tables.items():
        place = f"tables.{name}"
        cells = []
        for column, entry in table.columns.items():
            reason = made.reasons.get(f"{place}.columns.{column}")
            cells.append(
                {
                    "column": column,
                    "from": entry.from_,
                    "sure": f"{reason.confidence:.0%}" if reason else "",
                    "why": reason.why if reason else "",
                }
            )
        show_rows(cells, False, f"{name} from {table.source or 'a query'}")
        for field in ("zone", "money", "received_at", "query"):
            reason = made.reasons.get(f"{place}.{field}")
            if reason:
                value = "in the map" if field == "query" else getattr(table, field)
                text = f"  {field}: {value} ({reason.confidence:.0%}: {reason.why})"
                out.print(text, soft_wrap=True, highlight=False, markup=False)
        if table.left_out:
            text = f"  left out: {', '.join(table.left_out)}"
            out.print(text, soft_wrap=True, highlight=False, markup=False)
        for when in ("before", "after"):
            if name in rows:
                show_rows(rows[name][when], False, f"{name}, rows {when}")
    for note in made.notes:
        out.print(note, soft_wrap=True, highlight=False, markup=False)
    for question in made.map.open_questions():
        guess = f"guess: {question.guess}" if question.guess else "no guess"
        text = f"question: {question.asks.rstrip('.')}; {guess} ({question.why})"
        out.print(text, soft_wrap=True, highlight=False, markup=False)


def ingest(
    places: Annotated[
        list[str],
        typer.Argument(
            metavar="[ADAPTER FROM] LAKE",
            help="With --map only the lake. Else an adapter, the folder of its data set, and the "
            "lake. Adapters: shopee-orders, twitch-broadcasts, twitch-chat, github-stars, "
            "retail-baskets.",
        ),
    ],
    map_: Annotated[
        Path | None, typer.Option("--map", help="Map of your own sources, made by steelyard map.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Pass over rows received before this date, UTC.")
    ] = None,
    accept_guesses: Annotated[
        bool, typer.Option(help="Answer every open question of the map by its guess.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring your own tables into a lake by a map, or a public data set by its adapter.

    Twice the same delivery changes nothing; a corrected one replaces what it corrects.

    Example: steelyard ingest --map map.yaml lake

    Example: steelyard ingest shopee-orders public_data/shopee_orders lake
    """
    if map_ is None:
        _ingest_data_set(places, as_json)
        return
    if len(places) != 1:
        raise LakeProblem("with --map name only the lake: steelyard ingest --map map.yaml LAKE")
    from data_contracts.intake.delivery import Delivery
    from data_contracts.intake.ingestion import ingest as ingest_map
    from data_contracts.intake.map_file import load_map
    from data_contracts.lake import Lake

    given = load_map(map_)
    delivery = Delivery(
        now(),
        base=map_.resolve().parent,
        since=datetime.combine(day(since, "--since"), time()) if since else None,
        accept_guesses=accept_guesses,
    )
    with Steps(f"ingesting {map_}") as say:
        done = ingest_map(given, Lake(Path(places[0])), delivery, say)
    if as_json:
        show_rows([vars(d) for d in done], as_json)
        return
    show_rows(counts_of(done), as_json)
    for line in explained(done):
        out.print(line, soft_wrap=True, highlight=False, markup=False)
    if any(d.set_aside for d in done):
        out.print(f"Rows set aside: steelyard show quarantine {places[0]}")


def _ingest_data_set(places: list[str], as_json: bool) -> None:
    """Ingest a public data set."""
    from data_contracts.adapters import ingest as ingest_data_set

    if len(places) != 3:
        raise LakeProblem(
            "name an adapter, the folder of its data set, and the lake; "
            "or your own tables: steelyard ingest --map map.yaml LAKE"
        )
    adapter, source, lake = places
    with Steps(f"ingesting {source}"):
        counts = ingest_data_set(adapter, Path(source), Path(lake))
    show_rows([{"table": t, "rows": n} for t, n in counts.items()], as_json)
