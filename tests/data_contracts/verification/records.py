"""Runs that a test rewrites, recorded again as another version or a person would."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from data_contracts.lake import Lake
from data_contracts.parquet import digest_file
from data_contracts.verification.manifest import MANIFEST, write_manifest
from serving.ledger.decisions import record_night
from serving.ledger.hash_chain import GENESIS_DIGEST, read_records, seal_record

SEAL = ("previous_sha256", "sha256")
Change = Callable[[dict[str, Any]], dict[str, Any]]


def publish_again(lake: Path, run_id: str, night: str) -> None:
    """Write manifest and head of a run anew, as if its files had been published so."""
    folder = Lake(lake).run(run_id)
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    write_manifest(folder, manifest)
    record_night(Lake(lake), run_id, date.fromisoformat(night), folder, rewritten=True)


def write_formerly(lake: Path, run_id: str) -> None:
    """Turn a run into one of format 1: no files in its manifest, tables alone in its head."""
    path = Lake(lake).run(run_id) / MANIFEST
    manifest = json.loads(path.read_text("utf-8"))
    former = {k: v for k, v in manifest.items() if k not in ("format", "files", "identity")}
    path.write_text(json.dumps(former), "utf-8")

    def tables_alone(head: dict[str, Any]) -> dict[str, Any]:
        return head | {"files": {p.name: digest_file(p) for p in path.parent.glob("*.parquet")}}

    rewrite_head(lake, run_id, tables_alone)


def rewrite_head(lake: Path, run_id: str, change: Change, reseal: bool = True) -> None:
    """Change the head of a run, and make every digest of the heads fit if `reseal`."""
    opened, out, digest = Lake(lake), [], GENESIS_DIGEST
    for head in read_records(opened.decision_heads):
        body = {k: v for k, v in head.items() if k not in SEAL}
        mine = head["run_id"] == run_id
        if mine:
            body = change(body)
        sealed = seal_record(body, digest)
        if not reseal:
            sealed |= {k: head[k] for k in SEAL}
        digest = sealed["sha256"]
        out.append(json.dumps(sealed, sort_keys=True, ensure_ascii=False))
        if mine:
            (opened.run_heads / f"{run_id}.json").write_text(out[-1], "utf-8")
    opened.decision_heads.write_text("".join(line + "\n" for line in out), "utf-8")
