"""Verification of the ledger of decisions: chains, heads, published files, doubles and gaps."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.parquet import digest_file
from data_contracts.runs import published_runs
from data_contracts.storage.torn_tail import file_size, tail_start
from serving.ledger.answer_segments import all_segments
from serving.ledger.decisions import second_head_path
from serving.ledger.hash_chain import (
    GENESIS_DIGEST,
    first_broken_line,
    last_digest,
    seal_record,
)

Record = dict[str, Any]


@dataclass(frozen=True)
class Finding:
    """One fault of the ledger: file, line and description."""

    file: str
    line: int
    what: str


def require_lake(lake: Lake) -> None:
    """Raise LakeProblem for a folder in which there is nothing of a lake."""
    made = (lake.runs, lake.journal, lake.online)
    if not lake.delivered() and not any(folder.is_dir() for folder in made):
        raise LakeProblem(f"{lake} is no lake: it has no delivered table, no run and no ledger")


def verify_decisions(lake: LakeOrFolder) -> list[Finding]:
    """Faults of the ledger of a lake, chains before files; empty when it is intact."""
    lake = Lake.open(lake)
    found: list[Finding] = []
    lines = _checked_records(lake.decisions, found)
    heads = _checked_records(lake.decision_heads, found)
    if found:
        return found
    found += _faults_of_heads(lake, lines, heads)
    found += _doubles_and_gaps(lake, lines, heads)
    return found


def verify_chains(lake: Lake) -> list[Finding]:
    """Lines of answers and of what people decided that do not follow from the line before."""
    found, head = [], GENESIS_DIGEST
    for path in all_segments(lake.answers):
        found += _broken(lake, path, head)
        if found:
            break
        head = last_digest(path)
    for path in lake.people_records():
        found += _broken(lake, path, GENESIS_DIGEST)
    return found


def _broken(lake: Lake, path: Path, head: str) -> list[Finding]:
    broken = first_broken_line(path, head)
    what = "does not follow from the line before"
    return [] if broken is None else [Finding(lake.relative(path), broken, what)]


def _checked_records(path: Path, found: list[Finding]) -> list[Record]:
    """Records of a chain up to the first fault, which is added to `found`."""
    records: list[Record] = []
    digest = GENESIS_DIGEST
    if not file_size(path):
        return records
    whole = tail_start(path)
    for number, line in enumerate(path.read_bytes()[:whole].splitlines(), 1):
        try:
            record = json.loads(line)
            body = {k: v for k, v in record.items() if k not in ("previous_sha256", "sha256")}
            good = seal_record(body, digest) == record
            digest = record["sha256"]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            found.append(Finding(path.name, number, "is not a record"))
            return records
        if not good:
            what = (
                "does not follow from the line before: edited, or a line before it was removed "
                "or moved"
            )
            found.append(Finding(path.name, number, what))
            return records
        records.append(record)
    if whole < file_size(path):
        what = "is torn: it was never acknowledged, and the next recording sets it aside"
        found.append(Finding(path.name, len(records) + 1, what))
    return records


def _faults_of_heads(lake: Lake, lines: list[Record], heads: list[Record]) -> Iterator[Finding]:
    """Heads that the lines do not reach, copies of heads and published files that differ."""
    for number, head in enumerate(heads, 1):
        if head["lines"] > len(lines):
            what = (
                f"ends before the {head['lines']} lines that were there on {head['date']}: "
                "truncated"
            )
            yield Finding(lake.decisions.name, len(lines), what)
            break
        digest = lines[head["lines"] - 1]["sha256"] if head["lines"] else GENESIS_DIGEST
        if digest != head["head"]:
            what = f"line {head['lines']} is not the head of {head['date']}"
            yield Finding(lake.decision_heads.name, number, what)
    newest = {head["run_id"]: head for head in heads}
    for head in newest.values():
        yield from _faults_of_run(lake, head)
    for second in sorted(lake.run_heads.glob("*.json")):
        if second.stem not in newest:
            what = f"lacks the head of run {second.stem}: truncated"
            yield Finding(lake.decision_heads.name, len(heads), what)
    if (heads[-1]["lines"] if heads else 0) < len(lines):
        what = (
            f"knows {heads[-1]['lines'] if heads else 0} of {len(lines)} lines: truncated, lines "
            "were added by hand, or a recording was interrupted (the same night completes it)"
        )
        yield Finding(lake.decision_heads.name, len(heads), what)


def _faults_of_run(lake: Lake, head: Record) -> Iterator[Finding]:
    folder = lake.run(head["run_id"])
    if not folder.is_dir():
        return  # a run that retention has removed leaves its decisions here
    second = second_head_path(lake, head["run_id"])
    if not _is_json_of(second, head):
        what = f"is not the head recorded on {head['date']}"
        yield Finding(lake.relative(second), 1, what)
    for name, digest in head["files"].items():
        if not (folder / name).is_file() or digest_file(folder / name) != digest:
            what = f"is not the file that was published on {head['date']}"
            yield Finding(f"runs/{head['run_id']}/{name}", 1, what)


def _is_json_of(path: Path, record: Record) -> bool:
    try:
        return json.loads(path.read_bytes()) == record
    except (OSError, ValueError):
        return False


def _doubles_and_gaps(lake: Lake, lines: list[Record], heads: list[Record]) -> Iterator[Finding]:
    """Decisions that were recorded twice, and nights that are published or recorded alone."""
    start, decisions = 0, lake.decisions.name
    for head in heads:
        key = (head["run_id"], head["date"])
        for number, line in enumerate(lines[start : head["lines"]], start + 1):
            if (line["run_id"], line["date"]) != key:
                what = f"is of run {line['run_id']} and stands among those of {head['run_id']}"
                yield Finding(decisions, number, what)
                break
        start = max(start, head["lines"])
    count = Counter((r["run_id"], r["date"], r["operator_id"]) for r in lines)
    seen: set[tuple[str, str, str]] = set()
    for number, line in enumerate(lines, 1):
        entity = (line["run_id"], line["date"], line["operator_id"])
        if entity in seen:
            what = f"records {entity[2]} of {entity[1]} again; it stands {count[entity]} times"
            yield Finding(decisions, number, what)
            break
        seen.add(entity)
    yield from _unpublished_and_unrecorded(lake, heads)


def _unpublished_and_unrecorded(lake: Lake, heads: list[Record]) -> Iterator[Finding]:
    published = published_runs(lake)
    recorded = {h["date"]: (number, h["run_id"]) for number, h in enumerate(heads, 1)}
    name = lake.decision_heads.name
    for night in sorted(published.keys() | recorded.keys()):
        number, run = recorded.get(night, (len(heads), None))
        if night not in published:
            what = f"records run {run} of {night}, which was not published: run that night again"
            yield Finding(name, number, what)
        elif run is None:
            what = f"lacks the night of {night}, which is published: run that night again"
            yield Finding(name, number, what)
        elif run != published[night]:
            what = (
                f"records run {run} of {night} last, and {published[night]} is published: "
                "run that night again"
            )
            yield Finding(name, number, what)
