"""Commands that write reports: to authorities, to the public, and of a year."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from serving.cli.console import Json, LakeArgument, Night, day, finite, now, print_json, show_rows

reports = typer.Typer(
    no_args_is_help=True,
    help="Reports to authorities and to the public.",
    rich_markup_mode=None,
)

From = Annotated[str, typer.Option("--from", help="First day of the period.")]
To = Annotated[str, typer.Option("--to", help="Last day of the period.")]
File = Annotated[Path, typer.Option("--file", help="File to write.")]


def _midnight(text: str, option: str) -> datetime:
    return datetime.combine(day(text, option), datetime.min.time())


@reports.command("measures")
def measures(
    lake: LakeArgument,
    level: Annotated[str, typer.Option(help="county or province.")],
    first: From,
    last: To,
    file: File,
    sent_by: Annotated[
        str | None,
        typer.Option(
            help="Person who sends it, with the key of this shell; marks its measures as reported."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the measures of a period for one level of authority, with what is still unreported.

    With --sent-by the report is kept in the record, and its measures are unreported no more.

    Example: steelyard reports measures lake --level county --from $A --to $B --file county.json
    """
    from data_contracts.lake import Lake
    from serving.oversight.people.signers import open_author
    from serving.oversight.policies.policy_record import policy_in_force
    from serving.oversight.reports.measure_report import Period, mark_reported, measure_report

    author = None if sent_by is None else open_author(Lake.open(lake), sent_by)
    period = Period(_midnight(first, "--from"), _midnight(last, "--to") + timedelta(days=1))
    report = measure_report(lake, level, period, now(), policy_in_force(lake, now().date()))
    text = json.dumps(finite(report), ensure_ascii=False, indent=1, default=str) + "\n"
    file.write_text(text, "utf-8")
    if author is not None:
        mark_reported(lake, report, text, author, now())
    row = {
        "file": str(file),
        "measures": len(report["measures"]),
        "still_unreported": len(report["still_unreported"]) if sent_by is None else 0,
        "undone_after_report": len(report["undone_after_report"]),
    }
    show_rows([row], as_json)


@reports.command("public")
def public(lake: LakeArgument, as_json: Json = False) -> None:
    """List the measures that people took, for the public: no grounds, no persons.

    Example: steelyard reports public lake --json
    """
    from serving.oversight.policies.policy_record import policy_in_force
    from serving.oversight.reports.measure_report import public_list, taken_measures

    policy = policy_in_force(lake, now().date())
    show_rows(public_list(taken_measures(lake, now()), policy), as_json)


@reports.command("orders")
def orders(
    lake: LakeArgument,
    measure: Annotated[
        str | None, typer.Option(help="Id of the measure; all in force when not named.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the open orders that measures affect: paid, and neither signed for nor refunded.

    Example: steelyard reports orders lake --json
    """
    from serving.oversight.reports.affected_orders import affected_orders

    found = affected_orders(lake, measure, now())
    show_rows(finite(found.to_dict("records")), as_json, "Open orders")


@reports.command("identities")
def identities(lake: LakeArgument, file: File, date_: Night = None, as_json: Json = False) -> None:
    """Write the half-yearly export of identities as CSV: ids, dates and gaps, no documents.

    Example: steelyard reports identities lake --file identities.csv
    """
    from data_contracts.lake import Lake
    from features.engine.snapshot import Snapshot
    from serving.nightly.delivery import newest_receipt
    from serving.oversight.policies.policy_record import policy_in_force
    from serving.oversight.reports.identity_report import identity_report

    opened = Lake.open(lake)
    moment = _midnight(date_, "--date") if date_ else newest_receipt(opened)
    policy = policy_in_force(lake, moment.date())
    rows = identity_report(Snapshot.open(opened, moment), moment, policy)
    rows.to_csv(file, index=False)
    states = rows["state"].value_counts().sort_index()
    show_rows([{"file": str(file), "as_of": moment.isoformat(), **states.to_dict()}], as_json)


@reports.command("integrity")
def integrity(
    lake: LakeArgument,
    first: From,
    last: To,
    file: Annotated[
        Path | None, typer.Option("--file", help="HTML page to write; JSON lies beside it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compute the integrity report of a period from published nights and the record alone.

    Example: steelyard reports integrity lake --from $A --to $B --file integrity.html
    """
    from serving.oversight.policies.policy_record import policy_in_force
    from serving.oversight.reports.integrity_report import integrity_page, integrity_report
    from serving.oversight.reports.measure_report import Period

    period = Period(_midnight(first, "--from"), _midnight(last, "--to") + timedelta(days=1))
    report = integrity_report(lake, period, now(), policy_in_force(lake, now().date()))
    if file is not None:
        text = json.dumps(finite(report), ensure_ascii=False, indent=1, default=str) + "\n"
        file.with_suffix(".json").write_text(text, "utf-8")
        file.write_text(integrity_page(report), "utf-8")
    if as_json or file is None:
        print_json(report)
    else:
        show_rows([{"file": str(file), "nights": len(report["nights"])}], as_json)
