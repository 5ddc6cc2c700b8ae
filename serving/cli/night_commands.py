"""Commands of the batch run: nightly and replay."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from data_contracts.errors import LakeProblem
from serving.cli.console import (
    Json,
    LakeArgument,
    Models,
    Steps,
    day,
    err,
    out,
    print_bound,
    print_suspicions,
    show_rows,
)


def nightly(
    lake: LakeArgument,
    date_: Annotated[
        str | None, typer.Option("--date", help="Night to score, a day of UTC.")
    ] = None,
    first: Annotated[str | None, typer.Option("--from", help="First night of a backfill.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last night of a backfill.")] = None,
    models: Models = None,
    policy: Annotated[
        Path | None, typer.Option(help="Policy file; the one in force when not named.")
    ] = None,
    allow_short: Annotated[
        bool, typer.Option(help="Score a partition that is much shorter than on the days before.")
    ] = False,
    without_models: Annotated[
        bool,
        typer.Option(
            "--without-models",
            help="Publish by the released prior, although own models are missing.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Score a night and publish it under LAKE/runs. Running it again changes nothing.

    Example: steelyard nightly lake --date 2026-01-31 --models models
    """
    from data_contracts.runs import read_outbound
    from serving.nightly.pipeline import backfill
    from serving.nightly.pipeline import nightly as run_night
    from serving.oversight.policies.policy_record import policy_in_force
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
            compare_with_gate(lake, night, say)
            done = run_night(
                lake,
                night,
                models,
                load_policy(policy) if policy else policy_in_force(lake, night),
                allow_short,
                partial(_say, say, night),
                without_models,
            )
            rows.append(
                {
                    "date": str(night),
                    "run": done.run_id,
                    "published": "now" if done.fresh else "before, unchanged",
                    "folder": str(done.folder),
                    **(done.counts if as_json else {}),
                }
            )
            if models is not None and done.fresh:
                keep_head(lake, models, night, say)
    show_rows(rows, as_json)
    if not as_json:
        out.print(f"Report: {rows[-1]['folder']}/report.html", soft_wrap=True, highlight=False)
        out.print(f"Tiers: steelyard show tier_decisions {lake}", soft_wrap=True, highlight=False)
        print_bound(lake, str(nights[-1]))
        run = read_outbound(lake, "runs", str(nights[-1])).iloc[-1]
        for rests in json.loads(run.get("basis", "[]")):
            out.print(f"Rests on: {rests['en']}", soft_wrap=True, highlight=False, markup=False)
        print_suspicions(json.loads(run.get("suspicions", "[]")))


def _say(say: Callable[[str], None], night: date, text: str) -> None:
    say(f"{night} {text}")


def compare_with_gate(lake: Path, night: date, say: Callable[[str], None]) -> None:
    """Compare the gate's minutes with the lake's for the report; what cannot be is said."""
    from serving.gate.parity import keep_parity

    try:
        found = keep_parity(lake, night)
    except LakeProblem as error:
        err.print(f"the gate of {night} was not compared with the lake: {error}")
        return
    if found is not None:
        differing = sum(s.equal < found.sessions for s in found.signals)
        say(
            f"{night} {found.sessions} sessions of the gate compared with the lake: "
            f"{differing} of {len(found.signals)} signals differ"
        )


def keep_head(lake: Path, models: Path, night: date, say: Callable[[str], None]) -> None:
    """Keep the head of the ledger in MLflow too; a store that is down is reported and no error."""
    from data_contracts.lake import Lake
    from serving.ledger.decisions import recorded_heads

    opened = Lake.open(lake)
    say("keeping the head of the ledger")
    try:
        from training.release.tracking import checkpoint

        checkpoint(models, night.isoformat(), recorded_heads(opened)[night.isoformat()])
    except Exception as error:
        err.print(
            f"the head of {night} was not kept in MLflow ({type(error).__name__}); "
            f"it is in {opened.decision_heads}"
        )


def replay(
    lake: LakeArgument,
    decision: Annotated[
        str | None,
        typer.Argument(help="One decision, as OPERATOR@DATE: computed again and compared."),
    ] = None,
    date_: Annotated[
        str | None,
        typer.Option("--date", help="Published night to compute again and compare bit for bit."),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(help="Policy to try on published nights: lists the decisions it changes."),
    ] = None,
    first: Annotated[str | None, typer.Option("--from", help="First night of the trial.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last night of the trial.")] = None,
    policy_file: Annotated[
        Path | None, typer.Option(help="Policy of --date, when the lake does not have it.")
    ] = None,
    models: Models = None,
    as_json: Json = False,
) -> None:
    """Compute a published night again and compare it, or list what another policy would change.

    Exit code 1 when a table differs.

    Example: steelyard replay lake $OPERATOR@2026-01-31 --models models

    Example: steelyard replay lake --date 2026-01-31 --models models

    Example: steelyard replay lake --policy stricter.toml --from 2026-01-25 --to 2026-01-31
    """
    from serving.nightly.replay import replay as replay_night
    from serving.nightly.what_if import what_if
    from serving.oversight.policies.policy_record import policy_in_force
    from serving.policy.load import load_policy

    operator = None
    if decision is not None:
        operator, _, when = decision.rpartition("@")
        if not operator or date_ is not None:
            raise LakeProblem(
                f"{decision!r} is not a decision; write OPERATOR@DATE, "
                "such as o123@2026-01-31, without --date"
            )
        date_ = when
    trial = policy is not None
    if (date_ is None) != trial or (trial and (first is None or last is None)):
        raise LakeProblem("name either a decision or --date, or --policy with --from and --to")
    if trial:
        changed = what_if(
            lake, day(str(first), "--from"), day(str(last), "--to"), load_policy(policy)
        )
        show_rows(changed.to_dict("records"), as_json, "Tiers under the other policy")
        if not as_json:
            out.print(f"{len(changed)} decisions would have been another.")
        return
    night = day(str(date_), "--date")
    with Steps(f"replay {lake}") as say:
        in_force = load_policy(policy_file) if policy_file else policy_in_force(lake, night)
        found = replay_night(lake, night, models, in_force, say, operator)
    row = asdict(found) | {"stands": found.stands, "differ": ", ".join(found.differ)}
    show_rows([row], as_json)
    if not found.stands:
        sys.exit(1)
