"""Commands of supervision: measures, overrides, holds, evidence, joint punishment."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from serving.cli.console import Json, LakeArgument, Steps, day, out, show_rows

measure = typer.Typer(
    no_args_is_help=True,
    help="Measures that people take, on the ladder of the policy.",
    rich_markup_mode=None,
)
override = typer.Typer(
    no_args_is_help=True, help="Tiers that people set until they expire.", rich_markup_mode=None
)
hold = typer.Typer(
    no_args_is_help=True,
    help="Legal holds: data that retention may not touch.",
    rich_markup_mode=None,
)
evidence = typer.Typer(
    no_args_is_help=True, help="Evidence packages for referrals.", rich_markup_mode=None
)
punishments = typer.Typer(
    no_args_is_help=True,
    help="Joint punishment: signed lists between platforms.",
    rich_markup_mode=None,
)
By = Annotated[str, typer.Option("--by", help="Who does it: a name or a pseudonym.")]
Operator = Annotated[str, typer.Option(help="Operator.")]
Reason = Annotated[str, typer.Option(help="Why, in words.")]
Night = Annotated[str | None, typer.Option("--date", help="Night; the latest when not named.")]


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


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
        typer.Option(help="Who approves it, another person; needed for what a score may not take."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Take a measure and write its record: facts, evidence, article, notice in zh and en, appeal; a referral packs its evidence.

    Example: steelyard measure take lake --operator o123 --code block --by desk-1 --approver lead-2 --reason "two rooms of idle bots"
    """
    from serving.export.evidence_package import refer_operator
    from serving.oversight.measures import take_measure as run
    from serving.policy.load import load_policy

    manual_measures = refer_operator if code.startswith("refer_") else run
    record = manual_measures(lake, operator, code, by, reason, days, now(), load_policy(), approver)
    keys = ("measure_id", "code", "article", "effective_to", "appeal_due", "notice_en", "package")
    show_rows([record] if as_json else [{k: record[k] for k in keys if k in record}], as_json)


@measure.command("close")
def close(
    lake: LakeArgument,
    measure_id: Annotated[str, typer.Argument(help="Measure.")],
    outcome: Annotated[str, typer.Option(help="lifted or upheld.")],
    by: By,
    reason: Reason,
    as_json: Json = False,
) -> None:
    """Record what became of a measure.

    Example: steelyard measure close lake m0123456789ab --outcome lifted --by lead-2 --reason "appeal p1 was right"
    """
    from serving.oversight.measures import close_measure as run

    show_rows([run(lake, measure_id, outcome, by, reason, now())], as_json)


@measure.command("list")
def listed(
    lake: LakeArgument,
    operator: Annotated[str | None, typer.Option(help="Only this operator.")] = None,
    as_json: Json = False,
) -> None:
    """List measures that people took; those of a night: steelyard show measures LAKE.

    Example: steelyard measure list lake --json
    """
    from serving.oversight.measures import manual_measures

    rows = manual_measures(lake, operator)
    keys = (
        "measure_id",
        "operator_id",
        "code",
        "status",
        "by",
        "approver",
        "effective_to",
        "outcome",
    )
    show_rows(rows if as_json else [{k: r[k] for k in keys} for r in rows], as_json)


@override.command("set")
def set_(
    lake: LakeArgument,
    operator: Operator,
    tier: Annotated[str, typer.Option(help="A, B, C or D.")],
    by: By,
    reason: Reason,
    days: Annotated[int, typer.Option(help="Days until it expires.")] = 30,
    as_json: Json = False,
) -> None:
    """Set an operator's tier from the next night on, until it expires.

    Example: steelyard override set lake --operator o123 --tier A --by lead-2 --reason "charity broadcast, checked on site" --days 14
    """
    from serving.oversight.overrides import set_override

    show_rows([asdict(set_override(lake, operator, tier, by, reason, days, now()))], as_json)


@override.command("list")
def overrides_(lake: LakeArgument, as_json: Json = False) -> None:
    """List overrides in force.

    Example: steelyard override list lake
    """
    from data_contracts.lake import Lake
    from serving.oversight.overrides import overrides_in_force

    show_rows([asdict(o) for o in overrides_in_force(Lake.open(lake), now()).values()], as_json)


@hold.command("set")
def hold_set(
    lake: LakeArgument, operator: Operator, by: By, reason: Reason, as_json: Json = False
) -> None:
    """Put an operator's data under legal hold.

    Example: steelyard hold set lake --operator o123 --by counsel --reason "case 2026-17"
    """
    from serving.oversight.retention import set_hold

    show_rows([set_hold(lake, operator, by, reason, False, now())], as_json)


@hold.command("lift")
def hold_lift(
    lake: LakeArgument, operator: Operator, by: By, reason: Reason, as_json: Json = False
) -> None:
    """Lift a legal hold.

    Example: steelyard hold lift lake --operator o123 --by counsel --reason "case 2026-17 closed"
    """
    from serving.oversight.retention import set_hold

    show_rows([set_hold(lake, operator, by, reason, True, now())], as_json)


@evidence.command("pack")
def pack(
    lake: LakeArgument,
    operator: Operator,
    to: Annotated[Path, typer.Option(help="Zip file to write.")],
    date_: Night = None,
    as_json: Json = False,
) -> None:
    """Write an operator's evidence package: tables, pictures, chain of decisions, digests, signature.

    Example: steelyard evidence pack lake --operator o123 --to o123.zip
    """
    from serving.export.evidence_package import pack_evidence

    with Steps(f"packing {to}"):
        manifest = pack_evidence(
            lake, operator, to, str(day(date_, "--date")) if date_ else None, now()
        )
    show_rows(
        [{"file": name, "sha256": digest} for name, digest in manifest["files"].items()], as_json
    )


@evidence.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="Evidence package.")],
    trust: Annotated[
        str | None, typer.Option(help="Public key that has to have signed it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check an evidence package; exit code 1 when a file is not as it was packed or the signature does not hold.

    Example: steelyard evidence check o123.zip --trust MCowBQ...
    """
    from serving.export.evidence_package import package_faults

    found = package_faults(file, trust)
    if as_json or found:
        show_rows([{"fault": f} for f in found], as_json)
    if found:
        raise typer.Exit(1)
    if not as_json:
        out.print(
            "The package holds."
            if trust
            else "The package holds; name the signer's key with --trust to know who signed it."
        )


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
    from serving.export.shared_measures import export_measures as run
    from serving.export.signing import public_key_text, signing_key

    count = run(lake, to, issuer, now())
    show_rows(
        [
            {
                "file": str(to),
                "entries": count,
                "public_key": public_key_text(signing_key(Lake.open(lake))),
            }
        ],
        as_json,
    )


@punishments.command("import")
def import_(
    lake: LakeArgument,
    source: Annotated[Path, typer.Argument(help="Signed list.")],
    trust: Annotated[
        str, typer.Option(help="Public key of the issuer, had from it by another way.")
    ],
    as_json: Json = False,
) -> None:
    """Take over another platform's list as warnings; they raise supervision to a floor and are no verdicts of ours.

    Example: steelyard punishments import lake list.json --trust MCowBQ...
    """
    from serving.export.shared_measures import import_warnings

    show_rows([{"new": import_warnings(lake, source, trust, now())}], as_json)
