"""Verification of signed checkpoints, in the lake and with witnesses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from data_contracts.storage.torn_tail import tail_start
from serving.ledger.answer_segments import all_segments
from serving.ledger.checkpoints import lake_id, read_checkpoints, signature_fault
from serving.ledger.hash_chain import GENESIS_DIGEST, LedgerDamaged, read_records
from serving.ledger.ledger_key import PublicKey, ledger_key_path, read_public_key
from serving.ledger.verification import Finding

MAX_CLOCK_SKEW = timedelta(minutes=5)  # between a person's clock and that of a checkpoint
MOMENT_KEYS = ("at", "proposed_at", "decided_at", "opened_at", "taken_at")


@dataclass(frozen=True)
class Trust:
    """Whom a verification trusts: public keys, files of witnesses, and keys of persons."""

    keys: Sequence[PublicKey] = ()
    witnesses: Sequence[Path] = ()
    people: Sequence[PublicKey] = ()

    @classmethod
    def of_user(cls, keys: Sequence[Path] = (), witnesses: Sequence[Path] = ()) -> Trust:
        """Trust in keys of files, or in the key of this user where none is named."""
        default = ledger_key_path()
        paths = list(keys) or ([default] if default.exists() else [])
        return cls([read_public_key(p) for p in paths], list(witnesses))


def verify_signatures(lake: Lake, trust: Trust) -> list[Finding]:
    """Faults of the signed checkpoints of a lake, and contradictions of its witnesses."""
    found: list[Finding] = []
    chains = {
        "decisions": [lake.decisions],
        "heads": [lake.decision_heads],
        "answers": all_segments(lake.answers),
    }
    in_lake: list[dict[str, Any]] = []
    for path, named in (
        (lake.decision_checkpoints, ("decisions", "heads")),
        (lake.answer_checkpoints, ("answers",)),
        (lake.act_checkpoints, ()),
    ):
        try:
            checkpoints = read_checkpoints(path)
        except LedgerDamaged as error:
            found.append(Finding(lake.relative(path), 1, str(error)))
            continue
        in_lake += checkpoints
        place = lake.relative(path)
        found += _faults_of_sequence(place, checkpoints)
        found += _faults_of_signatures(place, checkpoints, trust)
        for chain in named:
            found += _faults_of_chain(place, chain, chains[chain], checkpoints)
        for chain in sorted(_signed_chains(checkpoints) - chains.keys()):
            files = [lake.journal / f"{chain}.jsonl"]
            found += _broken_promises(place, chain, checkpoints, files)[0]
    for witness in trust.witnesses:
        found += _contradictions(lake, witness, in_lake, trust)
    return found


def _faults_of_sequence(place: str, checkpoints: list[dict[str, Any]]) -> Iterator[Finding]:
    previous = ""
    for number, one in enumerate(checkpoints, 1):
        if one.get("number") != number or one.get("previous") != previous:
            what = "does not follow from the checkpoint before: one was removed or moved"
            yield Finding(place, number, what)
            return
        previous = one["sha256"]


def _faults_of_signatures(
    place: str, checkpoints: list[dict[str, Any]], trust: Trust
) -> Iterator[Finding]:
    if checkpoints and not (trust.keys or trust.people):
        what = "cannot be checked: no public key is at hand; name one with --key"
        yield Finding(place, 1, what)
        return
    for number, one in enumerate(checkpoints, 1):
        if fault := signature_fault(one, trust.keys, trust.people):
            yield Finding(place, number, fault)
            return


def _faults_of_chain(
    place: str, chain: str, files: list[Path], checkpoints: list[dict[str, Any]]
) -> Iterator[Finding]:
    """Checkpoints that a chain does not reach, and lines that no checkpoint covers."""
    found, lines = _broken_promises(place, chain, checkpoints, files)
    yield from found
    if found:
        return
    covered = _covered_lines(chain, checkpoints)
    if lines and not covered:
        what = f"no signed checkpoint covers the {lines} lines of the {chain}"
        yield Finding(place, 0, what)
    elif covered < lines and chain != "answers":  # the last answers are signed some seconds later
        what = f"covers {covered} of {lines} lines of the {chain}: run that night again"
        yield Finding(place, len(checkpoints), what)


def _broken_promises(
    place: str, chain: str, checkpoints: list[dict[str, Any]], files: list[Path]
) -> tuple[list[Finding], int]:
    """The first checkpoint that a chain contradicts, if any, and the lines that the chain has."""
    signed = [(n, c["chains"].get(chain)) for n, c in enumerate(checkpoints, 1)]
    heads, lines = chain_heads(files, {s["lines"] for _, s in signed if s})
    for number, statement in signed:
        if statement and heads.get(statement["lines"]) != statement["head"]:
            return [Finding(place, number, _broken_promise(chain, statement, lines))], lines
    return [], lines


def _signed_chains(checkpoints: list[dict[str, Any]]) -> set[str]:
    return {name for c in checkpoints for name in c["chains"]}


def _covered_lines(chain: str, checkpoints: list[dict[str, Any]]) -> int:
    statements = (c["chains"].get(chain) for c in checkpoints)
    return max((s["lines"] for s in statements if s), default=0)


def _checkpoints_of(lake: Lake) -> list[dict[str, Any]]:
    """All checkpoints of a lake: of nights, of answers and of acts."""
    paths = (lake.decision_checkpoints, lake.answer_checkpoints, lake.act_checkpoints)
    return [c for path in paths for c in read_checkpoints(path)]


def unsigned_record_words(lake: Lake) -> list[str]:
    """Words on lines of people that no checkpoint covers yet, which an intact record may hold."""
    checkpoints = _checkpoints_of(lake)
    words = []
    for path in lake.people_records():
        _, lines = chain_heads([path], set())
        left = lines - _covered_lines(path.stem, checkpoints)
        if left > 0:
            words.append(
                f"Not in a signed checkpoint yet: {left} of {lines} lines of {path.name}. The next "
                "night signs them, and so does: steelyard journal witness"
            )
    return words


def backdated_words(lake: Lake) -> list[str]:
    """Acts that say they are older than a checkpoint which does not have them.

    Persons write dates, and a checkpoint is signed by the clock of a night or service. One of the
    two clocks is wrong, or the act was dated back (ADR-0350).
    """
    checkpoints = _checkpoints_of(lake)
    words = []
    for path in lake.people_records():
        signed = [
            (c["chains"].get(path.stem, {"lines": 0})["lines"], datetime.fromisoformat(c["at"]))
            for c in checkpoints
        ]
        late = [
            number
            for number, record in enumerate(read_records(path), 1)
            if (moment := _moment_of(record)) is not None
            and any(lines < number and moment + MAX_CLOCK_SKEW < at for lines, at in signed)
        ]
        if late:
            words.append(
                f"Dated before a signed checkpoint that lacks them: lines {late[0]} to {late[-1]} "
                f"of {path.name} ({len(late)})."
            )
    return words


def _moment_of(record: dict[str, Any]) -> datetime | None:
    """The moment at which a line says that it was written."""
    text = next((str(record[k]) for k in MOMENT_KEYS if record.get(k)), "")
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


def _broken_promise(chain: str, statement: dict[str, Any], lines: int) -> str:
    if lines < statement["lines"]:
        return (
            f"signs {statement['lines']} lines of the {chain}, and there are {lines}: they were "
            "cut off"
        )
    return f"signs another line {statement['lines']} of the {chain}: they were made again"


def chain_heads(files: list[Path], wanted: set[int]) -> tuple[dict[int, str], int]:
    """Digests of the wanted lines of a chain that goes through files, and its number of lines."""
    heads, lines = {0: GENESIS_DIGEST}, 0
    for path in files:
        if not path.exists():
            continue
        left = tail_start(path)
        with path.open("rb") as handle:
            for line in handle:
                left -= len(line)
                if left < 0:
                    break
                lines += 1
                if lines in wanted:
                    try:
                        heads[lines] = str(json.loads(line)["sha256"])
                    except (ValueError, KeyError, TypeError, RecursionError):
                        heads[lines] = "damaged"
    return heads, lines


def _contradictions(
    lake: Lake, witness: Path, in_lake: list[dict[str, Any]], trust: Trust
) -> Iterator[Finding]:
    """Records that a witness has and the lake lacks; those in both were checked in the lake."""
    if not witness.is_file():
        raise LakeProblem(f"{witness} is no file of a witness")
    name, known = str(witness), {c["sha256"] for c in in_lake}
    seen = [
        (n, c) for n, c in enumerate(read_checkpoints(witness), 1) if c.get("lake") == lake_id(lake)
    ]
    if not seen:
        yield Finding(name, 0, f"has seen nothing of this lake ({lake_id(lake)})")
    for number, one in seen:
        if signature_fault(one, trust.keys, trust.people):
            continue  # anybody may have appended it
        if one["sha256"] not in known:
            what = f"saw checkpoint {one['number']} of {one['at']}, which the lake lacks"
            yield Finding(name, number, what)
            return
