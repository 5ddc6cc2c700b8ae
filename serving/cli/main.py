"""The command line. Every command says what it did, where it lies, and how to go on; errors say how to mend them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from data_contracts.errors import LakeProblem, SteelyardError
from serving.cli import ledger_commands, supervision_commands, upkeep_commands
from serving.cli.console import (
    Json,
    LakeArgument,
    Models,
    Steps,
    bar,
    dated,
    day,
    err,
    out,
    show_rows,
)

app = typer.Typer(
    name="steelyard",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Steelyard, the public scale of live commerce: how much is real, who inflated it and how.",
)
app.add_typer(ledger_commands.journal, name="journal")
app.add_typer(ledger_commands.appeal, name="appeal")
app.command()(ledger_commands.replay)
app.add_typer(supervision_commands.measure, name="measure")
app.add_typer(supervision_commands.override, name="override")
app.add_typer(supervision_commands.hold, name="hold")
app.add_typer(supervision_commands.evidence, name="evidence")
app.add_typer(supervision_commands.punishments, name="punishments")
for command in (
    upkeep_commands.credit,
    upkeep_commands.retention,
    upkeep_commands.audit,
    upkeep_commands.promote,
):
    app.command()(command)


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="New folder for the lake.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    days: Annotated[
        int | None, typer.Option(help="Days to simulate; the size says when not named.")
    ] = None,
    size: Annotated[str, typer.Option(help="tiny, small, medium, wide or large.")] = "small",
    start: Annotated[str, typer.Option(help="First day.")] = "2026-01-05",
    schemes: Annotated[
        str | None,
        typer.Option(
            help="Comma-separated schemes to plant; all when not named, none for an honest world."
        ),
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(help="Folder for the planted truth; OUT.truth when not named.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a simulated platform as a lake, and its planted truth beside it.

    Example: steelyard simulate lake --seed 7 --size small
    """
    from simulation.world import WorldSpec, write_world

    names = (
        None
        if schemes is None
        else ()
        if schemes == "none"
        else tuple(s.strip() for s in schemes.split(","))
    )
    beside = truth or folder.with_name(folder.name + ".truth")
    with bar() as line:
        task = line.add_task(f"simulating {folder}", total=1)
        counts = write_world(
            folder,
            beside,
            WorldSpec(seed, size, day(start, "--start"), days, names),
            lambda done, of: line.update(task, completed=done, total=of),
        )
    show_rows([{"lake": str(folder), "truth": str(beside), **counts}], as_json)


@app.command()
def check(lake: LakeArgument, as_json: Json = False) -> None:
    """Validate a lake against its contracts; bad rows go to quarantine, a structural break stops.

    Example: steelyard check lake
    """
    from dataclasses import asdict

    from data_contracts.row_checks import check_lake

    with Steps(f"checking {lake}") as say:
        results = check_lake(lake, datetime.now(UTC).replace(tzinfo=None), say)
    show_rows([asdict(r) for r in results], as_json)
    if any(r.quarantined for r in results) and not as_json:
        out.print(f"Rows set aside: steelyard show quarantine {lake}")


@app.command()
def ingest(
    adapter: Annotated[
        str,
        typer.Argument(
            help="shopee-orders, twitch-broadcasts, twitch-chat, github-stars or retail-baskets."
        ),
    ],
    source: Annotated[Path, typer.Argument(metavar="FROM", help="Folder of the data set.")],
    lake: LakeArgument,
    as_json: Json = False,
) -> None:
    """Turn a public data set into the contract tables of a lake; what the set does not have is absent.

    Example: steelyard ingest shopee-orders public_data/shopee_orders lake
    """
    from data_contracts.adapters import ingest as run

    with Steps(f"ingesting {source}"):
        counts = run(adapter, source, lake)
    show_rows([{"table": t, "rows": n} for t, n in counts.items()], as_json)


