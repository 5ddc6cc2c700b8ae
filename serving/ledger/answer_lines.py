"""Answers, their lines in the ledger, and where a chain ends."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from serving.ledger.hash_chain import GENESIS_DIGEST, seal_answer


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
    """The answer in a line; None where the line is of another request: the file was sealed."""
    try:
        with path.open("rb") as handle:
            handle.seek(start)
            record = json.loads(handle.readline())
        if record["request_id"] != request_id:
            return None
        return Answer(record["request_sha256"], record["answer"].encode())
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
