"""Command that listens to live events: listen."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from data_contracts.errors import LakeProblem
from serving.cli.console import Json, err, now, out, print_json

KEY_VARIABLE = "STEELYARD_API_KEY"


def listen(
    url: Annotated[str, typer.Argument(metavar="URL", help="Such as redis://127.0.0.1:6379/0.")],
    lake: Annotated[Path, typer.Argument(metavar="LAKE", help="Folder of the lake.")],
    map_: Annotated[
        Path, typer.Option("--map", help="Map whose sources name streams, with format: frame.")
    ],
    gate: Annotated[
        str | None,
        typer.Option(help=f"Also put minutes to this gate; its key is in {KEY_VARIABLE}."),
    ] = None,
    group: Annotated[str, typer.Option(help="Group of readers; one for each lake.")] = "steelyard",
    every: Annotated[float, typer.Option(help="Seconds between batches.")] = 60.0,
    once: Annotated[bool, typer.Option(help="End once no event is left.")] = False,
    accept_guesses: Annotated[
        bool, typer.Option(help="Answer every open question of the map by its guess.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write live events of Kafka or Redis into a lake in micro-batches, and minutes to the gate.

    An event is acknowledged once it is in the lake. One that is read again changes nothing. Values
    of Kafka are JSON objects.

    Example: steelyard listen --map live.yaml kafka://127.0.0.1:9092 lake

    Example: steelyard listen --map live.yaml redis://127.0.0.1:6379/0 lake --gate http://127.0.0.1:3000
    """
    from data_contracts.intake.map_file import load_map
    from data_contracts.intake.streams.listening import Listening, open_stream, stream_names
    from data_contracts.intake.streams.listening import listen as listen_to
    from data_contracts.lake import Lake
    from serving.cli.delivery.gate_minutes import GateMinutes

    if gate is not None and not os.environ.get(KEY_VARIABLE):
        raise LakeProblem(f"set {KEY_VARIABLE} to a key of the gate: steelyard key LAKE --name me")
    given, opened = load_map(map_), Lake(lake)

    def say(text: str) -> None:
        err.print(text, soft_wrap=True, highlight=False, markup=False)

    stream = open_stream(url, stream_names(given), group, say)
    follower = None if gate is None else GateMinutes(gate, os.environ[KEY_VARIABLE], opened, say)
    how = Listening(
        now,
        batch_seconds=every,
        stop_when_idle=once,
        accept_guesses=accept_guesses,
        follower=follower,
    )
    try:
        for done, events in listen_to(given, opened, stream, how):
            if as_json:
                batch = {"events": len(events), "tables": [asdict(d) for d in done]}
                print_json(batch | {"minutesPut": follower.put if follower else None})
                continue
            counts = ", ".join(
                f"{d.table} {d.added} added, {d.replaced} replaced, {d.unchanged} unchanged, "
                f"{d.set_aside} set aside"
                for d in done
            )
            put = "" if follower is None else f"; {follower.put} minutes put to the gate so far"
            text = f"{len(events)} events: {counts}{put}"
            out.print(text, soft_wrap=True, highlight=False, markup=False)
    except KeyboardInterrupt:
        out.print("Stopped; events that are not in the lake stay in the stream.")
    finally:
        stream.close()
