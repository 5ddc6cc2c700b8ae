"""Signers: the person of a shell, and the author that an act gets."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_contracts.lake import Lake
from serving.ledger.checkpoints import lake_id, sign_act
from serving.ledger.hash_chain import Signature, append_record
from serving.ledger.ledger_key import LedgerKey
from serving.oversight.people.personal_key import (
    NotAuthenticated,
    open_personal_key,
    personal_key_path,
)
from serving.oversight.people.roster import Person, read_roster, signed_text


@dataclass(frozen=True)
class Signer:
    """A person with the private key that signs its acts."""

    name: str
    key: LedgerKey


Author = str | Signer  # a name alone decides only in a lake that knows no persons


@dataclass(frozen=True)
class ActAuthor:
    """The author of an act: the name that its record gets, and what signs it.

    `sign` is None in a lake that knows no persons: the act is not authenticated then. `key` is the
    person's.
    """

    name: str
    sign: Signature | None = None
    key: LedgerKey | None = None


def record_act(
    lake: Lake, file: Path, record: dict[str, Any], author: ActAuthor | None = None
) -> dict[str, Any]:
    """Append an act to its record, and sign at once how long the records are; returns the line.

    Witnesses are told, so that an act that is cut off later is missed. An act without an author,
    such as an appeal that is opened, is signed with the key of the ledger where it is here.
    """
    sealed = append_record(file, record, author.sign if author else None)
    sign_act(lake, author.key if author else None)
    return sealed


def author_name(author: Author) -> str:
    """Name of an author."""
    return author.name if isinstance(author, Signer) else author


def act_author(lake: Lake, author: Author, file: Path, roles: Collection[str]) -> ActAuthor:
    """The author of an act that is written to a record, with one of some roles.

    Raises
    ------
    NotAuthenticated
        The lake knows persons, and the author is none of them, has another key or no such role.
    """
    roster = read_roster(lake)
    if roster.is_empty:
        if isinstance(author, Signer):
            raise NotAuthenticated(no_people_words(lake))
        return ActAuthor(author)
    if not isinstance(author, Signer):
        raise NotAuthenticated(f"{author} did not sign: in {lake} decisions carry a signature")
    person = roster.people.get(author.name)
    if person is None or person.public_key != author.key.public:
        raise NotAuthenticated(f"{author.name} has no such key in {lake}, or it was revoked")
    if not set(person.roles) & set(roles):
        raise NotAuthenticated(
            f"{author.name} is {' and '.join(person.roles)} here; this needs {' or '.join(roles)}"
        )
    return ActAuthor(author.name, signature_of(lake, author, file), author.key)


def signature_of(lake: Lake, signer: Signer, file: Path) -> Signature:
    """A writer that signs records of a file as a person."""
    name = lake_id(lake)

    def sign(record: dict[str, Any]) -> dict[str, str]:
        text = signed_text(name, file.name, record)
        return {"key": signer.key.public.id, "signature": signer.key.sign(text)}

    return sign


def no_people_words(lake: Lake) -> str:
    """Advice for a lake that knows no persons."""
    return (
        f"{lake} knows no persons yet, so nobody can decide in it. Begin with: "
        f"steelyard person add {lake} NAME --role administrator"
    )


def open_signer(lake: Lake, by: str | None = None) -> Signer:
    """The person whose personal key this shell has.

    Raises
    ------
    NotAuthenticated
        The lake knows no persons, the key is not of one of them, or is not of `by`.
    """
    roster = read_roster(lake)
    if roster.is_empty:
        raise NotAuthenticated(no_people_words(lake))
    key = open_personal_key(lake)
    person = person_with_key(roster.people, key)
    if person is None:
        raise NotAuthenticated(
            f"the key {personal_key_path()} ({key.public.id}) is of no person in {lake}, or was "
            f"revoked; see: steelyard person list {lake}"
        )
    if by is not None and by != person.name:
        raise NotAuthenticated(
            f"the key {personal_key_path()} is of {person.name}, so this shell cannot act as {by}"
        )
    return Signer(person.name, key)


def open_author(lake: Lake, by: str | None = None) -> Author:
    """The person of this shell, or in a lake that knows no persons the name that is given.

    Raises NotAuthenticated as `open_signer` does.
    """
    return by or "" if read_roster(lake).is_empty else open_signer(lake, by)


def person_with_key(people: dict[str, Person], key: LedgerKey) -> Person | None:
    """The person who has a key."""
    return next((p for p in people.values() if p.public_key == key.public), None)
