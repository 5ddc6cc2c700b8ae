"""Commands of appeals: open, decide and list them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from serving.cli.console import (
    By,
    Json,
    LakeArgument,
    SignedBy,
    night_named,
    now,
    out,
    show_rows,
)

appeal = typer.Typer(no_args_is_help=True, help="Appeals against decisions.", rich_markup_mode=None)


@appeal.command("open")
def open_(
    lake: LakeArgument,
    by: By,
    ground: Annotated[str | None, typer.Option(help="Why the decision is wrong.")] = None,
    operator: Annotated[
        str | None, typer.Option(help="Operator whose decision of a night is appealed.")
    ] = None,
    measure: Annotated[
        str | None, typer.Option(help="Id of the measure that is appealed instead.")
    ] = None,
    request: Annotated[
        str | None, typer.Option(help="requestId of the gate's answer that is appealed instead.")
    ] = None,
    date_: Annotated[
        str | None, typer.Option("--date", help="Night of the decision; the latest when not named.")
    ] = None,
    human: Annotated[
        bool,
        typer.Option(
            "--human", help="Ask that a person decides what was automatic; no ground needed."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Open an appeal against a measure, a night's decision or an answer of the gate.

    The policy says when it is due.

    Opening needs no key: an outsider appeals, and a reviewer decides.

    Example: steelyard appeal open lake --measure $MEASURE --ground "celebrity visit" --by shop

    Example: steelyard appeal open lake --operator $OPERATOR --ground "celebrity visit" --by shop

    Example: steelyard appeal open lake --request $REQUEST --ground "a raid" --by shop

    Example: steelyard appeal open lake --operator $OPERATOR --human --by shop
    """
    from serving.oversight.appeals.answer_appeals import open_answer_appeal
    from serving.oversight.appeals.appeal_record import BadAppeal, open_appeal
    from serving.oversight.appeals.measure_appeals import open_measure_appeal
    from serving.oversight.policies.policy_record import policy_in_force

    if [operator, measure, request].count(None) != 2:
        raise BadAppeal("an appeal names one of --measure, --operator and --request")
    if human == (ground is not None):
        raise BadAppeal("an appeal has its --ground, or asks with --human that a person decides")
    policy = policy_in_force(lake, now().date())
    if request is not None:
        if ground is None:
            raise BadAppeal("an answer is appealed with a --ground; --human asks about a night")
        made = open_answer_appeal(lake, request, ground, by, now(), policy)
    elif measure is not None:
        if ground is None:
            raise BadAppeal(f"a person took {measure}; appeal against it with a --ground")
        made = open_measure_appeal(lake, measure, ground, by, now(), policy)
    else:
        night = night_named(date_)
        made = open_appeal(lake, str(operator), night, ground, by, now(), policy)
    show_rows([asdict(made)], as_json)


@appeal.command("decide")
def decide(
    lake: LakeArgument,
    appeal_id: Annotated[str, typer.Argument(help="Id of the appeal.")],
    verdict: Annotated[str, typer.Option(help="error (a false accusation), upheld, or miss.")],
    reason: Annotated[str, typer.Option(help="Reason, in words.")],
    by: SignedBy = None,
    session: Annotated[
        list[str] | None, typer.Option(help="Session that the verdict is about; may be repeated.")
    ] = None,
    order: Annotated[
        list[str] | None, typer.Option(help="Order that the verdict is about; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Decide an appeal that another person opened, about what another person decided.

    A won appeal (error) lifts the measure, voids the night's accusation, or takes a session's
    minutes out of further answers, at once. Verdicts become outcomes for training after the delay
    of the policy.

    Example: steelyard appeal decide lake $APPEAL --verdict error --reason "raid"
    """
    from data_contracts.lake import Lake
    from serving.oversight.appeals.appeal_decisions import AppealDecision, decide_appeal
    from serving.oversight.people.signers import open_signer
    from serving.oversight.policies.policy_record import policy_in_force

    signer = open_signer(Lake.open(lake), by)
    about = [("session", s) for s in session or []] + [("order", o) for o in order or []]
    decision = AppealDecision(verdict, signer, reason, about)
    decided = decide_appeal(lake, appeal_id, decision, now(), policy_in_force(lake, now().date()))
    show_rows([asdict(decided)], as_json)


@appeal.command("list")
def list_(lake: LakeArgument, as_json: Json = False) -> None:
    """List appeals with their due dates, verdicts, and whether the date was missed.

    Example: steelyard appeal list lake --json
    """
    from serving.oversight.appeals.appeal_record import list_appeals

    show_rows([asdict(a) for a in list_appeals(lake, now())], as_json, "Appeals")
    if not as_json:
        out.print(f"Open one: steelyard appeal open {lake} --operator ID --ground WHY --by WHO")
