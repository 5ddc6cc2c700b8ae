"""The hash chain: JSON lines, each with the digest of the line before."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

import msgspec

GENESIS_DIGEST = "0" * 64
# `json.dumps` makes an encoder for each line. Answers have a faster one: ADR-0150.
RECORD_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False)
ANSWER_ENCODER = msgspec.json.Encoder(order="sorted")
ANSWER_LINE = re.compile(rb'(.*),\s*"sha256":\s*"([0-9a-f]{64})"\}', re.DOTALL)


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


def read_records(path: Path) -> list[dict[str, Any]]:
    """Records of a chained file, oldest first; none where there is no file."""
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def last_digest(path: Path) -> str:
    """Digest of the last record of a chained file, read from its end."""
    if not path.exists() or not (left := path.stat().st_size):
        return GENESIS_DIGEST
    with path.open("rb") as handle:
        tail = b""
        while left and b"\n" not in tail[:-1]:
            step = min(left, 65_536)
            left -= step
            handle.seek(left)
            tail = handle.read(step) + tail
    return json.loads(tail.splitlines()[-1])["sha256"]


def append_record(path: Path, record: dict[str, Any]) -> dict[str, Any]:
    """Append a record to a chained file and sync it to disk; returns the sealed record."""
    sealed = seal_record(record, last_digest(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as handle:
        handle.write(RECORD_ENCODER.encode(sealed) + "\n")
        handle.flush()
        os.fsync(handle.fileno())
    return sealed


def first_broken_line(path: Path) -> int | None:
    """Number (from 1) of the first line that does not follow from the one before, or None."""
    head = GENESIS_DIGEST
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            record = json.loads(line)
        except ValueError:
            return number
        if record.get("previous_sha256") != head or record.get("sha256") not in _possible_digests(
            line, record
        ):
            return number
        head = record["sha256"]
    return None


def _possible_digests(line: bytes, record: dict[str, Any]) -> tuple[str | None, str]:
    """Digests that a line may have: over its text (answers), over its sorted keys (decisions)."""
    text = ANSWER_LINE.fullmatch(line)
    body = {k: v for k, v in record.items() if k not in ("previous_sha256", "sha256")}
    return hashlib.sha256(text[1] + b"}").hexdigest() if text else None, seal_record(
        body, record["previous_sha256"]
    )["sha256"]
