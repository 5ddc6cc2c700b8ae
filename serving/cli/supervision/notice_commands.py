"""Commands of notices and reminders: list them as cases with due dates, answer and send them."""

from __future__ import annotations

from typing import Annotated

import typer

from serving.cli.console import Json, LakeArgument, Reason, SignedBy, now, out, show_rows

notice = typer.Typer(
    no_args_is_help=True,
    help="Notices of authorities as cases with due dates.",
    rich_markup_mode=None,
)
reminder = typer.Typer(
    no_args_is_help=True,
    help="Reminders that follow measures, due by working days.",
    rich_markup_mode=None,
)


@notice.command("list")
def list_notices_(
    lake: LakeArgument,
    operator: Annotated[str | None, typer.Option(help="Only this operator.")] = None,
    status: Annotated[
        str | None, typer.Option(help="Only open, late, acted or no_measure ones.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List notices of authorities, the earliest due first. The policy says when they are due.

    Example: steelyard notice list lake --status late
    """
    from serving.oversight.notices.notice_cases import list_notices
    from serving.oversight.policies.policy_record import policy_in_force

    rows = [
        r
        for r in list_notices(lake, now(), policy_in_force(lake, now().date()))
        if operator in (None, r["operator_id"]) and status in (None, r["status"])
    ]
    show_rows(rows, as_json, None if as_json else "Notices")


@notice.command("answer")
def answer(
    lake: LakeArgument,
    notice_id: Annotated[str, typer.Argument(help="Id of the notice.")],
    reason: Reason,
    measure: Annotated[
        str | None,
        typer.Option(help="Id of the measure taken; none needs an approver's signature."),
    ] = None,
    by: SignedBy = None,
    as_json: Json = False,
) -> None:
    """Answer a notice with the measure that was taken, or with a reason why none is.

    An answer whose measure is undone, or fails in an appeal, is open again.

    Example: steelyard notice answer lake $NOTICE --measure $MEASURE --reason "acted upon"
    """
    from data_contracts.lake import Lake
    from serving.oversight.notices.notice_cases import NoticeAnswer, answer_notice
    from serving.oversight.people.signers import open_signer
    from serving.oversight.policies.policy_record import policy_in_force

    given = NoticeAnswer(measure, open_signer(Lake.open(lake), by), reason)
    policy = policy_in_force(lake, now().date())
    show_rows([answer_notice(lake, notice_id, given, now(), policy)], as_json)


@reminder.command("list")
def list_reminders_(
    lake: LakeArgument,
    status: Annotated[
        str | None, typer.Option(help="Only open, late, sent or mended ones.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the reminders that measures ask for, the earliest due first.

    Example: steelyard reminder list lake --status late
    """
    from serving.oversight.notices.reminders import NO_HOLIDAYS_WORDS, list_reminders
    from serving.oversight.policies.policy_record import policy_in_force

    found = list_reminders(lake, now(), policy_in_force(lake, now().date()))
    rows = [r for r in found if status in (None, r["status"])]
    show_rows(rows, as_json, None if as_json else "Reminders")
    if not as_json and not all(r["holidays_known"] for r in rows):
        text = f"{NO_HOLIDAYS_WORDS[0].upper()}{NO_HOLIDAYS_WORDS[1:]}."
        out.print(text, soft_wrap=True, highlight=False)


@reminder.command("send")
def send(
    lake: LakeArgument,
    measure_id: Annotated[str, typer.Argument(help="Id of the measure.")],
    by: SignedBy = None,
    as_json: Json = False,
) -> None:
    """Record that the subject of a measure was reminded, and print the text in zh and en.

    The platform delivers the text. A reminder that was sent is printed again.

    Example: steelyard reminder send lake $MEASURE
    """
    from data_contracts.lake import Lake
    from serving.oversight.notices.reminders import send_reminder
    from serving.oversight.people.signers import open_signer
    from serving.oversight.policies.policy_record import policy_in_force

    signer = open_signer(Lake.open(lake), by)
    policy = policy_in_force(lake, now().date())
    show_rows([send_reminder(lake, measure_id, signer, now(), policy)], as_json)
