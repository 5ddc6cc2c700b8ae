"""Admissions: an administrator adds and revokes persons, and the first person admits itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from data_contracts.lake import Lake
from data_contracts.storage.torn_tail import tail_start
from serving.ledger.checkpoints import lake_id
from serving.ledger.ledger_key import PublicKey
from serving.oversight.people.personal_key import NotAuthenticated, public_key_words
from serving.oversight.people.roster import (
    ADMINISTRATOR,
    ADMITTED,
    REVOKED,
    ROLES,
    Person,
    is_separated,
    read_roster,
)
from serving.oversight.people.signed_acts import act_files
from serving.oversight.people.signers import ActAuthor, Signer, act_author, record_act, signature_of


def admit(
    lake: Lake,
    name: str,
    roles: Sequence[str],
    key: PublicKey,
    by: Signer,
    now: datetime,
) -> bool:
    """Admit a person, or change its roles or key; returns whether anything changed.

    Raises
    ------
    NotAuthenticated
        The roles are not known or not separated, the key is another person's, the first person is
        no administrator, or `by` is none.
    """
    roster, wanted = read_roster(lake), tuple(dict.fromkeys(roles))
    _require_roles(name, wanted)
    present = roster.people.get(name)
    if present is not None and (present.public_key, present.roles) == (key, wanted):
        return False
    holder = roster.keys.get(key.id)
    if holder not in (None, name):
        raise NotAuthenticated(f"this key is of {holder}: another person needs another key")
    _keep_an_administrator(roster.people, name, wanted)
    event = {"event": ADMITTED, "roles": list(wanted), "key": public_key_words(key)}
    if not roster.is_empty:
        _append(lake, event, name, by, now)
        return True
    if wanted != (ADMINISTRATOR,) or by.name != name or by.key.public != key:
        raise NotAuthenticated(
            f"the first person of {lake} admits itself, with its own key, as {ADMINISTRATOR}"
        )
    lake_id(lake)
    _append(lake, event, name, by, now, is_first=True)
    return True


def revoke(lake: Lake, name: str, reason: str, by: Signer, now: datetime) -> bool:
    """Revoke a person; returns whether anything changed. Its earlier acts stand.

    Raises NotAuthenticated.
    """
    roster = read_roster(lake)
    if name not in roster.people:
        if name in roster.keys.values():
            return False
        raise NotAuthenticated(f"{lake} knows no {name}; see: steelyard person list {lake}")
    if not reason.strip():
        raise NotAuthenticated("a revocation needs its --reason")
    _keep_an_administrator(roster.people, name, ())
    _append(lake, {"event": REVOKED, "reason": reason}, name, by, now)
    return True


def list_people(lake: Lake) -> list[dict[str, Any]]:
    """Persons who may sign now: name, roles, key, by whom and when they were admitted."""
    return [
        {
            "person": p.name,
            "roles": ",".join(p.roles),
            "key_id": p.public_key.id,
            "admitted_by": p.admitted_by,
            "admitted_at": p.admitted_at,
            "key": public_key_words(p.public_key),
        }
        for p in read_roster(lake).people.values()
    ]


def _require_roles(name: str, roles: tuple[str, ...]) -> None:
    if not name.strip() or not set(roles) <= set(ROLES) or not roles:
        raise NotAuthenticated(f"a person has a name and roles of {', '.join(ROLES)}")
    if not is_separated(roles):
        raise NotAuthenticated(
            f"an {ADMINISTRATOR} has no other role: who admits persons decides nothing else"
        )


def _keep_an_administrator(people: dict[str, Person], name: str, roles: tuple[str, ...]) -> None:
    """Require that a change leaves an administrator. Raises NotAuthenticated."""
    others = [p for p in people.values() if p.name != name and ADMINISTRATOR in p.roles]
    if people and not others and ADMINISTRATOR not in roles:
        raise NotAuthenticated(f"{name} is the last {ADMINISTRATOR}; add another first")


def _append(
    lake: Lake,
    event: dict[str, Any],
    name: str,
    by: Signer,
    now: datetime,
    is_first: bool = False,
) -> None:
    author = (
        ActAuthor(by.name, signature_of(lake, by, lake.people), by.key)
        if is_first
        else act_author(lake, by, lake.people, [ADMINISTRATOR])
    )
    lengths = {
        path.name: path.read_bytes()[: tail_start(path)].count(b"\n") if path.exists() else 0
        for path in act_files(lake)
    }
    record = event | {
        "person": name,
        "by": by.name,
        "at": now.isoformat(timespec="seconds"),
        "lines": lengths,
    }
    record_act(lake, lake.people, record, author)
