"""Verification of a release before a file of it is parsed (ADR-0231)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from data_contracts.errors import ArtefactRefused
from features import catalogue
from features.former_names import current_name
from training.declaration import Model
from training.release.serialisation import FORMAT
from training.release.store import MANIFEST, version_of


def read_manifest(place: Path, pinned: str | None) -> dict[str, Any]:
    """Manifest of a release with the current names of its signals, verified.

    Parameters
    ----------
    place
        Folder of the release.
    pinned
        SHA-256 that a pointer gives the manifest; None where none does.

    Raises
    ------
    ArtefactRefused
        The manifest is not the pinned one, has another format, or its content has another version
        or name than its folder.
    """
    body = (place / MANIFEST).read_bytes()
    manifest = json.loads(body)
    written = manifest.get("format", 1)
    if written != FORMAT:
        raise ArtefactRefused(
            f"{place}: it has release format {written}, and this code reads format {FORMAT}. "
            "Train and release again."
        )
    found = hashlib.sha256(body).hexdigest()
    if pinned is not None and found != pinned:
        raise ArtefactRefused(
            f"{place / MANIFEST}: the pointer names SHA-256 {pinned}, found {found}. "
            "Restore the manifest, or train and release again."
        )
    version, name = version_of(manifest), place.parent.name
    if (name, place.name, place.name) != (manifest["name"], manifest["version"], version):
        raise ArtefactRefused(
            f"{place / MANIFEST}: its content has version {version} of {manifest['name']}, and it "
            f"lies where {place.name} of {name} is expected: it was edited or moved. "
            "Restore it from a copy, or train and release again."
        )
    return manifest | {"signals": [current_name(n) for n in manifest["signals"]]}


def verified_texts(place: Path, manifest: dict[str, Any], model: Model) -> dict[str, str]:
    """Texts of a release by file. Raises ArtefactRefused for one that must not be loaded."""
    texts = {}
    for file, expected in manifest["files"].items():
        path = place / file
        body = path.read_bytes() if path.parent == place and path.is_file() else b""
        found = hashlib.sha256(body).hexdigest() if body else "no such file"
        if found != expected:
            raise ArtefactRefused(
                f"{path}: expected SHA-256 {expected}, found {found}. "
                "Restore the file, or train and release again."
            )
        texts[file] = body.decode("utf-8")
    known = {s.name for s in model.signals}
    equal = {catalogue.digest(), *catalogue.EQUAL_DIGESTS}
    if not set(manifest["signals"]) <= known or manifest["catalogue_sha256"] not in equal:
        raise ArtefactRefused(
            f"{place}: it was trained on another catalogue of signals than this code computes. "
            "Train and release again."
        )
    return texts
