"""Answers, their lines in the ledger, and where a chain ends."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from serving.ledger.hash_chain import (
    GENESIS_DIGEST,
    LedgerDamaged,
    has_its_digest,
    seal_answer,
)


@dataclass(slots=True)
class Answer:
    """An answer and the digest of its request. It may be given once `written` reaches its place.

    Another process may have answered the same request first. Its digest and answer then replace
    these before the place is reached.
    """

    request_sha256: str
    answer: bytes
    place: int = 0
    record: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class End:
    """The end of a chain: its lines, its bytes, and the digest of the last line."""

    lines: int = 0
    size: int = 0
    head: str = GENESIS_DIGEST


def sealed_line(one: Answer, head: str) -> tuple[bytes, str]:
    """The line of an answer after a head, and its digest."""
    seals = {
        "request_sha256": one.request_sha256,
        "answer": one.answer.decode(),
        "answer_sha256": hashlib.sha256(one.answer).hexdigest(),
    }
    return seal_answer(one.record | seals, head)


def read_answer(path: Path, start: int, request_id: str) -> Answer | None:
    """The answer in a line; None where no answer to that request begins there.

    Raises
    ------
    LedgerDamaged
        The line was edited after it was written: its digest is another (ADR-0393).
    """
    try:
        with path.open("rb") as handle:
            handle.seek(start)
            line = handle.readline()
        record = json.loads(line)
        if record["request_id"] != request_id:
            return None
        found = Answer(record["request_sha256"], record["answer"].encode())
        is_whole = has_its_digest(line.rstrip(b"\n"), record)
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if not is_whole:
        raise damaged_answer(path, request_id)
    return found


def damaged_answer(path: Path, request_id: str) -> LedgerDamaged:
    """The error for a request that was answered, and whose answer cannot be read any more."""
    return LedgerDamaged(
        f"{path}: the answer to {request_id} is not what was written. Find what else differs: "
        "steelyard journal verify; put back a copy of the file"
    )
