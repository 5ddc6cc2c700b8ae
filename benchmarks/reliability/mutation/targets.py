"""Targets of mutations: each has files, a reader and the digest that names its content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.reliability.mutation.foreign_files import LIST, PACKAGE, write_foreign_files
from benchmarks.reliability.mutation.small_lake import publish_small_lake, write_delivery
from benchmarks.reliability.mutation.small_release import NAME, write_small_release
from data_contracts.lake import Lake
from data_contracts.row_checks import check_lake
from data_contracts.runs import published_run, published_runs
from data_contracts.verification.manifest import MANIFEST
from serving.export.evidence_package import package_faults
from serving.export.shared_measures import import_warnings
from serving.export.signing import public_key_text, signing_key
from serving.gate.api_keys import make_key
from serving.gate.protocol.key_ring import KeyRing
from serving.ledger.verification import verify_decisions
from serving.nightly.delivery import delivered_files, input_digest
from serving.policy.load import load_policy
from training.estimator.prior import FOLDER, load_prior
from training.release.artefact import load
from training.release.store import champions, set_champion, version_of

NOW = datetime(2026, 1, 22)


@dataclass(frozen=True)
class Target:
    """Files that one reader reads.

    Attributes
    ----------
    files
        Files that are changed, one a trial.
    read
        Reads them; returns what a caller sees, as text.
    named
        Digest by which others know the content; None where the content has one answer only.
    remake
        Makes every digest fit a changed file, as somebody does who can write all files.
    """

    files: list[Path]
    read: Callable[[], str]
    named: Callable[[], str] | None = None
    remake: Callable[[Path], None] | None = None


def prepare(folder: Path) -> None:
    """Write the files of all targets."""
    lake = publish_small_lake(folder / "lake")
    make_key(lake, "gate", ["boost", "read"])
    write_small_release(folder / "models")
    write_foreign_files(lake, folder / "foreign")
    (folder / "policy.toml").write_text(load_policy().text, "utf-8")
    write_delivery(Lake(folder / "delivery"))
    prior = folder / "prior"
    prior.mkdir()
    whole = json.loads((FOLDER / "prior.json").read_text("utf-8"))
    for name in whole["models"][NAME]["files"]:
        (prior / name).write_bytes((FOLDER / name).read_bytes())
    whole["models"] = {NAME: whole["models"][NAME]}
    (prior / "prior.json").write_text(json.dumps(whole), "utf-8")


def targets(folder: Path) -> dict[str, Target]:
    """All targets of a folder that `prepare` wrote."""
    lake, models, foreign = Lake(folder / "lake"), folder / "models", folder / "foreign"
    run = lake.run(max(published_runs(lake).items())[1])
    release = models / NAME / champions(models)[NAME]
    delivery = Lake(folder / "delivery")
    files = sorted(run.glob("*"))
    releases = [*sorted(release.glob("*")), models / "champions.json"]
    pointers = [lake.published_pointer, lake.decision_heads]
    return {
        "published night": Target(files + pointers, lambda: _night(lake)),
        "published night, made anew": Target(
            [f for f in files if f.name != MANIFEST], lambda: _night(lake), remake=_remake_run
        ),
        "ledger of decisions": Target([lake.decisions, lake.decision_heads], lambda: _ledger(lake)),
        "release": Target(releases, lambda: _release(models), lambda: champions(models)[NAME]),
        "release, made anew": Target(
            [f for f in releases if f.suffix == ".txt" or f.name == "trees.json"],
            lambda: _release(models),
            lambda: champions(models)[NAME],
            _remake_release,
        ),
        "released prior": Target(
            sorted((folder / "prior").glob("*")), lambda: _prior(folder / "prior")
        ),
        "evidence package": Target([foreign / PACKAGE], lambda: _package(lake, foreign)),
        "shared list": Target([foreign / LIST], lambda: _list(lake, foreign, folder)),
        "policy": Target(
            [folder / "policy.toml"],
            lambda: repr(load_policy(folder / "policy.toml"))[:2_000],
            lambda: load_policy(folder / "policy.toml").sha256,
        ),
        "delivery": Target(
            sorted(delivery.root.rglob("*.parquet")),
            lambda: repr(check_lake(delivery, NOW)),
            lambda: input_digest(delivered_files(delivery, NOW)),
        ),
        "API keys": Target([lake.api_keys], lambda: _keys(lake), lambda: _file(lake.api_keys)),
    }


def _file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _night(lake: Lake) -> str:
    """Every table, text and number of the latest night."""
    run, whole = published_run(lake), hashlib.sha256()
    for name in run.files:
        if name.endswith(".parquet"):
            whole.update(repr(run.rows(name.removesuffix(".parquet")).to_dict("list")).encode())
        else:
            whole.update(str(run.text(name)).encode())
    return whole.hexdigest() + json.dumps(run.manifest, sort_keys=True)


def _ledger(lake: Lake) -> str:
    """Faults of the ledger count as a refusal."""
    if found := verify_decisions(lake):
        raise FaultFound(found[0].what)
    return "stands"


class FaultFound(Exception):
    """A check named a fault, which is its way to refuse."""


def _release(models: Path) -> str:
    """Raw scores, probabilities and lineage of the release."""
    released = load(models, NAME)
    rows = json.loads((models / NAME / released.version / "golden.json").read_text())["rows"]
    raw = released.raw(np.array(rows, dtype=float))
    manifest = json.dumps(released.manifest, sort_keys=True)
    return f"{raw.tolist()} {released.probability(raw).tolist()} {manifest}"


def _prior(folder: Path) -> str:
    """Columns, calibration and trees of the prior."""
    load_prior.__globals__["_priors"].cache_clear()
    prior = load_prior(NAME, folder)
    assert prior is not None
    forests = [f.value.tobytes() for stage in prior.combination.stages for f in stage.forests]
    digest = hashlib.sha256(b"".join(forests)).hexdigest()
    return f"{prior.version} {prior.combination.columns} {prior.calibration} {digest}"


def _package(lake: Lake, foreign: Path) -> str:
    if found := package_faults(foreign / PACKAGE, public_key_text(signing_key(lake))):
        raise FaultFound(found[0])
    return "holds"


def _list(lake: Lake, foreign: Path, folder: Path) -> str:
    """Entries that are new to a lake which has seen none."""
    importing = Lake(folder / "importing")
    importing.warnings.unlink(missing_ok=True)
    trusted = public_key_text(signing_key(lake))
    count = import_warnings(importing, foreign / LIST, trusted, NOW, same_ids=True).new
    kept = json.loads(importing.warnings.read_text("utf-8").splitlines()[0]) if count else {}
    return f"{count} {kept.get('code')} {kept.get('operator_id')}"


def _keys(lake: Lake) -> str:
    """Whether the ring has the key that was made."""
    ring = KeyRing(lake)
    ring.refresh()
    if ring.problem is not None:
        raise FaultFound(ring.problem)
    return "read"


def _remake_run(path: Path) -> None:
    """Give a run the digest and size that fit its changed file."""
    manifest = json.loads((path.parent / MANIFEST).read_text("utf-8"))
    manifest["files"][path.name] |= {"sha256": _file(path), "bytes": path.stat().st_size}
    (path.parent / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True), "utf-8")


def _remake_release(path: Path) -> None:
    """Give a release the digests, version, folder and pointer that fit its changed file."""
    place = path.parent
    manifest: dict[str, Any] = json.loads((place / MANIFEST).read_text("utf-8"))
    manifest["files"][path.name] = _file(path)
    manifest["version"] = version_of(manifest)
    (place / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    place.rename(place.with_name(manifest["version"]))
    set_champion(place.parent.parent, NAME, manifest["version"])
