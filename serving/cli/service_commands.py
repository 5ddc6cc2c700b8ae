"""Commands of the online service: serve the boost gate, compare it with a night."""

from __future__ import annotations

import gc
from dataclasses import asdict
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Annotated

import typer

from data_contracts.errors import LakeProblem
from serving.cli.console import (
    Json,
    LakeArgument,
    Models,
    Night,
    day,
    now,
    out,
    print_json,
    show_rows,
)

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

    gc.disable()  # until the gate is open: all that is loaded now stays (ADR-0200)
    opened = Lake.open(lake)
    if not opened.published_pointer.exists():  # a folder that was mistyped, most often
        raise LakeProblem(
            f"{lake} has no published night. Publish one: steelyard nightly {lake} --date DATE"
        )
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
    from serving.scoring.nightly_models import require_models

    if models is not None:
        require_models(models)
    if minutes is not None:
        from serving.gate.dependencies.redis_store import RedisMinuteStore

        RedisMinuteStore(minutes).require_answer()
    keep_private(lake.online)
    gate = open_gate(lake, models, None, minutes=minutes)
    door = gate_door(gate)
    host, port = bound.getsockname()[:2]
    out.print(f"Serving {lake.root} on {host}:{port}", soft_wrap=True)
    with signed_answers(lake, gate.ledger):
        serve_until_stopped(bound, gate_application(gate, door), door)


def parity(
    lake: LakeArgument,
    date_: Night = None,
    sessions: Annotated[
        int, typer.Option(min=1, help="Sessions in the sample, chosen by the digest of their ids.")
    ] = 1_000,
    as_json: Json = False,
) -> None:
    """Compare LIVE signals as the gate saw them with those of the lake after a night.

    Minutes that the gate keeps in its file are the online side. A value that only the night knows
    is missing, one that only the gate knows is extra.

    Example: steelyard parity lake --date 2026-01-20
    """
    from data_contracts.lake import Lake
    from data_contracts.runs import published_runs
    from serving.gate.parity import parity_of_night

    nights = published_runs(Lake.open(lake))
    if not date_ and not nights:
        raise LakeProblem(f"{lake} has no published night. Name one: --date 2026-01-31")
    night = day(date_ or max(nights), "--date")
    found = parity_of_night(lake, night, sessions)
    if as_json:
        print_json(asdict(found) | {"equal": found.holds})
        return
    show_rows([asdict(one) for one in found.signals], False, f"Night of {night}")
    out.print(
        f"{found.sessions} sessions compared; {found.only_online} are in the gate only, "
        f"{found.only_offline} in the lake only. "
        + ("Every value is equal." if found.holds else "Values differ.")
    )


def replay_answer(
    lake: LakeArgument,
    request_id: Annotated[str, typer.Argument(help="Id of the request.", metavar="REQUEST")],
    models: Models = None,
    policy: Annotated[
        Path | None, typer.Option(help="Policy of the service; the one in force when not named.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compute an answer of the gate again from its kept inputs, and compare it bit for bit.

    Exit code 1 when it differs, or when an input is gone; the input is named.

    Example: steelyard replay-answer lake r1 --models models
    """
    from data_contracts.lake import Lake
    from serving.gate.http import open_gate
    from serving.gate.replay.answer_replay import replay_answer as replay
    from serving.oversight.policies.policy_record import policy_in_force
    from serving.policy.load import load_policy

    opened = Lake.open(lake)
    found = replay(
        opened,
        request_id,
        models,
        load_policy(policy) if policy else policy_in_force(opened, now().date()),
        open_gate=lambda then, decided_by, now: open_gate(then, None, decided_by, lambda: now),
    )
    row = asdict(found) | {
        "gone": ", ".join(found.gone),
        "differing": ", ".join(found.differing),
    }
    show_rows([row], as_json)
    if not found.stands:
        raise typer.Exit(1)
