"""Statements of both sides of an appeal, with attachments, as lines of a hash chain.

`LAKE/journal/statements.jsonl` has the texts and the digests of attachments. Their bytes lie beside
it by digest, so that a file which was changed is noticed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from data_contracts.lake import Lake
from data_contracts.storage.durable_files import write_durably
from serving.ledger.hash_chain import append_record, read_records

OPERATOR_SIDE, PLATFORM_SIDE = "operator", "platform"
MAX_TEXT_CHARACTERS = 4_000
MAX_ATTACHMENTS, MAX_ATTACHMENT_BYTES = 5, 5 << 20
MAX_NAME_CHARACTERS = 80
MAX_STATEMENTS = 50  # of one appeal
SIGNATURES = {  # first bytes of the kinds of files that are accepted
    "pdf": (b"%PDF-",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
}
TEXT_KINDS = ("txt", "csv")
DIGEST = re.compile(r"[0-9a-f]{64}")


class BadStatement(Exception):
    """A statement is not accepted; `code` names why.

    Codes: empty, too_long, too_many, too_many_files, file_too_large, file_kind.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Attachment:
    """A file as it was sent: name and bytes."""

    name: str
    body: bytes


@dataclass(frozen=True)
class KeptFile:
    """An attachment as the record names it."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Statement:
    """A statement of one side on an appeal."""

    appeal_id: str
    side: str
    author: str
    text: str
    at: datetime
    files: tuple[KeptFile, ...] = ()


def require_statement(text: str, files: Sequence[Attachment]) -> None:
    """Require a text and files within the limits. Raises BadStatement."""
    if not text.strip():
        raise BadStatement("empty")
    if len(text) > MAX_TEXT_CHARACTERS:
        raise BadStatement("too_long")
    if len(files) > MAX_ATTACHMENTS:
        raise BadStatement("too_many_files")
    for file in files:
        if len(file.body) > MAX_ATTACHMENT_BYTES:
            raise BadStatement("file_too_large")
        if not _is_accepted(file):
            raise BadStatement("file_kind")


def add_statement(
    lake: Lake,
    appeal_id: str,
    speaker: tuple[str, str],
    text: str,
    files: Sequence[Attachment],
    now: datetime,
) -> Statement:
    """Add a statement of a side to an appeal; the same one again changes nothing.

    Parameters
    ----------
    lake, appeal_id
        The lake and the appeal.
    speaker
        Side and name.
    text, files
        The statement, and files that support it.
    now
        The moment, naive UTC.

    Raises
    ------
    BadStatement
        It is not within the limits. Nothing is written then.
    """
    require_statement(text, files)
    earlier = statements_of(lake, appeal_id)
    side, author = speaker
    kept = tuple(_keep(lake, f) for f in files)
    for s in earlier:
        if (s.side, s.author, s.text, s.files) == (side, author, text.strip(), kept):
            return s
    if len(earlier) >= MAX_STATEMENTS:
        raise BadStatement("too_many")
    record = {
        "event": "stated",
        "appeal_id": appeal_id,
        "side": side,
        "author": author,
        "text": text.strip(),
        "at": now.isoformat(timespec="seconds"),
        "files": [{"name": f.name, "sha256": f.sha256, "size": f.size} for f in kept],
    }
    append_record(lake.statements, record)
    return _statement(record)


def statements_of(lake: Lake, appeal_id: str) -> list[Statement]:
    """Statements on an appeal, oldest first. Raises LedgerDamaged."""
    return [_statement(r) for r in read_records(lake.statements) if r["appeal_id"] == appeal_id]


def read_attachment(lake: Lake, appeal_id: str, sha256: str) -> Attachment | None:
    """A file of an appeal; None for one that its statements do not name, or that was changed."""
    files = (f for s in statements_of(lake, appeal_id) for f in s.files)
    kept = next((f for f in files if f.sha256 == sha256), None)
    if kept is None or not DIGEST.fullmatch(sha256):
        return None
    try:
        body = _place(lake, sha256).read_bytes()
    except OSError:
        return None
    return Attachment(kept.name, body) if hashlib.sha256(body).hexdigest() == sha256 else None


def clean_name(name: str) -> str:
    r"""A file name without folders and control characters.

    Examples
    --------
    >>> clean_name("../../etc/pass\\nwd.pdf")
    'passwd.pdf'
    """
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(c for c in last if c.isprintable() and c not in '"<>|:*?')
    return kept[-MAX_NAME_CHARACTERS:].strip(". ") or "attachment"


def _is_accepted(file: Attachment) -> bool:
    kind = file.name.rpartition(".")[2].lower()
    if kind in SIGNATURES:
        return file.body.startswith(SIGNATURES[kind])
    if kind not in TEXT_KINDS or b"\0" in file.body:
        return False
    try:
        file.body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _keep(lake: Lake, file: Attachment) -> KeptFile:
    digest = hashlib.sha256(file.body).hexdigest()
    path = _place(lake, digest)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, file.body)
    return KeptFile(clean_name(file.name), digest, len(file.body))


def _place(lake: Lake, sha256: str) -> Path:
    return lake.journal / "attachments" / sha256


def _statement(r: dict[str, Any]) -> Statement:
    files = tuple(KeptFile(f["name"], f["sha256"], f["size"]) for f in r["files"])
    moment = datetime.fromisoformat(r["at"])
    return Statement(r["appeal_id"], r["side"], r["author"], r["text"], moment, files)
