"""The manifest of a run: what its id is made of, and each file with digest, size and rows."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from data_contracts.parquet import digest_file

MANIFEST = "manifest.json"
FORMAT = 2  # the first that names files; format 1 had no number
RUN_ID_HEX_DIGITS = 16


@dataclass(frozen=True)
class FileRecord:
    """The entry of one file in a manifest; size and rows are None where only a digest was kept."""

    sha256: str
    bytes: int | None = None
    rows: int | None = None


def run_id_of(identity: dict[str, Any]) -> str:
    """Run id of all that decides the bytes of a night."""
    text = json.dumps(identity, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:RUN_ID_HEX_DIGITS]


def files_below(folder: Path) -> dict[str, Path]:
    """Every entry of a run's folder that is no folder, by its relative name."""
    found = (p for p in folder.rglob("*") if p.is_symlink() or not p.is_dir())
    return {p.relative_to(folder).as_posix(): p for p in sorted(found)}


def describe_files(folder: Path) -> dict[str, FileRecord]:
    """Records of all files of a run but its manifest."""
    return {
        name: FileRecord(
            digest_file(path),
            path.stat().st_size,
            pq.read_metadata(path).num_rows if path.suffix == ".parquet" else None,
        )
        for name, path in files_below(folder).items()
        if name != MANIFEST
    }


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest of a complete run; it names every other file of the folder."""
    files = {name: asdict(record) for name, record in describe_files(folder).items()}
    whole = manifest | {"format": FORMAT, "files": files}
    (folder / MANIFEST).write_text(json.dumps(whole, indent=1, sort_keys=True), "utf-8")


def recorded_files(manifest: dict[str, Any]) -> dict[str, FileRecord]:
    """Files that a manifest names.

    Raises
    ------
    ValueError
        An entry is no record of a file.
    """
    out = {}
    for name, given in manifest["files"].items():
        record = FileRecord(**given)
        rows_fit = record.rows is None or type(record.rows) is int
        if type(record.sha256) is not str or type(record.bytes) is not int or not rows_fit:
            raise ValueError(f"{name} has no digest and size")
        out[name] = record
    return out
