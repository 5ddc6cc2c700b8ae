"""Commands of persons: the key of this shell, and who may decide in a lake."""

from __future__ import annotations

from typing import Annotated

import typer

from serving.cli.console import Json, LakeArgument, Reason, now, out, print_json, show_rows

person = typer.Typer(
    no_args_is_help=True,
    help="Persons who may decide, each with a key of its own.",
    rich_markup_mode=None,
)
Name = Annotated[str, typer.Argument(help="Name or pseudonym of the person.")]


@person.command("key")
def key(
    plain: Annotated[
        bool, typer.Option("--plain", help="Print the public key and nothing else.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print the public key of this shell; its private key is made on first use.

    It lies at STEELYARD_PERSON_KEY or in the user's folder of configuration, readable by its user
    alone. A shell that has one key is one person.

    Example: steelyard person key --plain
    """
    from serving.oversight.people.personal_key import (
        make_personal_key,
        personal_key_path,
        public_key_words,
    )

    made = make_personal_key().public
    row = {"key": public_key_words(made), "key_id": made.id, "file": str(personal_key_path())}
    if plain:
        typer.echo(row["key"])
    elif as_json:
        print_json(row)
    else:
        out.print(f"Public key {row['key_id']} of {row['file']}: {row['key']}", soft_wrap=True)


@person.command("add")
def add(
    lake: LakeArgument,
    name: Name,
    role: Annotated[
        list[str],
        typer.Option(
            help="administrator, officer (takes and proposes), approver (approves what another "
            "proposed) or reviewer (appeals, complaints); may be repeated."
        ),
    ],
    public_key: Annotated[
        str | None,
        typer.Option(
            "--key", help="Public key of the person, or a file of it; this shell's if not named."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Admit a person, signed by an administrator. The first person admits itself as one.

    An administrator has no other role. A person with the same key and roles is left as it is.

    Example: steelyard person add lake root-1 --role administrator

    Example: steelyard person add lake desk-1 --role officer --key MCow...
    """
    from data_contracts.lake import Lake
    from serving.oversight.people.admissions import admit, list_people
    from serving.oversight.people.personal_key import make_personal_key, parse_public_key
    from serving.oversight.people.roster import read_roster
    from serving.oversight.people.signers import Signer, open_signer

    opened = Lake.open(lake)
    is_first = read_roster(opened).is_empty
    by = Signer(name, make_personal_key()) if is_first else open_signer(opened)
    given = by.key.public if public_key is None else parse_public_key(public_key)
    changed = admit(opened, name, role, given, by, now())
    row = next(p for p in list_people(opened) if p["person"] == name)
    show_rows([row | {"changed": changed}], as_json)


@person.command("list")
def list_(lake: LakeArgument, as_json: Json = False) -> None:
    """List the persons who may decide, with roles and keys.

    Example: steelyard person list lake
    """
    from data_contracts.lake import Lake
    from serving.oversight.people.admissions import list_people

    show_rows(list_people(Lake.open(lake)), as_json, None if as_json else "Persons")


@person.command("revoke")
def revoke(lake: LakeArgument, name: Name, reason: Reason, as_json: Json = False) -> None:
    """Revoke a person. What it signed before stands, and it signs nothing more.

    Example: steelyard person revoke lake desk-1 --reason "left the company"
    """
    from data_contracts.lake import Lake
    from serving.oversight.people import admissions
    from serving.oversight.people.signers import open_signer

    opened = Lake.open(lake)
    changed = admissions.revoke(opened, name, reason, open_signer(opened), now())
    show_rows([{"person": name, "state": "revoked", "changed": changed}], as_json)
