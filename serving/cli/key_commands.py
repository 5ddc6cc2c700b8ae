"""Commands of API keys: make, list, rotate and revoke."""

from __future__ import annotations

import re
import sys
from datetime import datetime, time, timedelta
from typing import Annotated

import typer

from data_contracts.errors import LakeProblem
from serving.cli.console import Json, LakeArgument, day, now, out, print_json, show_rows

KeyName = Annotated[str, typer.Argument(help="Name of the key, or its id where names repeat.")]
Plain = Annotated[bool, typer.Option("--plain", help="Print the key and nothing else.")]
DAYS = re.compile(r"(\d{1,5})d")


def _expiry(text: str | None, made: datetime) -> datetime | None:
    """The moment that `--expires` names. Raises LakeProblem."""
    if text is None:
        return None
    if days := DAYS.fullmatch(text):
        return made + timedelta(days=int(days[1]))
    try:
        return datetime.combine(day(text, "--expires"), time.min)
    except LakeProblem as error:
        raise LakeProblem(
            f"--expires {text!r} is neither days nor a date. Write 90d, or 2027-01-31."
        ) from error


def _print_key(name: str, made: str, expires: datetime | None, plain: bool, as_json: bool) -> None:
    if as_json:
        print_json({"name": name, "key": made, "expires": expires and expires.isoformat()})
    elif plain:
        sys.stdout.write(made + "\n")
    else:
        until = f"expires on {expires:%Y-%m-%d}" if expires else "does not expire"
        out.print(f"Key of {name}, printed once, {until}: {made}", soft_wrap=True)


def key(
    lake: LakeArgument,
    name: Annotated[str, typer.Option(help="Holder of the key.")] = "default",
    scopes: Annotated[
        str, typer.Option(help="Comma-separated: boost, minutes, read.")
    ] = "boost,minutes,read",
    expires: Annotated[
        str | None,
        typer.Option(help="Days, such as 90d, or the date from which it is refused; never if not."),
    ] = None,
    plain: Plain = False,
    as_json: Json = False,
) -> None:
    """Make an API key for the service. It is printed once; the lake keeps only its digest.

    Example: steelyard key lake --name gate --expires 90d

    Example: KEY=$(steelyard key lake --name gate --scopes boost --plain)
    """
    from serving.gate.api_keys import make_key

    made_at = now()
    ends = _expiry(expires, made_at)
    made = make_key(lake, name, [s.strip() for s in scopes.split(",")], made=made_at, expires=ends)
    _print_key(name, made, ends, plain, as_json)


def keys(lake: LakeArgument, as_json: Json = False) -> None:
    """List API keys: name, id, scopes, when made, when they expire, day of last use.

    Example: steelyard keys lake
    """
    from data_contracts.lake import Lake
    from serving.gate.protocol.key_file import last_use_days, read_keys

    opened, moment = Lake.open(lake), now()
    used = last_use_days(opened)
    rows = [
        {
            "name": one.name,
            "id": one.id,
            "scopes": ",".join(sorted(one.scopes)),
            "made": one.made and one.made.isoformat(timespec="seconds"),
            "expires": one.expires.isoformat(timespec="seconds") if one.expires else "never",
            "state": "expired" if one.has_expired(moment) else "valid",
            "last_used": used[one.digest].isoformat() if one.digest in used else None,
        }
        for one in read_keys(opened)
    ]
    show_rows(rows, as_json)


def rotate_key(
    lake: LakeArgument,
    name: KeyName,
    overlap: Annotated[
        str, typer.Option(help="Days for which the keys before it still work, such as 7d or 0d.")
    ] = "1d",
    plain: Plain = False,
    as_json: Json = False,
) -> None:
    """Make a new key of a name, with its scopes; the keys before it expire after the overlap.

    Example: steelyard rotate-key lake gate --overlap 7d
    """
    from serving.gate import api_keys

    days = DAYS.fullmatch(overlap)
    if days is None:
        raise LakeProblem(f"--overlap {overlap!r} is no number of days. Write it as 7d.")
    text, made = api_keys.rotate_key(lake, name, now(), timedelta(days=int(days[1])))
    _print_key(made.name, text, made.expires, plain, as_json)


def revoke_key(lake: LakeArgument, name: KeyName, as_json: Json = False) -> None:
    """Revoke the keys of a name, or one key by its id. A running service refuses its next request.

    Example: steelyard revoke-key lake gate
    """
    from serving.gate.api_keys import revoke_keys

    gone = revoke_keys(lake, name)
    if as_json:
        print_json([{"name": one.name, "id": one.id, "state": "revoked"} for one in gone])
    else:
        out.print(f"Revoked: {', '.join(f'{one.name} ({one.id})' for one in gone)}")
