"""Commands that exchange files with others: evidence packages, lists between platforms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serving.cli.console import (
    Json,
    LakeArgument,
    Night,
    Operator,
    Steps,
    night_named,
    now,
    out,
    show_rows,
)

if TYPE_CHECKING:
    from serving.export.matchable_identity import AgreedIdentities

evidence = typer.Typer(
    no_args_is_help=True, help="Evidence packages for referrals.", rich_markup_mode=None
)
punishments = typer.Typer(
    no_args_is_help=True,
    help="Joint punishment: signed lists between platforms.",
    rich_markup_mode=None,
)

Registry = Annotated[
    Path | None,
    typer.Option(help="CSV file with operator_id and registration_number; needs --agreed-key."),
]
AgreedKey = Annotated[
    Path | None, typer.Option(help="File with the key that the platforms agreed on.")
]
PublicKey = Annotated[
    str, typer.Option(help="Public key of the issuer, received from it by another way.")
]


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


@evidence.command("order")
def order_(
    lake: LakeArgument,
    order: Annotated[str, typer.Option(help="Id of the order.")],
    to: Annotated[Path, typer.Option(help="Zip file to write.")],
    as_json: Json = False,
) -> None:
    """Write operator and trade records of an order for a consumer, without any suspicion.

    Example: steelyard evidence order lake --order $ORDER --to records.zip
    """
    from serving.export.order_records import pack_order

    manifest = pack_order(lake, order, to, now())
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
    registry: Registry = None,
    agreed_key: AgreedKey = None,
    as_json: Json = False,
) -> None:
    """Write the measures in force that people took, as a signed list for another platform.

    With --registry and --agreed-key entries have an identity that the other platform can match. The
    list says so where it cannot be matched.

    Example: steelyard punishments export lake --to list.json --issuer platform-a
    """
    from data_contracts.lake import Lake
    from serving.export.shared_measures import export_measures
    from serving.export.signing import public_key_text, signing_key

    identities = _identities(registry, agreed_key)
    count = export_measures(lake, to, issuer, now(), identities)
    key = public_key_text(signing_key(Lake.open(lake)))
    row = {"file": str(to), "entries": count, "public_key": key}
    show_rows([row | {"can_be_matched": identities is not None}], as_json)


@punishments.command("import")
def import_(
    lake: LakeArgument,
    source: Annotated[Path, typer.Argument(help="Signed list.")],
    trust: PublicKey,
    registry: Registry = None,
    agreed_key: AgreedKey = None,
    same_ids: Annotated[
        bool, typer.Option("--same-ids", help="Both platforms use the same operator ids.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Import another platform's list as warnings. They set a floor to tiers and are no verdicts.

    An entry sets a floor only where it is matched, by --registry and --agreed-key or --same-ids.

    Example: steelyard punishments import lake list.json --trust MCowBQ...
    """
    from serving.export.shared_measures import import_warnings

    done = import_warnings(
        lake,
        source,
        trust,
        now(),
        identities=_identities(registry, agreed_key),
        same_ids=same_ids,
    )
    row = {"new": done.new, "matched": done.matched, "cannot_be_matched": done.new - done.matched}
    show_rows([row], as_json)


def _identities(registry: Path | None, agreed_key: Path | None) -> AgreedIdentities | None:
    """Registration numbers with the agreed key; None without both. Raises BadIdentities."""
    from serving.export.matchable_identity import BadIdentities, read_identities

    if registry is None and agreed_key is None:
        return None
    if registry is None or agreed_key is None:
        raise BadIdentities("--registry and --agreed-key are named together")
    return read_identities(registry, agreed_key)
