"""The released prior: combinations learned on simulated families, shipped with the product.

A night uses it where a platform has no model of its own, and own training begins from it. Files are
LightGBM's text and JSON. They are verified before LightGBM reads one, because its parser aborts the
process on a corrupted file. Honest entities of the families are shipped too (ADR-0192).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from data_contracts.errors import ArtefactRefused, LakeProblem
from data_contracts.parquet import digest_file
from data_contracts.verification.json_file import read_json_object
from features.former_names import BY_ANY_NAME, current_name
from features.peers import comparison
from features.peers.comparison import Comparison
from training.estimator.calibration import Calibration
from training.estimator.combination import Combination
from training.estimator.model_text import booster_of, require_inputs
from training.estimator.stage import Stage

FOLDER = Path(__file__).with_name("released_prior")
MANIFEST = "prior.json"
FORMAT = 3
IDENTITY_KEYS = (
    "signals",
    "typologies",
    "size_signals",
    "offset",
    "calibration",
    "files",
    "reference",
)
MEND = "Install the package again."
_folder = ContextVar("folder of the prior", default=FOLDER)


@dataclass(frozen=True)
class Prior:
    """A combination without peers, its calibration and what its manifest says of it."""

    combination: Combination
    calibration: Calibration
    manifest: dict[str, Any]

    @property
    def version(self) -> str:
        """Version, as scores name it: a digest of all that decides them."""
        return str(self.manifest["version"])


@contextmanager
def prior_in(folder: Path) -> Iterator[None]:
    """Take the prior of another folder for the released one, to judge one that was not shipped."""
    before = _folder.set(folder)
    try:
        yield
    finally:
        _folder.reset(before)


def folder_in_force() -> Path:
    """Folder of the released prior, or that of `prior_in`."""
    return _folder.get()


def load_prior(model: str, folder: Path | None = None) -> Prior | None:
    """The prior of a model; None where none is released for it.

    Without a folder it is the shipped one, or that of `prior_in`.

    Raises
    ------
    ArtefactRefused
        A file does not match its digest, or the catalogue no longer has a signal that it reads.
    """
    return _priors(folder or folder_in_force()).get(model)


@cache
def _priors(folder: Path) -> dict[str, Prior]:
    whole = _manifest(folder)
    try:
        return {name: _read(folder, name, given) for name, given in whole.get("models", {}).items()}
    except (LookupError, TypeError, ValueError, AttributeError, OSError) as error:
        raise ArtefactRefused(
            f"{folder / MANIFEST}: it is no manifest of a prior ({error!r}). {MEND}"
        ) from error


def identity_of(body: dict[str, Any]) -> str:
    """Version of a prior: a digest of what decides its scores, from its part of the manifest."""
    whole = {k: body[k] for k in IDENTITY_KEYS}
    digest = hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()
    return f"prior-{digest[:12]}"


def _manifest(folder: Path) -> dict[str, Any]:
    """Manifest of the released prior; empty where none is released."""
    path = folder / MANIFEST
    if not path.exists():
        return {}
    try:
        whole = read_json_object(path, MEND)
    except LakeProblem as error:
        raise ArtefactRefused(str(error)) from error
    if whole.get("format") != FORMAT:
        raise ArtefactRefused(
            f"{path}: it has format {whole.get('format')}, and this code reads format {FORMAT}. "
            f"{MEND}"
        )
    return whole


def _check(folder: Path, files: dict[str, str]) -> None:
    """Raise ArtefactRefused for a file that does not match its digest."""
    for file, expected in files.items():
        found = digest_file(folder / file) if (folder / file).exists() else "no such file"
        if found != expected:
            raise ArtefactRefused(
                f"{folder / file}: expected SHA-256 {expected}, found {found}. {MEND}"
            )


def _read(folder: Path, name: str, given: dict[str, Any]) -> Prior:
    version = identity_of(given)
    if version != given["version"]:
        raise ArtefactRefused(
            f"{folder / MANIFEST}: what it says of {name} has version {version}, not "
            f"{given['version']}: it was edited. {MEND}"
        )
    _check(folder, given["files"])
    lost = [name for name in given["signals"] if name not in BY_ANY_NAME]
    if lost:
        raise ArtefactRefused(
            f"{folder}: the prior reads signals that the catalogue no longer has: "
            f"{', '.join(lost)}. Learn it again: make prior"
        )
    # by typology: the manifest names its files in alphabetical order
    files = [folder / f"{name}.{typology}.txt" for typology in given["typologies"]]
    boosters = tuple(booster_of(f.read_text("utf-8"), f) for f in files)
    combination = Combination(
        [current_name(n) for n in given["signals"]],
        tuple(given["typologies"]),
        (Stage(boosters, tuple(given["offset"])),),
        tuple(given["size_signals"]),
        reference=given["reference"] and _read_reference(folder / given["reference"]),
    )
    require_inputs(combination)
    calibration = Calibration(*(tuple(given["calibration"][k]) for k in ("raw", "probability")))
    return Prior(combination, calibration, given)


def _read_reference(path: Path) -> Comparison:
    return comparison.from_json(BY_ANY_NAME, json.loads(path.read_text("utf-8")))
