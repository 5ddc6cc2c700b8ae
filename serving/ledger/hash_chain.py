"""The hash chain: JSON lines, each with the digest of the line before."""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from data_contracts.errors import SteelyardError
from data_contracts.storage.durable_files import append_durably
from data_contracts.storage.torn_tail import file_size, set_tail_aside, tail_start

GENESIS_DIGEST = "0" * 64
Signature = Callable[[dict[str, Any]], dict[str, str]]
# `json.dumps` makes an encoder for each line. Answers have a faster one: ADR-0150.
RECORD_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False)
ANSWER_ENCODER = msgspec.json.Encoder(order="sorted")
ANSWER_LINE = re.compile(rb'(.*),\s*"sha256":\s*"([0-9a-f]{64})"\}', re.DOTALL)


class LedgerDamaged(SteelyardError):
    """A line of the ledger that was whole once is damaged. Nothing was added after it."""

    exit_code = 17


def seal_answer(record: dict[str, Any], previous: str) -> tuple[bytes, str]:
    """The line of an answer and its digest, which is over everything before it in the line."""
    body = ANSWER_ENCODER.encode(record | {"previous_sha256": previous})
    digest = hashlib.sha256(body).hexdigest()
    return b'%b,"sha256":"%b"}\n' % (body[:-1], digest.encode()), digest


def seal_record(record: dict[str, Any], previous: str) -> dict[str, Any]:
    """A record with the digest of the record before it and its own."""
    digest = hashlib.sha256(
        RECORD_ENCODER.encode(record | {"previous_sha256": previous}).encode()
    ).hexdigest()
    return record | {"previous_sha256": previous, "sha256": digest}


def record_line(sealed: dict[str, Any]) -> bytes:
    """The line of a sealed record."""
    return (RECORD_ENCODER.encode(sealed) + "\n").encode()


def parse_lines(
    lines: Iterable[bytes], path: Path, *, keys: tuple[str, ...] = ("sha256",)
) -> Iterator[dict[str, Any]]:
    """Records of whole lines of a chained file, each with these keys.

    Raises
    ------
    LedgerDamaged
        A line is no sealed record.
    """
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
            for key in keys:
                record[key]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise LedgerDamaged(
                f"{path}, line {number} of those read is no sealed record: the file was damaged "
                "after it was written. Put back a copy of it; nothing was added to it"
            ) from error
        yield record


def read_records(path: Path) -> list[dict[str, Any]]:
    """Records of a chained file, oldest first; none where there is no file.

    A torn tail is left out: it was never acknowledged. Raises LedgerDamaged.
    """
    if not path.exists():
        return []
    return list(parse_lines(path.read_bytes()[: tail_start(path)].splitlines(), path))


def last_record(path: Path, end: int | None = None) -> dict[str, Any] | None:
    """The last whole record of a chained file, or of the first `end` bytes of it, if any."""
    left = end if end is not None else tail_start(path) if file_size(path) else 0
    if not left:
        return None
    with path.open("rb") as handle:
        tail = b""
        while left and b"\n" not in tail[:-1]:
            step = min(left, 65_536)
            left -= step
            handle.seek(left)
            tail = handle.read(step) + tail
    return next(parse_lines(tail.splitlines()[-1:], path))


def last_digest(path: Path, end: int | None = None) -> str:
    """Digest of the last whole record of a chained file, or of the first `end` bytes of it."""
    last = last_record(path, end)
    return GENESIS_DIGEST if last is None else str(last["sha256"])


@contextmanager
def locked_chain(path: Path) -> Iterator[None]:
    """Hold a chained file for a change; its torn tail, if it has one, is set aside first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        set_tail_aside(path)
        yield


def append_record(
    path: Path, record: dict[str, Any], sign: Signature | None = None
) -> dict[str, Any]:
    """Append a record to a chained file and sync it to disk; returns the sealed record.

    `sign` makes the value of `signed` from the record with the digest of the line before it.
    """
    with locked_chain(path):
        previous = last_digest(path)
        if sign is not None:
            record = record | {"signed": sign(record | {"previous_sha256": previous})}
        sealed = seal_record(record, previous)
        append_durably(path, record_line(sealed))
    return sealed


def first_broken_line(path: Path, head: str = GENESIS_DIGEST) -> int | None:
    """Number (from 1) of the first line that does not follow from the one before, or None.

    `head` is the digest before the first line.
    """
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            record = json.loads(line)
            follows = record.get("previous_sha256") == head and has_its_digest(line, record)
        except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
            return number
        if not follows:
            return number
        head = record["sha256"]
    return None


def has_its_digest(line: bytes, record: dict[str, Any]) -> bool:
    """Whether a line says what its digest was made of; `record` is what it holds."""
    return record.get("sha256") in _possible_digests(line, record)


def _possible_digests(line: bytes, record: dict[str, Any]) -> tuple[str | None, str]:
    """Digests that a line may have: over its text (answers), over its sorted keys (decisions)."""
    text = ANSWER_LINE.fullmatch(line)
    body = {k: v for k, v in record.items() if k not in ("previous_sha256", "sha256")}
    return hashlib.sha256(text[1] + b"}").hexdigest() if text else None, seal_record(
        body, record["previous_sha256"]
    )["sha256"]
