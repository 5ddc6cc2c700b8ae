"""Commands of upkeep: credit, retention, audits, promotion."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from serving.cli.console import Json, LakeArgument, Steps, day, out, show_rows
from serving.cli.supervision_commands import Night, now


def credit(
    lake: LakeArgument,
    operator: Annotated[str | None, typer.Option(help="Only this operator.")] = None,
    date_: Night = None,
    as_json: Json = False,
) -> None:
    """Print the public credit evaluation: four sub-scores, level, entitlements; no internal signal.

    Example: steelyard credit lake --operator o123 --json
    """
    from data_contracts.errors import LakeProblem
    from data_contracts.lake import Lake
    from data_contracts.runs import read_outbound
    from serving.oversight.credit import public_view
    from serving.policy.load import load_policy

    frame = read_outbound(Lake.open(lake), "credit", str(day(date_, "--date")) if date_ else None)
    if operator is not None:
        frame = frame[frame["operator_id"] == operator]
        if frame.empty:
            raise LakeProblem(
                f"no credit of operator {operator} was published; list them with: steelyard credit {lake}"
            )
    views = [
        public_view(r, load_policy())
        for r in frame.sort_values(["credit", "operator_id"]).to_dict("records")
    ]
    flat = [
        {
            "operator": v["operatorId"],
            "credit": v["credit"],
            "level": v["level"],
            **v["subScores"],
            "late": v["complaints"]["late"],
        }
        for v in views
    ]
    show_rows(views if as_json else flat, as_json)


def retention(
    lake: LakeArgument,
    table: Annotated[str | None, typer.Option(help="Table to delete from.")] = None,
    before: Annotated[str | None, typer.Option(help="Delete its days before this date.")] = None,
    by: Annotated[str, typer.Option("--by", help="Who deletes.")] = "",
    as_json: Json = False,
) -> None:
    """Say what may be deleted today; with --table, --before and --by, delete it and log it. What is too early is refused.

    Example: steelyard retention lake
    Example: steelyard retention lake --table views --before 2026-01-05 --by records-desk
    """
    from data_contracts.errors import LakeProblem
    from serving.oversight.retention import deletable, delete_days
    from serving.policy.load import load_policy

    if (table is None) != (before is None):
        raise LakeProblem("name both --table and --before, or neither to see what may be deleted")
    if table is None:
        show_rows(
            [asdict(d) for d in deletable(lake, now().date(), load_policy())],
            as_json,
            "May be deleted",
        )
        return
    done = delete_days(lake, table, day(str(before), "--before"), by, now(), load_policy())
    show_rows([asdict(d) for d in done], as_json, "Deleted")


def audit(lake: LakeArgument, as_json: Json = False) -> None:
    """Estimate recall, false alarms and false accusations from the random audit, by group, with intervals.

    Example: steelyard audit lake
    """
    from data_contracts.lake import Lake
    from serving.oversight.random_audit import audit_estimates
    from serving.policy.load import load_policy

    rows = audit_estimates(Lake.open(lake), load_policy())
    show_rows(
        json.loads(rows.to_json(orient="records")), as_json, "From the random audit (90 % interval)"
    )
    if not as_json:
        out.print(f"Tonight's sample to look at: steelyard show audit_sample {lake}")


def promote(
    lake: LakeArgument,
    models: Annotated[
        Path, typer.Option(help="Folder of released models.", envvar="STEELYARD_MODELS")
    ],
    model: Annotated[str, typer.Option(help="Model whose challenger is to take over.")],
    at: Annotated[
        str | None, typer.Option(help="Judge on what was known at the start of this date.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Let a challenger take over when it is better on matured verdicts and the random audit and worse nowhere; else say no and why.

    Example: steelyard promote lake --models models --model session_inflation
    """
    from data_contracts.lake import Lake
    from serving.policy.load import load_policy
    from serving.scoring.scope import newest_receipt
    from training.promote import Gate
    from training.promote import promote as run
    from training.release.tracking import promoted

    p = load_policy().promotion
    moment = (
        datetime.combine(day(at, "--at"), datetime.min.time())
        if at
        else newest_receipt(Lake.open(lake))
    )
    with Steps(f"judging {model}"):
        version, rows = run(
            Lake.open(lake),
            models,
            model,
            moment,
            Gate(p.gain, p.worst_loss, p.group_loss, p.least_rows),
        )
    show_rows(
        json.loads(
            json.dumps([asdict(r) for r in rows]).replace("NaN", "null").replace("Infinity", "null")
        ),
        as_json,
        f"{model}: champion against {version}",
    )
    failed = [r for r in rows if not r.holds]
    if failed:
        sys.stderr.write(
            f"steelyard: {model} {version} is not promoted: {failed[0].what}: {failed[0].why}\n"
        )
        raise typer.Exit(14)
    promoted(models, model, version)
    if not as_json:
        out.print(f"{model} {version} is champion now.")
