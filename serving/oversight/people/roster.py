"""The roster: who may decide, in which roles, with which key, from which line of each record on.

`LAKE/journal/people.jsonl` is a hash chain of admissions and revocations, each signed by an
administrator. The first admits its own signer. Each says how long every record was then, so a
revoked key cannot sign a line of the past (ADR-0290).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from data_contracts.lake import Lake
from serving.ledger.hash_chain import RECORD_ENCODER, read_records
from serving.ledger.ledger_key import PublicKey
from serving.oversight.people.personal_key import NotAuthenticated, parse_public_key

ADMINISTRATOR, OFFICER, APPROVER, REVIEWER, POLICY_MAKER = ROLES = (
    "administrator",  # admits and revokes persons, and decides nothing else
    "officer",  # takes mild measures, proposes grave ones and undoing, sets overrides
    "approver",  # approves what another proposed, and closes measures
    "reviewer",  # decides appeals and complaints
    "policy",  # proposes policies, and approves those of others
)
ADMITTED, REVOKED = "admitted", "revoked"
Record = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """A person who may sign: name, roles, public key, and who admitted it when."""

    name: str
    roles: tuple[str, ...]
    public_key: PublicKey
    admitted_by: str
    admitted_at: str


@dataclass(frozen=True)
class RosterChange:
    """The persons after an event of the roster, by name, and the length of each record then."""

    people: dict[str, Person]
    lines: dict[str, int]


@dataclass(frozen=True)
class Roster:
    """The persons of a lake as they changed; `faults` are events that count for nothing."""

    changes: tuple[RosterChange, ...] = ()
    faults: tuple[tuple[int, str], ...] = ()
    keys: dict[str, str] = field(default_factory=dict)  # of every admission, key id → name

    @property
    def is_empty(self) -> bool:
        """Whether the lake knows no person yet."""
        return not self.changes

    @property
    def people(self) -> dict[str, Person]:
        """Persons who may sign now, by name."""
        return self.changes[-1].people if self.changes else {}

    def unsigned_lines(self, file: str) -> int | None:
        """Lines of a record that are older than the roster; None where it never named the record.

        A roster of an earlier version names fewer records (ADR-0351).
        """
        return next((c.lines[file] for c in self.changes if file in c.lines), None)

    def signer_of(self, key_id: str, file: str, line: int) -> Person | None:
        """The person who had a key when a line of a record was written."""
        known: dict[str, Person] = {}
        for change in self.changes:
            if change.lines.get(file, 0) >= line:
                break
            known = change.people
        return next((p for p in known.values() if p.public_key.id == key_id), None)


def signed_text(lake: str, file: str, record: Record) -> bytes:
    """The signed bytes: lake, file, and the record with the digest before it."""
    body = {k: v for k, v in record.items() if k not in ("signed", "sha256")}
    return f"steelyard act 1\n{lake}\n{file}\n{RECORD_ENCODER.encode(body)}".encode()


def known_lake_id(lake: Lake) -> str:
    """The name of a lake in signatures; empty for one that signed nothing yet."""
    return lake.ledger_id.read_text("utf-8").strip() if lake.ledger_id.exists() else ""


def keys_of_people(lake: Lake) -> list[PublicKey]:
    """Public keys that persons of a lake have or had. Raises LedgerDamaged."""
    known = {
        p.public_key.id: p.public_key
        for change in read_roster(lake).changes
        for p in change.people.values()
    }
    return list(known.values())


def read_roster(lake: Lake) -> Roster:
    """The roster of a lake; empty where it knows no person. Raises LedgerDamaged."""
    records = read_records(lake.people)
    return roster_of(records, known_lake_id(lake), lake.people.name) if records else Roster()


def roster_of(records: Iterable[Record], lake: str, file: str) -> Roster:
    """The roster that events give; one without the signature of an administrator counts nothing."""
    people: dict[str, Person] = {}
    changes: list[RosterChange] = []
    faults: list[tuple[int, str]] = []
    keys: dict[str, str] = {}
    for number, r in enumerate(records, 1):
        try:
            person = _person(r) if r["event"] == ADMITTED else None
            signer = person if not changes else people.get(r["by"])
            problem = _problem(r, person, signer, signed_text(lake, file, r))
        except (KeyError, TypeError, AttributeError, NotAuthenticated):
            person, problem = None, "is no event of a roster"
        if problem is not None:
            faults.append((number, problem))
            continue
        people = {k: v for k, v in people.items() if k != r["person"]}
        if person is not None:
            people[person.name] = person
            keys[person.public_key.id] = person.name
        changes.append(RosterChange(people, dict(r["lines"])))
    return Roster(tuple(changes), tuple(faults), keys)


def _person(r: Record) -> Person:
    return Person(r["person"], tuple(r["roles"]), parse_public_key(r["key"]), r["by"], r["at"])


def _problem(r: Record, person: Person | None, signer: Person | None, text: bytes) -> str | None:
    """Why an event of the roster counts for nothing; None for one that counts."""
    if signer is None or ADMINISTRATOR not in signer.roles or signer.name != r["by"]:
        return f"is not by an administrator of then: {r['by']}"
    if not signer.public_key.checks(text, r["signed"]["signature"]):
        return f"is not signed by {r['by']}"
    if person is not None and not is_separated(person.roles):
        return "gives an administrator another role"
    return None


def is_separated(roles: Iterable[str]) -> bool:
    """Whether roles are known and leave administrators without another one."""
    given = set(roles)
    return bool(given) and given <= set(ROLES) and (ADMINISTRATOR not in given or len(given) == 1)
