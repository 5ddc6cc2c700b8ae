"""The command of the online service: serve the boost gate."""

from __future__ import annotations

from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Annotated

import typer

from serving.cli.console import LakeArgument, Models, out

if TYPE_CHECKING:
    from data_contracts.lake import Lake


def serve(
    lake: LakeArgument,
    models: Models = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; loopback when not named.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port.", envvar="STEELYARD_PORT")] = 3000,
    minutes: Annotated[
        str | None,
        typer.Option(
            help="URL of a Redis that keeps minutes of running sessions; "
            "a file beside the lake when not named."
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes that share the port and the ledger.")
    ] = 1,
) -> None:
    """Serve the boost gate over HTTP until it is stopped. No other port is opened.

    Example: steelyard serve lake --models models --port 3000
    """
    from data_contracts.lake import Lake
    from serving.gate.server.service import bound_socket
    from serving.gate.server.workers import run_in_workers

    opened = Lake.open(lake)
    bound = bound_socket(host, port)  # a port in use is refused before anything is loaded

    def work() -> None:
        _serve_on(bound, opened, models, minutes)

    run_in_workers(workers, work)


def _serve_on(bound: socket, lake: Lake, models: Path | None, minutes: str | None) -> None:
    """Open the gate and serve on a bound socket until a signal."""
    from serving.gate.http import gate_application, gate_door, open_gate
    from serving.gate.protocol.private_files import keep_private
    from serving.gate.server.service import serve_until_stopped
    from serving.ledger.answer_signing import signed_answers
    from serving.policy.load import load_policy
    from serving.scoring.nightly_models import require_models

    if models is not None:
        require_models(models)
    if minutes is not None:
        from serving.gate.dependencies.redis_store import RedisMinuteStore

        RedisMinuteStore(minutes).require_answer()
    keep_private(lake.online)
    gate = open_gate(lake, models, load_policy(), minutes=minutes)
    door = gate_door(gate)
    host, port = bound.getsockname()[:2]
    out.print(f"Serving {lake.root} on {host}:{port}", soft_wrap=True)
    with signed_answers(lake, gate.ledger):
        serve_until_stopped(bound, gate_application(gate, door), door)
