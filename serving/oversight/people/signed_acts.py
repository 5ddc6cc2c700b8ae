"""Signed acts: which lines of a record were signed by a person who might do that.

A line that a person had to sign and did not counts for nothing, and is a finding of
`steelyard journal verify`. Lines that are older than the roster are kept and named as not
authenticated. What outsiders bring, such as an appeal that is opened, needs no signature.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data_contracts.lake import Lake
from serving.ledger.hash_chain import read_records
from serving.ledger.verification import Finding
from serving.oversight.people.proposals import act_id, lacks_approval
from serving.oversight.people.roster import (
    APPROVER,
    OFFICER,
    POLICY_MAKER,
    REVIEWER,
    Roster,
    known_lake_id,
    read_roster,
    signed_text,
)

Record = dict[str, Any]
AUTHOR_KEYS = ("by", "decided_by")
MEASURE_KEYS = {"code", "outcome_of", "undo_of", "approve_of", "withdraw_of"}
ACT_KEYS = {*AUTHOR_KEYS, *MEASURE_KEYS, "verdict"}
CASE_ROLES = (OFFICER, APPROVER, REVIEWER)  # persons who work on cases of the desk
ROLES_OF_FILE = {
    "cases.jsonl": CASE_ROLES,
    "policies.jsonl": (POLICY_MAKER,),
    "appeals.jsonl": (REVIEWER,),
    "complaints.jsonl": (REVIEWER,),
    "retention.jsonl": (APPROVER,),
    "promotions.jsonl": (APPROVER,),
}


@dataclass(frozen=True)
class SignedActs:
    """The lines of a record that count.

    Attributes
    ----------
    records
        Those lines, oldest first.
    unauthenticated
        Numbers of those of them that are older than the roster and not signed.
    faults
        Number of each line that does not count, and what is wrong with it.
    """

    records: list[Record] = field(default_factory=list)
    unauthenticated: list[int] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)


def act_files(lake: Lake) -> tuple[Path, ...]:
    """Records of what people decide."""
    decided = (lake.measures, lake.appeals, lake.overrides, lake.complaint_decisions)
    office = (lake.legal_holds, lake.deletions, lake.reports, lake.promotions)
    return (*decided, *office, *signed_from_first(lake), lake.cases, lake.policies)


def signed_from_first(lake: Lake) -> tuple[Path, ...]:
    """Records that are younger than rosters: where persons are known, every line is signed."""
    return (lake.notice_answers, lake.reminders)


def read_acts(lake: Lake, path: Path, roster: Roster | None = None) -> SignedActs:
    """The lines of a record with their authors checked. Raises LedgerDamaged."""
    roster = read_roster(lake) if roster is None else roster
    found, name = SignedActs(), known_lake_id(lake)
    by_id: dict[str, Record] = {}
    first_signed, seen_signed = roster.unsigned_lines(path.name), False
    if first_signed is None and path in signed_from_first(lake) and not roster.is_empty:
        first_signed = 0
    for number, record in enumerate(read_records(path), 1):
        if foreign := _foreign_problem(lake, path, record):
            found.faults.append((number, foreign))
            continue
        if "signed" not in record:
            if not _needs_signature(lake, path, record):
                found.records.append(record)
            elif not seen_signed and (first_signed is None or number <= first_signed):
                found.records.append(record)
                found.unauthenticated.append(number)
            else:
                found.faults.append((number, "is not signed by a person: it counts for nothing"))
            continue
        seen_signed = True
        text = signed_text(name, path.name, record)
        problem = _problem(roster, path.name, number, record, text)
        if path != lake.cases:  # an act on a case decides nothing by itself
            problem = problem or _approval_problem(record, by_id)
        if problem is not None:
            found.faults.append((number, f"{problem}: it counts for nothing"))
            continue
        if act := act_id(record) or _hold_id(record):
            by_id[act] = record
        found.records.append(record)
    return found


def acts_of(lake: Lake, path: Path) -> list[Record]:
    """The lines of a record that count. Raises LedgerDamaged."""
    return read_acts(lake, path).records


def verify_acts(lake: Lake) -> list[Finding]:
    """Faults of the roster and of every act of a person."""
    roster = read_roster(lake)
    found = [Finding(lake.relative(lake.people), n, what) for n, what in roster.faults]
    for path in act_files(lake):
        faults = read_acts(lake, path, roster).faults
        found += [Finding(lake.relative(path), n, what) for n, what in faults]
    return found


def unauthenticated_words(lake: Lake) -> list[str]:
    """Words on acts that no person signed, which an intact record may hold."""
    roster, words = read_roster(lake), []
    for path in act_files(lake):
        lines = read_acts(lake, path, roster).unauthenticated
        if lines:
            words.append(
                f"Not authenticated: {len(lines)} acts in {path.name} (lines {_span(lines)}), "
                "written before the lake knew persons."
            )
    return words


def _span(lines: list[int]) -> str:
    return f"{lines[0]} to {lines[-1]}" if len(lines) > 1 else str(lines[0])


def _needs_signature(lake: Lake, path: Path, record: Record) -> bool:
    """All but appeals and cases that are opened, and promotions that no person let pass.

    A line that does anything else as well is an act, whatever it calls itself.
    """
    if path == lake.promotions:
        return record.get("override", True) is not None
    is_opened = path in (lake.appeals, lake.cases) and record.get("event") == "opened"
    return not is_opened or bool(ACT_KEYS & record.keys())


def _foreign_problem(lake: Lake, path: Path, record: Record) -> str | None:
    """Whether a line does what another record is for, and other roles than its own."""
    is_measure = bool(MEASURE_KEYS & record.keys())
    if (path == lake.appeals and is_measure) or (path == lake.measures and "event" in record):
        return "does what another record is for: it counts for nothing"
    return None


def _hold_id(record: Record) -> str | None:
    return f"hold {record.get('operator_id')}" if record.get("event") == "set" else None


def _roles_for(file: str, record: Record) -> tuple[str, ...]:
    """Roles of which an author needs one, by the record that the line is in."""
    if file in ROLES_OF_FILE:
        return ROLES_OF_FILE[file]
    if file == "notices.jsonl" and record.get("measure_id") is None:
        return (APPROVER,)  # a notice of an authority is answered without a measure
    # to approve, to end a measure, and to lift a hold, so that its data may be deleted
    if "approve_of" in record or "outcome_of" in record or record.get("event") == "lifted":
        return (APPROVER,)
    return (OFFICER, APPROVER)


def _problem(roster: Roster, file: str, line: int, record: Record, text: bytes) -> str | None:
    """Why a signed line counts for nothing; None for one that counts."""
    signed = record["signed"]
    if not isinstance(signed, dict):
        return "has no readable signature"
    signer = roster.signer_of(str(signed.get("key")), file, line)
    if signer is None:
        return f"is signed by key {signed.get('key')}, which no person had then"
    author = next((record[k] for k in AUTHOR_KEYS if k in record), None)
    if author != signer.name:
        return f"names {author} and is signed by {signer.name}"
    if not set(signer.roles) & set(_roles_for(file, record)):
        return f"is by {author}, who had no role for it"
    if not signer.public_key.checks(text, str(signed.get("signature"))):
        return f"is not signed by the key of {author}"
    return None


def _approval_problem(record: Record, by_id: dict[str, Record]) -> str | None:
    """Whether an act lacks the approval of another person, or was approved by who proposed it."""
    if lacks_approval(record):
        return f"is by {record['by']} alone, and needs another person"
    proposed = by_id.get(str(record.get("approve_of")))
    if proposed is not None and _is_same_person(record, proposed):
        return f"is approved by {record['by']}, who proposed it"
    hold = by_id.get(f"hold {record.get('operator_id')}")
    if record.get("event") == "lifted" and hold is not None and _is_same_person(record, hold):
        return f"is lifted by {record['by']}, who set it"
    return None


def _is_same_person(record: Record, former: Record) -> bool:
    """Whether two signed acts are of one person, by name or by key."""
    if "signed" not in former:
        return False
    return record["by"] == former["by"] or record["signed"]["key"] == former["signed"]["key"]
