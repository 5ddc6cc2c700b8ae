"""The released prior: combinations learned on simulated families, shipped with the product.

A night uses it where a platform has no model of its own, and own training begins from it. Files are
LightGBM's text and JSON. They are verified before LightGBM reads one, because its parser aborts the
process on a corrupted file.
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

import lightgbm as lgb

from data_contracts.errors import ArtefactRefused
from data_contracts.parquet import digest_file
from features.declaration import OPERATOR
from features.former_names import BY_ANY_NAME, current_name
from training.estimator.calibration import Calibration
from training.estimator.combination import Combination, Stage
from training.estimator.entity_evidence import INPUTS, EntityEvidence
from training.models.registry import BY_NAME

FOLDER = Path(__file__).with_name("released_prior")
MANIFEST, EVIDENCE = "prior.json", "entity_evidence.txt"
FORMAT = 1
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


def load_entity_evidence(folder: Path | None = None) -> EntityEvidence | None:
    """How sessions and orders speak of their operator; None where it is not released.

    Without a folder it is the shipped one, or that of `prior_in`.

    Raises
    ------
    ArtefactRefused
        The file does not match its digest, or has other inputs than this code computes.
    """
    return _entity_evidence(folder or folder_in_force())


@cache
def _entity_evidence(folder: Path) -> EntityEvidence | None:
    given = _manifest(folder).get("entity_evidence")
    if given is None:
        return None
    _check(folder, given["files"])
    if tuple(given["inputs"]) != INPUTS:
        raise ArtefactRefused(
            f"{folder}: the prior of operators reads other inputs than this code computes. "
            "Learn it again: make prior"
        )
    (file,) = given["files"]
    return EntityEvidence(lgb.Booster(model_file=str(folder / file)))


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
    models = _manifest(folder).get("models", {})
    return {name: _read(folder, given) for name, given in models.items()}


def _manifest(folder: Path) -> dict[str, Any]:
    """Manifest of the released prior; empty where none is released."""
    path = folder / MANIFEST
    if not path.exists():
        return {}
    whole: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if whole["format"] != FORMAT:
        raise ArtefactRefused(
            f"{path}: it has format {whole['format']}, and this code reads format {FORMAT}. "
            "Install the package again."
        )
    return whole


def _check(folder: Path, files: dict[str, str]) -> None:
    """Raise ArtefactRefused for a file that does not match its digest."""
    for file, expected in files.items():
        found = digest_file(folder / file) if (folder / file).exists() else "no such file"
        if found != expected:
            raise ArtefactRefused(
                f"{folder / file}: expected SHA-256 {expected}, found {found}. "
                "Install the package again."
            )


def _read(folder: Path, given: dict[str, Any]) -> Prior:
    _check(folder, given["files"])
    lost = [name for name in given["signals"] if name not in BY_ANY_NAME]
    if lost:
        raise ArtefactRefused(
            f"{folder}: the prior reads signals that the catalogue no longer has: "
            f"{', '.join(lost)}. Learn it again: make prior"
        )
    boosters = tuple(lgb.Booster(model_file=str(folder / f)) for f in given["files"])
    combination = Combination(
        [current_name(n) for n in given["signals"]],
        tuple(given["typologies"]),
        (Stage(boosters, tuple(given["offset"])),),
        tuple(given["size_signals"]),
    )
    calibration = Calibration(*(tuple(given["calibration"][k]) for k in ("raw", "probability")))
    return Prior(combination, calibration, given)


def write_priors(
    folder: Path,
    learned: dict[str, tuple[Combination, Calibration]],
    said: dict[str, dict[str, Any]],
    evidence: lgb.Booster | None = None,
) -> None:
    """Write priors as text, with digests and versions.

    Parameters
    ----------
    folder
        Folder of the released prior; its files are replaced.
    learned
        Combination, of one stage, and calibration of each model.
    said
        What else the manifest says of each model, such as families and figures; of the evidence
        under `entity_evidence`.
    evidence
        How sessions and orders speak of their operator; None where that was not learned.
    """
    folder.mkdir(parents=True, exist_ok=True)
    models: dict[str, dict[str, Any]] = {}
    whole: dict[str, Any] = {"format": FORMAT, "models": models}
    if evidence is not None:
        text = evidence.model_to_string()
        (folder / EVIDENCE).write_text(text, "utf-8")
        files = {EVIDENCE: hashlib.sha256(text.encode()).hexdigest()}
        whole["entity_evidence"] = said.get("entity_evidence", {}) | {
            "inputs": list(INPUTS),
            "files": files,
        }
    for name, (combination, calibration) in sorted(learned.items()):
        stage, files = combination.stages[0], {}
        for typology, booster in zip(combination.typologies, stage.boosters, strict=True):
            text = booster.model_to_string()
            (folder / f"{name}.{typology}.txt").write_text(text, "utf-8")
            files[f"{name}.{typology}.txt"] = hashlib.sha256(text.encode()).hexdigest()
        body = {
            "signals": combination.columns,
            "typologies": list(combination.typologies),
            "size_signals": list(combination.size_signals),
            "offset": list(stage.offset),
            "calibration": {"raw": calibration.raw, "probability": calibration.probability},
            "files": files,
        }
        if BY_NAME[name].entity == OPERATOR:  # it decides what the model's scores become
            body["entity_evidence"] = whole.get("entity_evidence", {}).get("files", {})
        identity = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        models[name] = body | said[name] | {"version": f"prior-{identity[:12]}"}
    (folder / MANIFEST).write_text(json.dumps(whole, indent=1, sort_keys=True) + "\n", "utf-8")
    for path in folder.glob("*.txt"):
        written = [*models.values(), whole.get("entity_evidence", {"files": {}})]
        if not any(path.name in one["files"] for one in written):
            path.unlink()
