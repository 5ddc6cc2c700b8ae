"""Commands of supervision: measures, overrides, evidence packages, lists between platforms."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from serving.cli.console import (
    By,
    Json,
    LakeArgument,
    Night,
    Operator,
    Reason,
    Steps,
    night_named,
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
evidence = typer.Typer(
    no_args_is_help=True, help="Evidence packages for referrals.", rich_markup_mode=None
)
punishments = typer.Typer(
    no_args_is_help=True,
    help="Joint punishment: signed lists between platforms.",
    rich_markup_mode=None,
)

PublicKey = Annotated[
    str, typer.Option(help="Public key of the issuer, received from it by another way.")
]


@measure.command("take")
def take(
    lake: LakeArgument,
    operator: Operator,
    code: Annotated[
        str,
        typer.Option(help="Code of the ladder, such as warn, correct, block or refer_enforcement."),
    ],
    by: By,
    reason: Reason,
    days: Annotated[int, typer.Option(help="Days for which it holds.")] = 7,
    approver: Annotated[
        str | None,
        typer.Option(help="Another person who approves it; needed for what a score may not take."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Take a measure and write its record: facts, evidence, article, notice in zh and en, appeal.

    A referral packs its evidence as well.

    Example: steelyard measure take lake --operator $OPERATOR --code block
    --by desk-1 --approver lead-2 --reason "two rooms of idle bots"
    """
    from serving.export.evidence_package import refer_operator
    from serving.oversight.manual_measures import MeasureRequest, take_measure
    from serving.policy.load import load_policy

    request = MeasureRequest(operator, code, by, reason, days, approver)
    act = refer_operator if code.startswith("refer_") else take_measure
    record = act(lake, request, now(), load_policy())
    keys = ("measure_id", "code", "article", "effective_to", "appeal_due", "notice_en", "package")
    show_rows([record if as_json else {k: record[k] for k in keys if k in record}], as_json)


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
    from serving.oversight.manual_measures import close_measure

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
    from serving.oversight.manual_measures import list_measures

    rows = list_measures(lake, operator)
    keys = ("measure_id", "operator_id", "code", "status", "by", "approver", "effective_to")
    columns = (*keys, "outcome")
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


@evidence.command("pack")
def pack(
    lake: LakeArgument,
    operator: Operator,
    to: Annotated[Path, typer.Option(help="Zip file to write.")],
    date_: Night = None,
    as_json: Json = False,
) -> None:
    """Write an operator's evidence package: tables, pictures, decisions, digests, signature.

    Example: steelyard evidence pack lake --operator $OPERATOR --to case.zip
    """
    from serving.export.evidence_package import pack_evidence

    with Steps(f"packing {to}"):
        manifest = pack_evidence(lake, operator, to, night_named(date_), now())
    show_rows([{"file": k, "sha256": v} for k, v in manifest["files"].items()], as_json)


@evidence.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="Evidence package.")],
    trust: Annotated[str | None, typer.Option(help="Public key that must have signed it.")] = None,
    lake: Annotated[
        Path | None, typer.Option(help="Lake whose own key must have signed it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check an evidence package. Exit code 1 when a file was changed or the signature is wrong.

    Anybody can sign, so the signer is named with --trust or --lake.

    Example: steelyard evidence check case.zip --trust MCowBQ...

    Example: steelyard evidence check case.zip --lake lake
    """
    from data_contracts.lake import Lake
    from serving.export.evidence_package import package_faults
    from serving.export.signing import public_key_text, signing_key

    if trust is None and lake is not None:
        trust = public_key_text(signing_key(Lake.open(lake)))
    found = package_faults(file, trust)
    if as_json or found:
        show_rows([{"fault": f} for f in found], as_json)
    if found:
        raise typer.Exit(1)
    if not as_json:
        out.print("The package holds.")


@punishments.command("export")
def export(
    lake: LakeArgument,
    to: Annotated[Path, typer.Option(help="File to write.")],
    issuer: Annotated[str, typer.Option(help="Name under which it is issued.")],
    as_json: Json = False,
) -> None:
    """Write the measures in force that people took, as a signed list for another platform.

    Example: steelyard punishments export lake --to list.json --issuer platform-a
    """
    from data_contracts.lake import Lake
    from serving.export.shared_measures import export_measures
    from serving.export.signing import public_key_text, signing_key

    count = export_measures(lake, to, issuer, now())
    key = public_key_text(signing_key(Lake.open(lake)))
    show_rows([{"file": str(to), "entries": count, "public_key": key}], as_json)


@punishments.command("import")
def import_(
    lake: LakeArgument,
    source: Annotated[Path, typer.Argument(help="Signed list.")],
    trust: PublicKey,
    as_json: Json = False,
) -> None:
    """Import another platform's list as warnings. They set a floor to tiers and are no verdicts.

    Example: steelyard punishments import lake list.json --trust MCowBQ...
    """
    from serving.export.shared_measures import import_warnings

    show_rows([{"new": import_warnings(lake, source, trust, now())}], as_json)
