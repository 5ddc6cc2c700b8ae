"""Commands of the desk: serve it, and manage its accounts."""

from __future__ import annotations

import signal
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from serving.cli.console import Json, LakeArgument, out, print_json, show_rows

if TYPE_CHECKING:
    from serving.desk.desk import Desk

desk_account = typer.Typer(
    no_args_is_help=True, help="Accounts of the desk.", rich_markup_mode=None
)
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database",
        help="postgresql+psycopg:// or sqlite:/// URL; a file in the lake when not named.",
        envvar="STEELYARD_DESK_DATABASE",
    ),
]
Name = Annotated[str, typer.Argument(help="Name of the account.")]
PublicUrl = Annotated[
    str | None,
    typer.Option(
        help="Address that browsers use, such as https://desk.example; "
        "needed when the host is not the loopback.",
        envvar="STEELYARD_DESK_URL",
    ),
]


def desk(
    lake: LakeArgument,
    host: Annotated[
        str, typer.Option(help="Address to listen on; loopback when not named.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port; 0 takes one that is free.", envvar="STEELYARD_DESK_PORT")
    ] = 3001,
    database: DatabaseUrl = None,
    public_url: PublicUrl = None,
    oidc: Annotated[
        Path | None,
        typer.Option(help="TOML file of an identity provider.", envvar="STEELYARD_DESK_OIDC"),
    ] = None,
    rebuild: Annotated[
        bool,
        typer.Option("--rebuild", help="Make the tables of cases again from the record first."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Serve the desk, where supervisors work, until it is stopped.

    The first start prints a link that makes the first account; it can be used once.

    Example: steelyard desk lake --port 3001
    """
    from serving.desk.inbox.webhook_targets import start_webhooks
    from serving.desk.nights import read_ahead
    from serving.desk.web.application import desk_application
    from serving.desk.web.server import open_desk, serve_desk
    from serving.desk.web.settings import settings_for
    from serving.gate.server.service import bound_socket

    provider = None
    if oidc is not None:
        from serving.desk.accounts.logins.provider_settings import read_provider

        provider = read_provider(oidc)
    opened = open_desk(lake, database)
    if rebuild:
        from serving.desk.cases.case_record import rebuild as project_again

        project_again(opened)
    bound = bound_socket(host, port)
    address = public_url or f"http://{_in_url(host)}:{bound.getsockname()[1]}"
    application = desk_application(opened, settings_for(address, host, provider))
    setup = _first_link(opened, address)
    if as_json:
        print_json({"address": address, "setup": setup, "lake": str(lake)})
    else:
        out.print(f"The desk of {lake} is at {address}", soft_wrap=True, highlight=False)
        if setup:
            out.print(f"Make the first account: {setup}", soft_wrap=True, highlight=False)
    out.file.flush()
    for stop in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises the signal again at its end
        signal.signal(stop, _stopped)
    stop_webhooks = start_webhooks(opened)
    read_ahead(opened.lake)
    serve_desk(bound, application)
    stop_webhooks()


@desk_account.command("add")
def add(
    lake: LakeArgument,
    name: Name,
    role: Annotated[
        list[str],
        typer.Option(
            help="viewer, patrol, reviewer, lead, policy, auditor, administrator; may be repeated."
        ),
    ],
    language: Annotated[str, typer.Option(help="Language of its pages: zh or en.")] = "zh",
    database: DatabaseUrl = None,
    public_url: PublicUrl = None,
    as_json: Json = False,
) -> None:
    """Add an account; prints the link by which its user sets a password.

    Example: steelyard desk-account add lake li --role patrol --role lead
    """
    from serving.desk.accounts.directory import NewAccount, add_account
    from serving.desk.accounts.logins.invitations import invite

    opened = _open(lake, database)
    with opened.database.transaction() as session:
        row = add_account(session, NewAccount(name, role, language), opened.clock())
        token = invite(session, row.id, opened.clock())
        made = {"account": row.name, "roles": ",".join(row.roles)}
    show_rows([made | {"link": _link(token, public_url)}], as_json)


@desk_account.command("list")
def list_(lake: LakeArgument, database: DatabaseUrl = None, as_json: Json = False) -> None:
    """List the accounts of the desk.

    Example: steelyard desk-account list lake
    """
    from serving.desk.accounts.directory import list_accounts

    with _open(lake, database).database.snapshot() as session:
        rows = [
            {
                "account": a.name,
                "roles": ",".join(a.roles),
                "login": a.issuer or ("password" if a.password_digest else "invited"),
                "state": "disabled" if a.disabled_at else "active",
            }
            for a in list_accounts(session)
        ]
    show_rows(rows, as_json, None if as_json else "Accounts")


@desk_account.command("reset-password")
def reset_password(
    lake: LakeArgument,
    name: Name,
    database: DatabaseUrl = None,
    public_url: PublicUrl = None,
    as_json: Json = False,
) -> None:
    """Print a link by which the user of an account sets another password.

    The new password makes a new personal key; admit the person again with it.

    Example: steelyard desk-account reset-password lake li
    """
    from serving.desk.accounts.directory import account_named
    from serving.desk.accounts.logins.invitations import invite

    opened = _open(lake, database)
    with opened.database.transaction() as session:
        row = account_named(session, name)
        token = invite(session, row.id, opened.clock())
    show_rows([{"account": name, "link": _link(token, public_url)}], as_json)


@desk_account.command("disable")
def disable(
    lake: LakeArgument, name: Name, database: DatabaseUrl = None, as_json: Json = False
) -> None:
    """Disable an account; its logins end at once.

    Example: steelyard desk-account disable lake li
    """
    from serving.desk.accounts import directory

    opened = _open(lake, database)
    with opened.database.transaction() as session:
        directory.disable(session, directory.account_named(session, name), opened.clock())
    show_rows([{"account": name, "state": "disabled"}], as_json)


@desk_account.command("enable")
def enable(
    lake: LakeArgument, name: Name, database: DatabaseUrl = None, as_json: Json = False
) -> None:
    """Let a disabled account log in again.

    Example: steelyard desk-account enable lake li
    """
    from serving.desk.accounts import directory

    opened = _open(lake, database)
    with opened.database.transaction() as session:
        directory.enable(directory.account_named(session, name))
    show_rows([{"account": name, "state": "active"}], as_json)


def _open(lake: Path, database: str | None) -> Desk:
    """The desk of a lake."""
    from serving.desk.web.server import open_desk

    return open_desk(lake, database)


def _link(token: str, public_url: str | None) -> str:
    """The address of a one-time link; only its path where the address of the desk is not known."""
    return f"{(public_url or '').rstrip('/')}/setup?token={token}"


def _first_link(opened: Desk, address: str) -> str | None:
    """The link that makes the first account; None where there is one."""
    from serving.desk.accounts.logins.invitations import invite_first

    with opened.database.transaction() as session:
        token = invite_first(session, opened.clock())
    return _link(token, address) if token else None


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _stopped(_number: int, _frame: FrameType | None) -> None:
    """The desk has drained: nothing is left to do."""
