"""Commands of supervision: measures that people take and undo, overrides of tiers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from serving.cli.console import (
    Json,
    LakeArgument,
    Operator,
    Reason,
    SignedBy,
    now,
    out,
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
PRINTED = (
    "measure_id",
    "code",
    "status",
    "article",
    "effective_to",
    "appeal_due",
    "notice_en",
    "package",
)


@measure.command("take")
def take(
    lake: LakeArgument,
    code: Annotated[
        str,
        typer.Option(help="Code of the ladder, such as warn, limit_traffic, block or blacklist."),
    ],
    reason: Reason,
    by: SignedBy = None,
    operator: Annotated[str | None, typer.Option(help="Id of the operator.")] = None,
    streamer: Annotated[str | None, typer.Option(help="Id of a streamer instead.")] = None,
    mcn: Annotated[str | None, typer.Option(help="Id of a network (MCN) instead.")] = None,
    days: Annotated[int, typer.Option(help="Days for which it holds.")] = 7,
    approver: Annotated[
        str | None,
        typer.Option(help="The other person who is asked to approve it, with a key of its own."),
    ] = None,
    beyond_range: Annotated[
        str,
        typer.Option(help="Why it may be stricter than what is proportionate; needs an approver."),
    ] = "",
    as_json: Json = False,
) -> None:
    """Take a measure and write its record: facts, evidence, article, notice in zh and en, appeal.

    The person of this shell signs it. What is grave is proposed, and takes effect when another
    person approves it. The gate reads a measure at once.

    Example: steelyard measure take lake --operator $OPERATOR --code block
    --reason "two rooms of idle bots"

    Example: steelyard measure approve lake $MEASURE
    """
    from data_contracts.lake import Lake
    from serving.oversight.measures.manual_measures import take_measure
    from serving.oversight.measures.measure_requests import BadMeasure, MeasureRequest
    from serving.oversight.people.signers import open_signer
    from serving.oversight.policies.policy_record import policy_in_force

    named = {"operator": operator, "streamer": streamer, "mcn": mcn}
    subjects = [(kind, subject) for kind, subject in named.items() if subject is not None]
    if len(subjects) != 1:
        raise BadMeasure("name one of --operator, --streamer and --mcn")
    kind, subject = subjects[0]
    signer = open_signer(Lake.open(lake), by)
    request = MeasureRequest(subject, code, signer, reason, days, approver, kind, beyond_range)
    record = take_measure(lake, request, now(), policy_in_force(lake, now().date()))
    show_rows([record if as_json else {k: record[k] for k in PRINTED if k in record}], as_json)
    if record["status"] == "proposed" and not as_json:
        out.print(
            f"Another person approves it: steelyard measure approve {lake} {record['measure_id']}"
        )


@measure.command("approve")
def approve(
    lake: LakeArgument,
    act: Annotated[str, typer.Argument(help="Id of the proposed measure or undo.")],
    by: SignedBy = None,
    as_json: Json = False,
) -> None:
    """Approve a measure or an undo that another person proposed. It takes effect now.

    Whoever proposed it cannot approve it. A referral packs its evidence as well. An act that this
    person approved before is printed again.

    Example: steelyard measure approve lake $MEASURE
    """
    from data_contracts.lake import Lake
    from serving.export.evidence_package import pack_referral
    from serving.oversight.measures.approval import approve_act
    from serving.oversight.people.signers import open_signer
    from serving.oversight.policies.policy_record import policy_in_force

    signer = open_signer(Lake.open(lake), by)
    record = approve_act(lake, act, signer, now(), policy_in_force(lake, now().date()))
    record = pack_referral(lake, record, now())
    keys = ("undo_id", "undo_of", "at", *PRINTED)
    show_rows([record if as_json else {k: record[k] for k in keys if k in record}], as_json)


@measure.command("undo")
def undo(
    lake: LakeArgument,
    measure_ids: Annotated[list[str], typer.Argument(help="Ids of the measures.")],
    reason: Reason,
    by: SignedBy = None,
    approver: Annotated[
        str, typer.Option(help="The other person who is asked to approve it.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Propose to take measures back in one act, with all their consequences.

    It takes effect when another person approves it. The record keeps both.

    Example: steelyard measure undo lake $MEASURE $OTHER --reason "a broken export"

    Example: steelyard measure approve lake $UNDO
    """
    from data_contracts.lake import Lake
    from serving.oversight.measures.undo import UndoRequest, undo_measures
    from serving.oversight.people.signers import open_signer
    from serving.oversight.policies.policy_record import policy_in_force

    request = UndoRequest(measure_ids, open_signer(Lake.open(lake), by), reason, approver)
    record = undo_measures(lake, request, now(), policy_in_force(lake, now().date()))
    rows = [{"undo_id": record["undo_id"], "measure_id": i} for i in record["undo_of"]]
    show_rows([record] if as_json else rows, as_json)
    if not as_json:
        out.print(
            f"Another person approves it: steelyard measure approve {lake} {record['undo_id']}"
        )


@measure.command("close")
def close(
    lake: LakeArgument,
    measure_id: Annotated[str, typer.Argument(help="Id of the measure, or of a proposed undo.")],
    outcome: Annotated[str, typer.Option(help="lifted or upheld.")],
    reason: Reason,
    by: SignedBy = None,
    as_json: Json = False,
) -> None:
    """Record the outcome of a measure. A proposal, of an undo too, that is lifted was refused.

    Example: steelyard measure close lake $MEASURE --outcome lifted --reason "it was mended"
    """
    from data_contracts.lake import Lake
    from serving.oversight.measures.manual_measures import close_measure
    from serving.oversight.people.signers import open_signer

    signer = open_signer(Lake.open(lake), by)
    show_rows([close_measure(lake, measure_id, outcome, signer, reason, now())], as_json)


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
    columns = (*keys, "effective_to", "outcome", "undo_proposed")
    show_rows(rows if as_json else [{k: r[k] for k in columns} for r in rows], as_json)


@override.command("set")
def set_tier(
    lake: LakeArgument,
    operator: Operator,
    tier: Annotated[str, typer.Option(help="A, B, C or D.")],
    reason: Reason,
    by: SignedBy = None,
    days: Annotated[int, typer.Option(help="Days until it expires.")] = 30,
    as_json: Json = False,
) -> None:
    """Set an operator's tier from the next night on, until it expires.

    Example: steelyard override set lake --operator $OPERATOR --tier A
    --reason "charity broadcast, checked on site" --days 14
    """
    from data_contracts.lake import Lake
    from serving.oversight.overrides import set_override
    from serving.oversight.people.signers import open_signer

    signer = open_signer(Lake.open(lake), by)
    show_rows([asdict(set_override(lake, operator, tier, signer, reason, days, now()))], as_json)


@override.command("list")
def list_overrides(lake: LakeArgument, as_json: Json = False) -> None:
    """List overrides in force.

    Example: steelyard override list lake
    """
    from data_contracts.lake import Lake
    from serving.oversight.overrides import overrides_in_force

    show_rows([asdict(o) for o in overrides_in_force(Lake.open(lake), now()).values()], as_json)
