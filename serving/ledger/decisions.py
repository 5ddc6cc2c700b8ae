"""The ledger of decisions: every tier decision of every published night, in a hash chain.

`LAKE/journal/decisions.jsonl` has one line a decision. `LAKE/journal/heads.jsonl` has one line a
night: the number of lines then and the digest of the last. An edited, removed or moved line breaks
the chain there; a truncated file no longer reaches the last head. Each head is also kept beside its
run. Only a copy in other hands makes the ledger binding.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.parquet import digest_file
from serving.ledger.hash_chain import GENESIS_DIGEST, last_digest, read_records, seal_record

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
class Finding:
    """One fault of the ledger: file, line and description."""

    file: str
    line: int
    what: str


def _ledger_paths(lake: Lake) -> tuple[Path, Path]:
    return lake.decisions, lake.decision_heads


def _second_head_path(lake: Lake, run_id: str) -> Path:
    """Where the head of a run is kept a second time."""
    return lake.run_heads / f"{run_id}.json"


def record_night(lake: Lake, run_id: str, night: date, folder: Path) -> dict[str, object]:
    """Append a night's decisions and its head; returns the head.

    A run that is already recorded is not recorded again.
    """
    decisions, heads = _ledger_paths(lake)
    decisions.parent.mkdir(exist_ok=True)
    if heads.exists():
        for line in heads.read_text("utf-8").splitlines():
            head = json.loads(line)
            if head["run_id"] == run_id and head["date"] == night.isoformat():
                return head
    digest = last_digest(decisions)
    count = decisions.read_bytes().count(b"\n") if decisions.exists() else 0
    table = pq.read_table(
        folder / "tier_decisions.parquet", columns=list(DECISION_COLUMNS)
    ).to_pylist()
    files = {p.name: digest_file(p) for p in sorted(folder.glob("*.parquet"))}
    with decisions.open("a", encoding="utf-8") as handle:
        for row in sorted(table, key=lambda r: r["operator_id"]):
            sealed = seal_record({"run_id": run_id, "date": night.isoformat(), **row}, digest)
            handle.write(json.dumps(sealed, sort_keys=True, ensure_ascii=False) + "\n")
            digest, count = sealed["sha256"], count + 1
        handle.flush()
        os.fsync(handle.fileno())
    head = seal_record(
        {
            "run_id": run_id,
            "date": night.isoformat(),
            "lines": count,
            "head": digest,
            "files": files,
        },
        last_digest(heads),
    )
    with heads.open("a", encoding="utf-8") as handle:
        handle.write(json.dumps(head, sort_keys=True, ensure_ascii=False) + "\n")
        handle.flush()
        os.fsync(handle.fileno())
    second_head = _second_head_path(lake, run_id)
    second_head.parent.mkdir(exist_ok=True)
    second_head.write_text(json.dumps(head, sort_keys=True, ensure_ascii=False), "utf-8")
    return head


def _checked_records(path: Path, found: list[Finding]) -> list[dict]:
    """Records of a chain up to the first fault, which is added to `found`."""
    read_records: list[dict] = []
    digest = GENESIS_DIGEST
    if not path.exists():
        return read_records
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            record = json.loads(line)
            body = {k: v for k, v in record.items() if k not in ("previous_sha256", "sha256")}
            good = seal_record(body, digest) == record
            digest = record["sha256"]
        except (ValueError, KeyError, TypeError):
            found.append(Finding(path.name, number, "is not a record"))
            return read_records
        if not good:
            found.append(
                Finding(
                    path.name,
                    number,
                    "does not follow from the line before: edited, "
                    "or a line before it was removed or moved",
                )
            )
            return read_records
        read_records.append(record)
    return read_records


def verify_decisions(lake: LakeOrFolder) -> list[Finding]:
    """Faults of the ledger of a lake, chains before files; empty when it is intact."""
    lake = Lake.open(lake)
    decisions, heads = _ledger_paths(lake)
    found: list[Finding] = []
    lines, kept = _checked_records(decisions, found), _checked_records(heads, found)
    if found:
        return found
    for number, head in enumerate(kept, 1):
        if head["lines"] > len(lines):
            found.append(
                Finding(
                    decisions.name,
                    len(lines),
                    f"ends before the {head['lines']} lines that were there on {head['date']}: "
                    "truncated",
                )
            )
            break
        if (
            lines[head["lines"] - 1]["sha256"] != head["head"]
            if head["lines"]
            else head["head"] != GENESIS_DIGEST
        ):
            found.append(
                Finding(
                    heads.name, number, f"line {head['lines']} is not the head of {head['date']}"
                )
            )
        folder = lake.run(head["run_id"])
        if not folder.is_dir():
            continue  # a run that retention has removed leaves its decisions here
        second_head = _second_head_path(lake, head["run_id"])
        if not second_head.exists() or json.loads(second_head.read_text("utf-8")) != head:
            found.append(
                Finding(
                    lake.relative(second_head), 1, f"is not the head recorded on {head['date']}"
                )
            )
        for name, digest in head["files"].items():
            if not (folder / name).exists() or digest_file(folder / name) != digest:
                found.append(
                    Finding(
                        f"runs/{head['run_id']}/{name}",
                        1,
                        f"is not the file that was published on {head['date']}",
                    )
                )
    recorded = {h["run_id"] for h in kept}
    for second_head in sorted((lake.run_heads).glob("*.json")):
        if second_head.stem not in recorded:
            found.append(
                Finding(
                    heads.name, len(kept), f"lacks the head of run {second_head.stem}: truncated"
                )
            )
    if kept and kept[-1]["lines"] < len(lines):
        found.append(
            Finding(
                heads.name,
                len(kept),
                f"knows {kept[-1]['lines']} of {len(lines)} lines: truncated, "
                "or lines were added by hand",
            )
        )
    return found


def recorded_heads(lake: LakeOrFolder) -> dict[str, str]:
    """Night → digest of its last decision; the newest where a night was decided twice."""
    return {h["date"]: h["head"] for h in read_records(Lake.open(lake).decision_heads)}
