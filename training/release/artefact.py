"""Released models: a folder of text files and a manifest of their digests. Nothing is pickled.

`MODELS/<name>/<version>/` holds model.txt and no_graph.txt (LightGBM's text format), peers.json (what they compare with, the
typologies they tell apart, their doubt, what they add for what is rare), golden.json, card.md and manifest.json; `MODELS/champions.json` names the version in service. LightGBM's text parser aborts the process on a
corrupted file, so digests are checked before it sees one.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from data_contracts.errors import ArtefactRefused
from data_contracts.parquet import digest_file
from features import catalogue
from features.peers import baseline
from features.peers.baseline import PeerBaseline
from training.declaration import Model
from training.estimator.calibration import Calibration
from training.estimator.conformal import Honest
from training.estimator.ensemble import Trees
from training.models.registry import BY_NAME

MANIFEST, CHAMPIONS, CHALLENGERS, CARD = (
    "manifest.json",
    "champions.json",
    "challengers.json",
    "card.md",
)


@dataclass(frozen=True)
class Released:
    """A released model in memory, its digests checked and its golden rows reproduced."""

    model: Model
    version: str
    trees: Trees
    no_graph: Trees
    calibration: Calibration
    manifest: dict[str, Any]

    @property
    def columns(self) -> list[str]:
        return self.trees.columns

    def among(self, signals: pd.DataFrame) -> Released:
        """The same release, its trees compared with the entities of these signals where they compare at all: see `Trees.among`."""
        return replace(self, trees=self.trees.among(signals[self.columns].to_numpy()))

    def known(self, signals: pd.DataFrame) -> float:
        """Share of the gain of its trees that lies on signals of which some are known, 0 to 1: what it was taught with and has to go by."""
        gain = self.trees.gain()
        some = {c: gain[c] for c in self.columns}
        return sum(g for c, g in some.items() if signals[c].notna().any()) / max(
            sum(some.values()), 1e-12
        )

    def compared(self, peers: PeerBaseline | None) -> Released:
        """The same release, compared with peers that are given; as it is where none are, or those of other signals."""
        if peers is None or self.trees.peers is None or list(peers.columns) != self.trees.columns:
            return self
        return replace(self, trees=replace(self.trees, peers=peers))

    def raw(self, values: np.ndarray) -> np.ndarray:
        """Raw scores; `values` float64 of shape (n, signals) in the manifest's order."""
        return self.trees.raw(values)

    def probability(self, raw: np.ndarray) -> np.ndarray:
        return self.calibration(raw)

    def by_typology(self, values: np.ndarray, probability: np.ndarray) -> dict[str, np.ndarray]:
        """Probability of each typology that the trees tell apart, at most that of any; nothing where they tell none apart."""
        if not self.trees.typologies:
            return {}
        shares = (
            self.trees.shares(values) if len(values) else np.zeros((0, len(self.trees.typologies)))
        )
        return {
            name: probability * np.minimum(shares[:, j], 1.0)
            for j, name in enumerate(self.trees.typologies)
        }

    @property
    def honest(self) -> Honest:
        """What honest entities look like to it: the yardstick of its conformal p-values."""
        given = self.manifest["honest"]
        return Honest(
            np.array(given["raw"], dtype=np.float64), np.array(given["weight"], dtype=np.float64)
        )


def text_of(trees: Trees, no_graph: Trees) -> dict[str, str]:
    """The files of a model's trees and of its control's."""
    named = {"model": trees, "no_graph": no_graph}
    peers = {
        name: {
            "peers": t.peers and t.peers.as_json(),
            "typologies": list(t.typologies),
            "own": t.own,
            "lean": t.lean,
            "doubt": t.doubt,
            "rare": t.rare,
        }
        for name, t in named.items()
    }
    return {
        "model.txt": trees.booster.model_to_string(),
        "no_graph.txt": no_graph.booster.model_to_string(),
        "peers.json": json.dumps(peers, sort_keys=True),
    }


def read_trees(
    files: dict[str, str], columns: list[str], no_graph_columns: list[str]
) -> tuple[Trees, Trees]:
    """Trees as `text_of` wrote them. The caller has checked the digests: LightGBM aborts on text that is not its own."""
    said = json.loads(files["peers.json"])

    def read(name: str, signals: list[str]) -> Trees:
        given = said[name]
        peers = (
            None
            if given["peers"] is None
            else baseline.from_json(catalogue.BY_NAME, given["peers"])
        )
        booster = lgb.Booster(model_str=files[f"{name}.txt"])
        return Trees(
            booster,
            signals,
            peers,
            tuple(given["typologies"]),
            given["own"],
            given["lean"],
            given["doubt"],
            given["rare"],
        )

    return read("model", columns), read("no_graph", no_graph_columns)


