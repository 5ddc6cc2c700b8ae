"""Commands of supervision: measures that people take and undo, overrides of tiers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from serving.cli.console import (
    By,
    Json,
    LakeArgument,
    Operator,
    Reason,
    now,
    show_rows,
)

measure = typer.Typer(
    no_args_is_help=True,
    help="Measures that people take, on the ladder of the policy.",
    rich_markup_mode=None,
)
override = typer.Typer(
    no_args_is_help=True, help="Tiers that people set until they expire.", rich_markup_mode=None
)


@measure.command("take")
def take(
    lake: LakeArgument,
    code: Annotated[
        str,
        typer.Option(help="Code of the ladder, such as warn, limit_traffic, block or blacklist."),
    ],
    by: By,
    reason: Reason,
    operator: Annotated[str | None, typer.Option(help="Id of the operator.")] = None,
    streamer: Annotated[str | None, typer.Option(help="Id of a streamer instead.")] = None,
    mcn: Annotated[str | None, typer.Option(help="Id of a network (MCN) instead.")] = None,
    days: Annotated[int, typer.Option(help="Days for which it holds.")] = 7,
    approver: Annotated[
        str | None,
        typer.Option(help="Another person who approves it; needed for what a score may not take."),
    ] = None,
    beyond_range: Annotated[
        str,
        typer.Option(help="Why it may be stricter than what is proportionate; needs an approver."),
    ] = "",
    as_json: Json = False,
) -> None:
    """Take a measure and write its record: facts, evidence, article, notice in zh and en, appeal.

    The gate reads it at once. A referral packs its evidence as well.

    Example: steelyard measure take lake --operator $OPERATOR --code block
    --by desk-1 --approver lead-2 --reason "two rooms of idle bots"
    """
    from serving.export.evidence_package import refer_operator
    from serving.oversight.measures.manual_measures import take_measure
    from serving.oversight.measures.measure_requests import BadMeasure, MeasureRequest
    from serving.policy.load import load_policy

    named = {"operator": operator, "streamer": streamer, "mcn": mcn}
    subjects = [(kind, subject) for kind, subject in named.items() if subject is not None]
    if len(subjects) != 1:
        raise BadMeasure("name one of --operator, --streamer and --mcn")
    kind, subject = subjects[0]
    request = MeasureRequest(subject, code, by, reason, days, approver, kind, beyond_range)
    refers = code.startswith("refer_") and kind == "operator"
    record = (refer_operator if refers else take_measure)(lake, request, now(), load_policy())
    keys = ("measure_id", "code", "article", "effective_to", "appeal_due", "notice_en", "package")
    show_rows([record if as_json else {k: record[k] for k in keys if k in record}], as_json)


@measure.command("undo")
def undo(
    lake: LakeArgument,
    measure_ids: Annotated[list[str], typer.Argument(help="Ids of the measures.")],
    by: By,
    reason: Reason,
    approver: Annotated[str, typer.Option(help="Another person who approves it.")],
    as_json: Json = False,
) -> None:
    """Take measures back in one act, with all their consequences. The record keeps both.

    Example: steelyard measure undo lake $MEASURE $OTHER --by desk-1 --approver lead-2
    --reason "the detector read a broken export"
    """
    from serving.oversight.measures.undo import UndoRequest, undo_measures
    from serving.policy.load import load_policy

    request = UndoRequest(measure_ids, by, reason, approver)
    record = undo_measures(lake, request, now(), load_policy())
    rows = [{"measure_id": i, "status": "undone", "at": record["at"]} for i in record["undo_of"]]
    show_rows([record] if as_json else rows, as_json)


@measure.command("close")
def close(
    lake: LakeArgument,
    measure_id: Annotated[str, typer.Argument(help="Id of the measure.")],
    outcome: Annotated[str, typer.Option(help="lifted or upheld.")],
    by: By,
    reason: Reason,
    as_json: Json = False,
) -> None:
    """Record the outcome of a measure.

    Example: steelyard measure close lake $MEASURE --outcome lifted --by lead-2 --reason "appeal"
    """
    from serving.oversight.measures.manual_measures import close_measure

    show_rows([close_measure(lake, measure_id, outcome, by, reason, now())], as_json)


@measure.command("list")
def list_taken(
    lake: LakeArgument,
    operator: Annotated[str | None, typer.Option(help="Only this operator.")] = None,
    as_json: Json = False,
) -> None:
    """List measures that people took; those of a night: steelyard show measures LAKE.

    Example: steelyard measure list lake --json
    """
    from serving.oversight.measures.manual_measures import list_measures

    rows = list_measures(lake, now(), operator)
    keys = ("measure_id", "subject_kind", "subject_id", "code", "status", "by", "approver")
    columns = (*keys, "effective_to", "outcome")
    show_rows(rows if as_json else [{k: r[k] for k in columns} for r in rows], as_json)


@override.command("set")
def set_tier(
    lake: LakeArgument,
    operator: Operator,
    tier: Annotated[str, typer.Option(help="A, B, C or D.")],
    by: By,
    reason: Reason,
    days: Annotated[int, typer.Option(help="Days until it expires.")] = 30,
    as_json: Json = False,
) -> None:
    """Set an operator's tier from the next night on, until it expires.

    Example: steelyard override set lake --operator $OPERATOR --tier A
    --by lead-2 --reason "charity broadcast, checked on site" --days 14
    """
    from serving.oversight.overrides import set_override

    show_rows([asdict(set_override(lake, operator, tier, by, reason, days, now()))], as_json)


@override.command("list")
def list_overrides(lake: LakeArgument, as_json: Json = False) -> None:
    """List overrides in force.

    Example: steelyard override list lake
    """
    from data_contracts.lake import Lake
    from serving.oversight.overrides import overrides_in_force

    show_rows([asdict(o) for o in overrides_in_force(Lake.open(lake), now()).values()], as_json)
