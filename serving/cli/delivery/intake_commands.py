"""Commands that bring data into a lake: ingest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from data_contracts.errors import LakeProblem
from data_contracts.intake.ingestion import TableIntake
from serving.cli.console import Json, Steps, day, now, out, show_rows

MAX_REASONS_SHOWN = 20


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
    from datetime import datetime, time

    from data_contracts.intake.ingestion import Delivery
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
    show_rows([_counts(d) for d in done], as_json)
    for line in _explained(done):
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


def _counts(done: TableIntake) -> dict[str, Any]:
    """The counts of a table, which add up to the rows read."""
    names = ("table", "read", "added", "replaced", "unchanged", "superseded", "not_wanted")
    return {n: getattr(done, n) for n in (*names, "set_aside")}


def _explained(done: list[TableIntake]) -> list[str]:
    """What the counts do not say: reasons, values made unknown, assumptions."""
    lines = []
    for table in done:
        lines += [f"{table.table}: set aside, {r}: {n} rows" for r, n in table.reasons.items()][
            :MAX_REASONS_SHOWN
        ]
        lines += [
            f"{table.table}: made unknown, {c}: {n} values" for c, n in table.made_unknown.items()
        ]
        lines += [f"{table.table}: {note}" for note in table.notes]
    return lines