def as_json(honest: Honest) -> dict[str, list[float]]:
    """A yardstick as it stands in a manifest."""
    return {"raw": honest.raw.tolist(), "weight": honest.weight.tolist()}


def write_release(folder: Path, files: dict[str, str], manifest: dict[str, Any]) -> str:
    """Write a release whole or not at all; returns its version, a digest of what decides its scores.

    The card is in the manifest but not in the version: the same model trained again is the same version.
    """
    digests = {
        name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(files.items())
    }
    scoring = {name: digest for name, digest in digests.items() if name != CARD}
    identity = json.dumps(
        [scoring, manifest["signals"], manifest["calibration"], manifest["honest"]], sort_keys=True
    )
    version = hashlib.sha256(identity.encode()).hexdigest()[:12]
    manifest = manifest | {"version": version, "files": digests}
    target = folder / manifest["name"] / version
    part = target.with_name(f".{version}.writing")
    part.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (part / name).write_text(text, encoding="utf-8")
    (part / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")
    if target.exists():
        for old in sorted(part.iterdir()):
            old.replace(target / old.name)
        part.rmdir()
    else:
        part.rename(target)
    return version


def champions(folder: Path) -> dict[str, str]:
    """Model name → version in service; empty where nothing was ever released."""
    pointer = folder / CHAMPIONS
    return json.loads(pointer.read_text()) if pointer.exists() else {}


def challengers(folder: Path) -> dict[str, str]:
    """Model name → version that was released after the champion and waits for its gate; it scores in the shadow."""
    pointer = folder / CHALLENGERS
    given = json.loads(pointer.read_text()) if pointer.exists() else {}
    return {
        name: version for name, version in given.items() if champions(folder).get(name) != version
    }


def _point(pointer: Path, versions: dict[str, str]) -> None:
    part = pointer.with_suffix(".writing")
    part.write_text(json.dumps(versions, indent=1, sort_keys=True))
    part.replace(pointer)


def set_champion(folder: Path, name: str, version: str) -> None:
    _point(folder / CHAMPIONS, champions(folder) | {name: version})


def set_challenger(folder: Path, name: str, version: str) -> None:
    _point(folder / CHALLENGERS, challengers(folder) | {name: version})


def load(folder: Path, name: str, version: str | None = None) -> Released:
    """Load a release, the champion unless a version is named.

    Raises ArtefactRefused when a file does not match its digest, the catalogue has changed, or golden rows differ.
    """
    version = version or champions(folder).get(name)
    place = folder / name / str(version)
    if version is None or not (place / MANIFEST).exists():
        raise ArtefactRefused(
            f"{folder} has no released {name}. Run: steelyard train LAKE --models {folder}"
        )
    manifest = json.loads((place / MANIFEST).read_text())
    for file, expected in manifest["files"].items():
        found = digest_file(place / file) if (place / file).exists() else "no such file"
        if found != expected:
            raise ArtefactRefused(
                f"{place / file}: expected SHA-256 {expected}, found {found}. Restore the file, or train and release again."
            )
    model = BY_NAME[name]
    if manifest["signals"] != model.columns or manifest["catalogue_sha256"] != catalogue.digest():
        raise ArtefactRefused(
            f"{place}: it was trained on another catalogue of signals than this code computes. Train and release again."
        )
    given = json.loads((place / "peers.json").read_text()).values()
    earlier = {
        "compares with peers as they were before shares were shrunk": any(
            t["peers"] and "shrunk" not in t["peers"] for t in given
        ),
        "takes every operator that nobody accused for honest": isinstance(manifest["honest"], list),
        "does not say how far its trees may clear what no verdict showed them": any(
            "doubt" not in t for t in given
        ),
        "does not say what it adds for facts that are rare": any("rare" not in t for t in given),
    }
    for what, so in earlier.items():
        if so:
            raise ArtefactRefused(
                f"{place}: it is of an earlier version, which {what}. Train and release again."
            )
    trees = read_trees(
        {f: (place / f).read_text() for f in manifest["files"]},
        manifest["signals"],
        manifest["no_graph_signals"],
    )
    calibration = Calibration(
        tuple(manifest["calibration"]["raw"]), tuple(manifest["calibration"]["probability"])
    )
    released = Released(model, version, *trees, calibration, manifest)
    golden = json.loads((place / "golden.json").read_text())
    rows = np.array(
        [[np.nan if v is None else v for v in row] for row in golden["rows"]], dtype=float
    )
    if not np.array_equal(released.raw(rows), np.array(golden["raw"])):
        raise ArtefactRefused(
            f"{place}: golden rows are not reproduced bit for bit; the LightGBM here differs from the one that trained it."
        )
    return released