@app.command()
def train(
    lake: LakeArgument,
    models: Annotated[
        Path,
        typer.Option(
            help="Folder for released models and the MLflow store.", envvar="STEELYARD_MODELS"
        ),
    ] = Path("models"),
    until: Annotated[
        str | None,
        typer.Option(
            help="Train on what was known at the start of this date; the day after the newest receipt when not named."
        ),
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="Only this model; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Train models on the matured outcomes of a lake, log them with MLflow and release them.

    The first release of a model is its champion; a later one is a challenger until `steelyard promote` lets it pass.

    Example: steelyard train lake --models models --until 2026-02-01
    """
    from data_contracts.lake import Lake
    from serving.scoring.scope import newest_receipt
    from training.models.registry import BY_NAME
    from training.train import train as run

    if unknown := set(model or []) - set(BY_NAME):
        raise LakeProblem(f"no model is called {sorted(unknown)}. Models: {', '.join(BY_NAME)}")
    moment = (
        datetime.combine(day(until, "--until"), datetime.min.time())
        if until
        else newest_receipt(Lake.open(lake))
    )
    with Steps("training") as say:
        done = run(Lake.open(lake), models, moment, model, progress=say)
    show_rows(
        [
            {
                "model": t.name,
                "version": t.version,
                "champion": t.champion,
                "verdicts": int(t.fitted.counts["rows"]),
                "run": t.run_id,
                **{
                    k: str(t.fitted.figures.get(f"average_precision_{k}", "unknown"))
                    for k in ("model", "no_graph", "rules_only")
                },
            }
            for t in done
        ],
        as_json,
        "average precision forward in time, groups apart (90 % interval)",
    )
    if not as_json:
        out.print(f"Released in {models}; cards beside each model.")


@app.command()
def nightly(
    lake: LakeArgument,
    date_: Annotated[str | None, typer.Option("--date", help="Night to score.")] = None,
    first: Annotated[str | None, typer.Option("--from", help="First night of a backfill.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last night of a backfill.")] = None,
    models: Models = None,
    policy: Annotated[
        Path | None, typer.Option(help="Policy file; the one in the package when not named.")
    ] = None,
    allow_short: Annotated[
        bool, typer.Option(help="Score a partition that is much shorter than usual.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Score a night and publish it under LAKE/runs; a rerun changes nothing.

    Example: steelyard nightly lake --date 2026-01-31 --models models
    """
    from serving.nightly.pipeline import backfill
    from serving.nightly.pipeline import nightly as run
    from serving.policy.load import load_policy

    if (date_ is None) == (first is None) or (first is None) != (last is None):
        raise LakeProblem("name either --date, or both --from and --to")
    nights = (
        [day(date_, "--date")]
        if date_
        else backfill(day(str(first), "--from"), day(str(last), "--to"))
    )
    if not nights:
        raise LakeProblem(f"--from {first} lies after --to {last}")
    rows = []
    with Steps(f"nightly {lake}") as say:
        for night in nights:
            done = run(
                lake, night, models, load_policy(policy), allow_short, partial(dated, say, night)
            )
            rows.append(
                {
                    "date": str(night),
                    "run": done.run_id,
                    "published": "now" if done.fresh else "before, unchanged",
                    "folder": str(done.folder),
                    **done.counts,
                }
            )
            if models is not None and done.fresh:
                keep_head(lake, models, night, say)
    show_rows(
        [{k: r[k] for k in ("date", "run", "published", "folder")} for r in rows]
        if not as_json
        else rows,
        as_json,
    )
    if not as_json:
        out.print(
            f"Report: {rows[-1]['folder']}/report.html\nTiers: steelyard show tier_decisions {lake}"
        )


def keep_head(lake: Path, models: Path, night: date, say: Callable[[str], None]) -> None:
    """Keep the head of the record with the models' MLflow store; a store that is down is said and stops nothing."""
    from serving.ledger.decisions import recorded_heads

    say("keeping the head of the record")
    try:
        from training.release.tracking import checkpoint

        checkpoint(models, night.isoformat(), recorded_heads(lake)[night.isoformat()])
    except Exception as error:
        err.print(
            f"the head of {night} was not kept in MLflow ({type(error).__name__}); it is in {lake}/journal/heads.jsonl"
        )


@app.command()
def show(
    table: Annotated[
        str,
        typer.Argument(
            help="An outbound table, such as scores, rings, tier_decisions or corrected_figures."
        ),
    ],
    lake: LakeArgument,
    date_: Annotated[
        str | None, typer.Option("--date", help="Night; the latest when not named.")
    ] = None,
    parquet: Annotated[
        Path | None, typer.Option(help="Write the table to this Parquet file.")
    ] = None,
    rows: Annotated[int, typer.Option(help="Rows of the printed table.")] = 20,
    as_json: Json = False,
) -> None:
    """Print or export an outbound table of a published night.

    Example: steelyard show tier_decisions lake --date 2026-01-31 --json
    """
    from data_contracts.contract import contract
    from data_contracts.lake import Lake
    from data_contracts.parquet import to_arrow, write_file
    from data_contracts.runs import read_outbound
    from serving.cli.table_format import readable
    from serving.ledger.answers import export_answers

    if table == "boost_decisions":
        export_answers(Lake.open(lake))
    frame = read_outbound(Lake.open(lake), table, str(day(date_, "--date")) if date_ else None)
    if table == "scores" and len(frame):
        frame = frame.sort_values(["entity_kind", "model", "rank", "entity_id"])
    if table == "tier_decisions" and len(frame):
        frame = frame.sort_values(["tier", "expected_harm"], ascending=False)
    if parquet:
        write_file(parquet, to_arrow(contract(table), frame))
        out.print(f"{len(frame)} rows written to {parquet}")
        return
    if as_json:
        sys.stdout.write(
            frame.to_json(orient="records", date_format="iso", force_ascii=False) + "\n"
        )
        return
    common, lines = readable(frame, rows)
    if common:
        out.print(
            "in every row: " + ", ".join(f"{k} {v}" for k, v in common.items()), highlight=False
        )
    show_rows(lines, False)
    if len(frame) > rows:
        out.print(f"{len(frame) - rows} more rows: --rows, --json or --parquet FILE")


@app.command()
def key(
    lake: LakeArgument,
    name: Annotated[str, typer.Option(help="Who holds the key.")] = "default",
    scopes: Annotated[
        str, typer.Option(help="Comma-separated: boost, minutes, read.")
    ] = "boost,minutes,read",
    as_json: Json = False,
) -> None:
    """Make an API key for the service; it is printed once, only its digest is kept.

    Example: steelyard key lake --name gate --scopes boost
    """
    from data_contracts.lake import Lake
    from serving.gate.api_keys import make_key

    made = make_key(Lake.open(lake), name, [s.strip() for s in scopes.split(",")])
    if as_json:
        sys.stdout.write(json.dumps({"name": name, "key": made}) + "\n")
    else:
        out.print(f"Key of {name}, shown once: {made}")


@app.command()
def serve(
    lake: LakeArgument,
    models: Models = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; loopback unless you say otherwise.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port.")] = 3000,
    minutes: Annotated[
        str | None,
        typer.Option(
            help="URL of a Redis that keeps minutes of running sessions; a file beside the lake otherwise."
        ),
    ] = None,
) -> None:
    """Serve the boost gate over HTTP (BentoML) until it is stopped.

    Example: steelyard serve lake --models models --port 3000
    """
    from data_contracts.lake import Lake
    from data_contracts.runs import run_folder
    from training.release.artefact import champions, load

    run_folder(Lake.open(lake))  # these fail here, with their message, rather than in a worker
    if models is not None:
        for name in champions(models):
            load(models, name)
    online = Lake.open(lake).online
    environment = os.environ | {
        "STEELYARD_LAKE": str(lake.resolve()),
        "BENTOML_DO_NOT_TRACK": "True",
        "BENTOML_HOME": str((online / "bentoml").resolve()),
        "PROMETHEUS_MULTIPROC_DIR": str((online / "prometheus").resolve()),
    }
    for folder in ("bentoml", "prometheus"):
        (online / folder).mkdir(parents=True, exist_ok=True)
    if models is not None:
        environment["STEELYARD_MODELS"] = str(models.resolve())
    if minutes is not None:
        from serving.gate.minute_store import RedisMinuteStore

        RedisMinuteStore(minutes).asked()
        environment["STEELYARD_MINUTES"] = minutes
    command = [
        sys.executable,
        "-m",
        "bentoml",
        "serve",
        "serving.gate.bento_service:Gate",
        "--host",
        host,
        "--port",
        str(port),
    ]
    os.execvpe(command[0], command, environment)


def main() -> None:
    """Entry point: our own errors become one line and an exit code, others keep their traceback."""
    try:
        app()
    except SteelyardError as error:
        err.print(f"steelyard: {error}", markup=False, highlight=False, soft_wrap=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
