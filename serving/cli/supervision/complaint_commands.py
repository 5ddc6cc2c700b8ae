"""Commands of complaints: list them as cases, and decide them."""

from __future__ import annotations

from typing import Annotated

import typer

from serving.cli.console import Json, LakeArgument, Reason, SignedBy, now, show_rows

complaint = typer.Typer(
    no_args_is_help=True, help="Complaints as cases with due dates.", rich_markup_mode=None
)


@complaint.command("list")
def list_(
    lake: LakeArgument,
    operator: Annotated[str | None, typer.Option(help="Only this operator.")] = None,
    status: Annotated[
        str | None, typer.Option(help="Only open, late, verified, unfounded or closed ones.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List complaints, the earliest due first. Due dates are those delivered, or the policy's.

    Example: steelyard complaint list lake --status late
    """
    from serving.oversight.complaints.decisions import list_complaints
    from serving.oversight.policies.policy_record import policy_in_force

    rows = [
        r
        for r in list_complaints(lake, now(), policy_in_force(lake, now().date()))
        if operator in (None, r["operator_id"]) and status in (None, r["status"])
    ]
    show_rows(rows, as_json, None if as_json else "Complaints")


@complaint.command("decide")
def decide(
    lake: LakeArgument,
    complaint_id: Annotated[str, typer.Argument(help="Id of the complaint.")],
    reason: Reason,
    verified: Annotated[bool, typer.Option("--verified/--unfounded", help="What was found of it.")],
    by: SignedBy = None,
    as_json: Json = False,
) -> None:
    """Find a complaint verified or unfounded, signed by a reviewer.

    Verified ones count in the credit of the operator from the next night on. The same finding again
    changes nothing.

    Example: steelyard complaint decide lake $COMPLAINT --verified --reason "the goods were fake"
    """
    from data_contracts.lake import Lake
    from serving.oversight.complaints.decisions import Finding, decide_complaint
    from serving.oversight.people.signers import open_signer
    from serving.oversight.policies.policy_record import policy_in_force

    finding = Finding(verified, open_signer(Lake.open(lake), by), reason)
    policy = policy_in_force(lake, now().date())
    show_rows([decide_complaint(lake, complaint_id, finding, now(), policy)], as_json)
