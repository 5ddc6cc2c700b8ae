"""The ledger of decisions: every tier decision of every published night, in a hash chain.

`LAKE/journal/decisions.jsonl` has one line a decision. `LAKE/journal/heads.jsonl` has one line a
night: the number of lines then, the digest of the last, and the digests of the night's files. A
night is recorded before it is published. Its head makes its lines count: lines without a head are
of an interrupted recording, which the same night completes and another night sets aside.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.parquet import digest_file
from data_contracts.storage.durable_files import append_durably, sync_file, write_durably
from data_contracts.storage.torn_tail import file_size
from serving.ledger.hash_chain import (
    GENESIS_DIGEST,
    LedgerDamaged,
    last_digest,
    locked_chain,
    read_records,
    record_line,
    seal_record,
)

DECISION_COLUMNS = (
    "operator_id",
    "tier",
    "previous_tier",
    "measure",
    "needs_human",
    "risk",
    "expected_harm",
    "cause",
    "model_version",
    "policy_version",
)


@dataclass(frozen=True)
class RecordedEnd:
    """The end of the lines that have a head: their number, their bytes, the last digest."""

    lines: int
    size: int
    digest: str


def second_head_path(lake: Lake, run_id: str) -> Path:
    """The second copy of the head of a run."""
    return lake.run_heads / f"{run_id}.json"


def record_night(
    lake: Lake, run_id: str, night: date, folder: Path, *, rewritten: bool = False
) -> dict[str, Any]:
    """Record a night's decisions and its head; returns the head.

    Each step may be repeated: a run is recorded once, however often its recording was interrupted.

    Parameters
    ----------
    lake, run_id, night
        The lake, and the run of a date.
    folder
        Folder of the run, complete.
    rewritten
        The files were written again just now. The run gets another head, and no line twice, where
        they differ or another run was recorded for the night meanwhile.

    Raises
    ------
    LedgerDamaged
        The ledger does not reach its last head. Nothing was added.
    OSError
        The disk refused. The ledger is as it was, or a repetition completes it.
    """
    with locked_chain(lake.decisions), locked_chain(lake.decision_heads):
        heads = read_records(lake.decision_heads)
        end = _recorded_end(lake.decisions, heads)
        files = {p.relative_to(folder).as_posix(): digest_file(p) for p in _files(folder)}
        key = {"run_id": run_id, "date": night.isoformat()}
        head = next((h for h in reversed(heads) if key.items() <= h.items()), None)
        if head is None:
            end = _record_lines(lake.decisions, end, _decision_rows(folder, key))
        last_of_night = next((h for h in reversed(heads) if h["date"] == key["date"]), None)
        again = rewritten and head is not None
        if head is None or (again and (head["files"] != files or head != last_of_night)):
            counts = {"lines": end.lines, "bytes": end.size, "head": end.digest, "files": files}
            head = seal_record(key | counts, last_digest(lake.decision_heads))
            append_durably(lake.decision_heads, record_line(head))
        second = second_head_path(lake, run_id)
        text = json.dumps(head, sort_keys=True, ensure_ascii=False).encode()
        if not second.exists() or second.read_bytes() != text:
            write_durably(second, text)
    return head


def recorded_heads(lake: LakeOrFolder) -> dict[str, str]:
    """Night → digest of its last decision; the newest where a night was decided twice."""
    return {h["date"]: h["head"] for h in read_records(Lake.open(lake).decision_heads)}


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())


def _decision_rows(folder: Path, key: dict[str, str]) -> list[dict[str, Any]]:
    table = pq.read_table(folder / "tier_decisions.parquet", columns=list(DECISION_COLUMNS))
    return [key | row for row in sorted(table.to_pylist(), key=lambda r: r["operator_id"])]


def _recorded_end(decisions: Path, heads: list[dict[str, Any]]) -> RecordedEnd:
    """The end of the lines that the last head covers. Raises LedgerDamaged."""
    if not heads:
        return RecordedEnd(0, 0, GENESIS_DIGEST)
    last = heads[-1]
    size = last.get("bytes")
    if size is None:  # a head of an earlier version
        size = _size_of_lines(decisions, last["lines"])
    found = last_digest(decisions, size) if file_size(decisions) >= size else None
    if found != last["head"]:
        raise LedgerDamaged(
            f"{decisions} does not reach its head of {last['date']} ({last['lines']} lines): it "
            "was cut off or edited. Put back a copy of it; nothing was added to it"
        )
    return RecordedEnd(last["lines"], size, last["head"])


def _size_of_lines(path: Path, lines: int) -> int:
    size = 0
    with path.open("rb") as handle:
        for _ in range(lines):
            size += len(handle.readline())
    return size


def _record_lines(path: Path, end: RecordedEnd, rows: list[dict[str, Any]]) -> RecordedEnd:
    """Append the lines of a night after the last head, in the place of those without one."""
    lines, digest = [], end.digest
    for row in rows:
        sealed = seal_record(row, digest)
        lines.append(record_line(sealed))
        digest = sealed["sha256"]
    wanted = b"".join(lines)
    unheaded = b""
    if file_size(path) > end.size:
        with path.open("rb") as handle:
            handle.seek(end.size)
            unheaded = handle.read()
    if not wanted.startswith(unheaded):
        name = f"{path.name}.unfinished-{end.size}-{hashlib.sha256(unheaded).hexdigest()[:8]}"
        write_durably(path.with_name(name), unheaded, 0o600)
        os.truncate(path, end.size)
        unheaded = b""
    if rest := wanted[len(unheaded) :]:
        append_durably(path, rest)
    elif path.exists():
        sync_file(path)
    return RecordedEnd(end.lines + len(lines), end.size + len(wanted), digest)
