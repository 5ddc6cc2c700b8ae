"""The folder of releases, `MODELS/<name>/<version>/`, and which versions are in service.

A pointer names a version and the SHA-256 of its manifest. Former pointers name the version alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from data_contracts.errors import ArtefactRefused, LakeProblem
from data_contracts.parquet import digest_file
from data_contracts.verification.json_file import read_json_object
from training.release.serialisation import FORMAT

MANIFEST, CARD = "manifest.json", "card.md"
CHAMPIONS, CHALLENGERS = "champions.json", "challengers.json"
SHIPPED_PRIOR = "prior"  # as a pointer names the prior that this package ships
VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,63}")


@dataclass(frozen=True)
class Pointed:
    """What a pointer names: a version, and the digest of its manifest where one was kept."""

    version: str
    manifest_sha256: str | None = None


def write_release(folder: Path, files: dict[str, str], manifest: dict[str, Any]) -> str:
    """Write a release whole or not at all.

    Parameters
    ----------
    folder
        The folder of all releases.
    files
        Text of each file by its name.
    manifest
        Everything else; the format, the version and the digests of the files are added.

    Returns
    -------
    str
        The version: a digest of all that decides scores. The card is not part of it, so that the
        same model trained again has the same version.
    """
    digests = {
        name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(files.items())
    }
    manifest = manifest | {"format": FORMAT, "files": digests}
    version = version_of(manifest)
    manifest |= {"version": version}
    target = folder / manifest["name"] / version
    part = target.with_name(f".{version}.writing")
    part.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (part / name).write_text(text, encoding="utf-8")
    (part / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")
    if target.exists():
        for written in sorted(part.iterdir()):
            written.replace(target / written.name)
        part.rmdir()
    else:
        part.rename(target)
    _pin_again(folder, manifest["name"], version)
    return version


def version_of(manifest: dict[str, Any]) -> str:
    """Version of a release: a digest of its format and of all that decides its scores."""
    scoring = {name: digest for name, digest in manifest["files"].items() if name != CARD}
    deciding = (manifest[k] for k in ("signals", "calibration", "reference_set"))
    identity = json.dumps([manifest["format"], scoring, *deciding], sort_keys=True)
    return hashlib.sha256(identity.encode()).hexdigest()[:12]


def champions(folder: Path) -> dict[str, str]:
    """Model name → version in service; empty where nothing was released."""
    return {name: one.version for name, one in _read(folder / CHAMPIONS).items()}


def challengers(folder: Path) -> dict[str, str]:
    """Model name → version that waits for its promotion; it scores in the shadow."""
    in_service = champions(folder)
    waiting = {n: one.version for n, one in _read(folder / CHALLENGERS).items()}
    return {n: v for n, v in waiting.items() if in_service.get(n) != v}


def pinned_manifest(folder: Path, name: str, version: str) -> str | None:
    """SHA-256 that the pointers give the manifest of a release; None where none names one."""
    for pointer in (CHAMPIONS, CHALLENGERS):
        one = _read(folder / pointer).get(name)
        if one is not None and one.version == version and one.manifest_sha256:
            return one.manifest_sha256
    return None


def set_champion(folder: Path, name: str, version: str) -> None:
    """Put a release into service."""
    _point(folder, CHAMPIONS, name, version)


def set_challenger(folder: Path, name: str, version: str) -> None:
    """Name a release as the one that waits for its promotion."""
    _point(folder, CHALLENGERS, name, version)


def _point(folder: Path, pointer: str, name: str, version: str) -> None:
    manifest = folder / name / version / MANIFEST
    digest = digest_file(manifest) if manifest.exists() else None
    _write(folder / pointer, _read(folder / pointer) | {name: Pointed(version, digest)})


def _pin_again(folder: Path, name: str, version: str) -> None:
    """Follow a manifest that was written again, as by the same model with another lineage."""
    for pointer in (CHAMPIONS, CHALLENGERS):
        one = _read(folder / pointer).get(name)
        if one is not None and one.version == version:
            _point(folder, pointer, name, version)


def _read(pointer: Path) -> dict[str, Pointed]:
    """What a pointer names; empty where there is none. Raises ArtefactRefused."""
    if not pointer.exists():
        return {}
    mend = "Restore it from a copy, or train again."
    try:
        given = read_json_object(pointer, mend)
    except LakeProblem as error:
        raise ArtefactRefused(str(error)) from error
    out = {}
    for name, value in given.items():
        whole = {"version": value} if isinstance(value, str) else value
        version = whole.get("version") if isinstance(whole, dict) else None
        if not isinstance(version, str) or not VERSION.fullmatch(version):
            raise ArtefactRefused(f"{pointer}: {name}: {value!r:.60} is no version. {mend}")
        digest = whole.get("manifest_sha256")
        out[name] = Pointed(version, None if digest is None else str(digest))
    return out


def _write(pointer: Path, pointed: dict[str, Pointed]) -> None:
    part = pointer.with_suffix(".writing")
    text = json.dumps({n: asdict(one) for n, one in pointed.items()}, indent=1, sort_keys=True)
    part.write_text(text)
    part.replace(pointer)
