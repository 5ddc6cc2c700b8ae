"""Attachments: files named by their SHA-256, private, outside of what is served as pages."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_contracts.lake import Lake
from serving.desk.cases.case_record import Act, perform
from serving.desk.cases.case_state import ATTACHED, Line
from serving.desk.cases.refusals import CaseRefused
from serving.desk.casework.claims import Chosen
from serving.desk.desk import Desk
from serving.desk.store.tables.cases import AttachmentRow

BYTES_PER_MEGABYTE = 1024 * 1024
MAX_NAME_CHARACTERS = 120
UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\"<>:|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]')
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


def attachment_folder(lake: Lake) -> Path:
    """Folder of attached files in a lake."""
    return lake.journal / "attachments"


def attach(desk: Desk, chosen: Chosen, name: str, content: bytes) -> Line:
    """Attach a file to cases. The file is written before the record names it.

    Raises
    ------
    CaseRefused
        The file is empty or larger than the policy allows. Nothing is written then.
    """
    limit = desk.policy.cases.attachment_megabytes
    if not content:
        raise CaseRefused("cases.refused.empty_file")
    if len(content) > limit * BYTES_PER_MEGABYTE:
        raise CaseRefused("cases.refused.large_file", most=limit)
    digest = hashlib.sha256(content).hexdigest()
    _write_private(attachment_folder(desk.lake) / digest, content)
    body = {"name": safe_name(name), "size": len(content), "digest": digest}
    return perform(desk, Act(ATTACHED, chosen.author, chosen.cases, body, once=chosen.once))


def read_attachment(
    desk: Desk, session: Session, case_id: str, digest: str
) -> tuple[AttachmentRow, bytes]:
    """An attached file of a case, whose digest is checked. Raises CaseRefused."""
    row = session.scalar(
        select(AttachmentRow).where(
            AttachmentRow.case_id == case_id, AttachmentRow.sha256 == digest
        )
    )
    if row is None:
        raise CaseRefused("cases.refused.no_file")
    try:
        content = (attachment_folder(desk.lake) / row.sha256).read_bytes()
    except OSError as error:
        raise CaseRefused("cases.refused.file_lost", name=row.name) from error
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise CaseRefused("cases.refused.file_changed", name=row.name)
    return row, content


def safe_name(name: str) -> str:
    """A file name without folders, control characters and marks that turn text around."""
    last = re.split(r"[/\\]", name)[-1]
    cleaned = UNSAFE.sub("_", last).strip(" .")[:MAX_NAME_CHARACTERS]
    return cleaned or "file"


def _write_private(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size == len(content):
        return
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
