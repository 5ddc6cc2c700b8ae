"""The folder of releases, `MODELS/<name>/<version>/`, and which versions are in service."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from training.release.serialisation import FORMAT

MANIFEST, CARD = "manifest.json", "card.md"
CHAMPIONS, CHALLENGERS = "champions.json", "challengers.json"


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
    scoring = {name: digest for name, digest in digests.items() if name != CARD}
    identity = json.dumps(
        [FORMAT, scoring, *(manifest[k] for k in ("signals", "calibration", "reference_set"))],
        sort_keys=True,
    )
    version = hashlib.sha256(identity.encode()).hexdigest()[:12]
    manifest = manifest | {"format": FORMAT, "version": version, "files": digests}
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
    return version


def champions(folder: Path) -> dict[str, str]:
    """Model name → version in service; empty where nothing was released."""
    return _read(folder / CHAMPIONS)


def challengers(folder: Path) -> dict[str, str]:
    """Model name → version that waits for its promotion; it scores in the shadow."""
    in_service = champions(folder)
    return {n: v for n, v in _read(folder / CHALLENGERS).items() if in_service.get(n) != v}


def set_champion(folder: Path, name: str, version: str) -> None:
    """Put a release into service."""
    _write(folder / CHAMPIONS, champions(folder) | {name: version})


def set_challenger(folder: Path, name: str, version: str) -> None:
    """Name a release as the one that waits for its promotion."""
    _write(folder / CHALLENGERS, challengers(folder) | {name: version})


def _read(pointer: Path) -> dict[str, str]:
    return json.loads(pointer.read_text()) if pointer.exists() else {}


def _write(pointer: Path, versions: dict[str, str]) -> None:
    part = pointer.with_suffix(".writing")
    part.write_text(json.dumps(versions, indent=1, sort_keys=True))
    part.replace(pointer)
