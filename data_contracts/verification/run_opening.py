"""Opens a published run: folder, manifest, identity and record must belong together (ADR-0230)."""

from __future__ import annotations

import hashlib
import re
import stat
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data_contracts.errors import LakeProblem, NightRefused
from data_contracts.lake import Lake
from data_contracts.verification.json_file import parse_json
from data_contracts.verification.manifest import (
    FORMAT,
    MANIFEST,
    FileRecord,
    files_below,
    recorded_files,
    run_id_of,
)
from data_contracts.verification.published_run import (
    Assurance,
    PublishedRun,
    UnverifiedNight,
    refusal,
)
from data_contracts.verification.record_heads import recorded_head

RUN_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")


def open_run(
    lake: Lake, run_id: str, night: str | None = None, *, damaged: bool = False
) -> PublishedRun:
    """Open a published run: its manifest is verified now, each file before it is read.

    Parameters
    ----------
    lake
        The lake.
    run_id
        Run id as the pointer, or the manifest of the next night, names it.
    night
        Date that the pointer gives it; None where the run is named by another one.
    damaged
        Open it although files are missing, too many or of another size, as a replay does to name
        them. Each file is still verified before it is read.

    Raises
    ------
    NightRefused
        The folder, the manifest or the list of files is not what was recorded.
    LakeProblem
        The run is gone.
    """
    folder = lake.run(run_id) if RUN_NAME.fullmatch(run_id) else None
    when = f" --date {night}" if night else " --date with its date"
    mend = (
        f"Publish the night again: steelyard nightly {lake}{when}; "
        f"then look at the record: steelyard journal verify {lake}"
    )
    if folder is None or folder.is_symlink() or not folder.is_dir():
        raise LakeProblem(
            f"run {run_id!r}{f' of the night of {night}' if night else ''} is not below "
            f"{lake.runs}: deleted by retention, or lost. {mend}"
        )
    head, body = recorded_head(lake, run_id), _manifest_bytes(folder, mend)
    manifest = parse_json(body, folder / MANIFEST, mend)
    if not isinstance(manifest, dict):
        raise refusal(folder / MANIFEST, "an object", type(manifest).__name__, mend)
    _require_identity(folder, manifest, night, head, mend)
    if head is not None and MANIFEST in head["files"]:
        found = hashlib.sha256(body).hexdigest()
        if found != head["files"][MANIFEST]:
            recorded = f"SHA-256 {head['files'][MANIFEST][:16]}… as recorded"
            raise refusal(folder / MANIFEST, recorded, f"{found[:16]}…", mend)
        try:
            files = recorded_files(manifest)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise refusal(folder / MANIFEST, "records of files", repr(error), mend) from error
        if not damaged:
            _require_listing(folder, files, mend)
        return PublishedRun(folder, manifest, files, Assurance.VERIFIED, mend)
    if "files" in manifest or manifest.get("format", 1) != 1:
        raise NightRefused(
            f"{folder}: the record does not have this run with its manifest: its publication did "
            f"not end, or its head was removed. {mend}"
        )
    return _former_run(folder, manifest, head, mend)


def _former_run(
    folder: Path, manifest: dict[str, Any], head: dict[str, Any] | None, mend: str
) -> PublishedRun:
    """A run of format 1: the record has digests of tables at best, which is said."""
    files = {
        name: FileRecord(str(sha256)) for name, sha256 in (head or {"files": {}})["files"].items()
    }
    _require_listing(folder, files, mend)
    assurance = Assurance.TABLES if files else Assurance.NONE
    warnings.warn(
        f"{folder.name}: this night has an earlier format; {assurance.value} of it is verified. "
        f"{mend}",
        UnverifiedNight,
        stacklevel=4,
    )
    return PublishedRun(folder, manifest, files, assurance, mend)


def _manifest_bytes(folder: Path, mend: str) -> bytes:
    try:
        return (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise refusal(folder / MANIFEST, "the manifest", error.strerror or "none", mend) from error


def _require_identity(
    folder: Path,
    manifest: dict[str, Any],
    night: str | None,
    head: dict[str, Any] | None,
    mend: str,
) -> None:
    """Raise NightRefused where folder, date and id of a run do not belong together."""
    path, identity = folder / MANIFEST, manifest.get("identity")
    if manifest.get("run_id") != folder.name:
        raise refusal(path, f"run {folder.name}", repr(manifest.get("run_id")), mend)
    if "format" in manifest:
        if manifest["format"] != FORMAT:
            known = f"format {FORMAT}"
            raise refusal(path, known, f"format {manifest['format']!r:.40}", mend)
        if not isinstance(identity, dict) or run_id_of(identity) != folder.name:
            raise refusal(path, f"inputs whose digest is {folder.name}", "others", mend)
    dated = (identity or {}).get("date") or (head or {}).get("date")
    if night is not None and dated is not None and dated != night:
        raise refusal(path, f"the night of {night}", f"that of {dated}", mend)


def _require_listing(folder: Path, files: Mapping[str, FileRecord], mend: str) -> None:
    """Raise NightRefused where a file is missing, too much, of another size, or no plain file."""
    present = files_below(folder)
    sized = any(record.bytes is not None for record in files.values())
    for name in sorted(files.keys() - present.keys()):
        raise refusal(folder / name, "the published file", "no such file", mend)
    for name, path in present.items():
        record, status = files.get(name), path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise refusal(path, "a plain file", "a link or device", mend)
        if record is None:
            if name != MANIFEST and (sized or (files and path.suffix == ".parquet")):
                raise refusal(path, "no such file", "one that was added", mend)
        elif record.bytes is not None and record.bytes != status.st_size:
            raise refusal(path, f"{record.bytes} bytes", f"{status.st_size}", mend)
