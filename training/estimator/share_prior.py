"""The released share models: false shares of sessions' figures, learned on simulated families.

They lie beside the prior as LightGBM's text and JSON, and are verified in the same way. A platform
has no truth of its own that could teach them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np

from data_contracts.errors import ArtefactRefused, LakeProblem
from data_contracts.parquet import digest_file
from data_contracts.verification.json_file import read_json_object
from features.catalogue import signals_named
from features.former_names import BY_ANY_NAME, current_name
from features.peers.comparison import input_constraints
from training.estimator import share_bands
from training.estimator.calibration import Calibration
from training.estimator.log_odds import sigmoid
from training.estimator.model_text import booster_of
from training.estimator.prior import FOLDER as PRIOR_FOLDER
from training.estimator.prior import folder_in_force
from training.estimator.share_bands import ShareBands
from training.estimator.tree_kernel import Forest, forest_of

FOLDER = PRIOR_FOLDER / "shares"
MANIFEST = "shares.json"
FORMAT = 1
MEND = "Install the package again."
MEASURES = ("views", "likes", "follows")
BOOSTERS = ("inflated", "share")


@dataclass(frozen=True)
class ShareModel:
    """Models of one figure.

    Parameters
    ----------
    inflated
        Booster of the log-odds that the figure is inflated.
    share
        Booster of the median false share of inflated ones.
    calibration
        From log-odds to probabilities, on families left out.
    bands
        Bands by entity kind: of sessions by probability, of totals by `total_score`.
    """

    inflated: lgb.Booster
    share: lgb.Booster
    calibration: Calibration
    bands: dict[str, ShareBands]
    forests: tuple[Forest, Forest] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "forests", (forest_of(self.inflated), forest_of(self.share)))

    def predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Probability of inflation and median share of inflated ones, shape (n,) each.

        `x` are inputs of a comparison, shape (n, inputs).
        """
        z, share = (forest.raw(x)[:, 0] for forest in self.forests)
        return self.calibration(z), np.clip(share, 0.0, 1.0)


@dataclass(frozen=True)
class OrderShares:
    """What is taken from orders: those from a probability on, with bands of their totals."""

    from_probability: float
    bands: dict[str, ShareBands]


@dataclass(frozen=True)
class SharePrior:
    """Share models with the signals that they read.

    Parameters
    ----------
    columns, size_signals
        Signals, and those by which peers are of a like size.
    models
        Models by measure of sessions; measures that no family shows are missing.
    orders
        What is taken from orders; None where no family shows orders.
    said
        What else the manifest says, such as families and figures.
    version
        A digest of the manifest, which names the digests of all files.
    """

    columns: list[str]
    size_signals: tuple[str, ...]
    models: dict[str, ShareModel]
    orders: OrderShares | None
    said: dict[str, Any] = field(default_factory=dict)
    version: str = ""


def load_share_prior(folder: Path | None = None) -> SharePrior | None:
    """The released share models; None where none are released.

    Without a folder they are those of the prior in force.

    Raises
    ------
    ArtefactRefused
        A file does not match its digest, or the catalogue no longer has a signal.
    """
    return read_share_prior(folder or folder_in_force() / FOLDER.name)


@cache
def read_share_prior(folder: Path) -> SharePrior | None:
    """The share models of a folder, read once."""
    path = folder / MANIFEST
    if not path.exists():
        return None
    try:
        whole = read_json_object(path, MEND)
        return _read(folder, whole)
    except LakeProblem as error:
        raise ArtefactRefused(str(error)) from error
    except (LookupError, TypeError, ValueError, AttributeError, OSError) as error:
        raise ArtefactRefused(
            f"{path}: it is no manifest of share models ({error!r}). {MEND}"
        ) from error


def _read(folder: Path, whole: dict[str, Any]) -> SharePrior:
    """Share models of a manifest, verified."""
    path = folder / MANIFEST
    if whole.get("format") != FORMAT:
        raise ArtefactRefused(
            f"{path}: it has format {whole.get('format')}, and this code reads format {FORMAT}. "
            f"{MEND}"
        )
    body = {k: v for k, v in whole.items() if k != "sha256"}
    digest = hashlib.sha256(_text(body).encode()).hexdigest()
    if whole.get("sha256", digest) != digest:
        raise ArtefactRefused(f"{path}: it does not fit its own digest: it was edited. {MEND}")
    lost = [name for name in whole["signals"] if name not in BY_ANY_NAME]
    if lost:
        raise ArtefactRefused(
            f"{folder}: the share models read signals that the catalogue no longer has: "
            f"{', '.join(lost)}. Learn them again: make prior"
        )
    for file, expected in whole["files"].items():
        found = digest_file(folder / file) if (folder / file).exists() else "no such file"
        if found != expected:
            raise ArtefactRefused(
                f"{folder / file}: expected SHA-256 {expected}, found {found}. {MEND}"
            )
    columns = [current_name(n) for n in whole["signals"]]
    models = {
        name: ShareModel(
            _booster(folder / _file(name, "inflated"), columns),
            _booster(folder / _file(name, "share"), columns),
            Calibration(*(tuple(given["calibration"][k]) for k in ("raw", "probability"))),
            _bands(given["bands"]),
        )
        for name, given in whole["models"].items()
    }
    orders = whole["orders"]
    return SharePrior(
        columns,
        tuple(whole["size_signals"]),
        models,
        orders and OrderShares(orders["from_probability"], _bands(orders["bands"])),
        whole["said"],
        f"shares-{digest[:12]}",
    )


def _booster(path: Path, columns: list[str]) -> lgb.Booster:
    """Booster of a file that reads the comparison of these signals."""
    booster = booster_of(path.read_text("utf-8"), path)
    if booster.num_feature() != len(input_constraints(signals_named(columns))):
        raise ArtefactRefused(f"{path}: it reads other inputs than its manifest names. {MEND}")
    return booster


def _text(body: dict[str, Any]) -> str:
    return json.dumps(body, indent=1, sort_keys=True) + "\n"


def write_share_prior(folder: Path, prior: SharePrior) -> None:
    """Write share models as text with digests; files of the folder are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.txt"):
        path.unlink()
    files = {}
    for name, model in prior.models.items():
        for kind in BOOSTERS:
            text = getattr(model, kind).model_to_string()
            (folder / _file(name, kind)).write_text(text, "utf-8")
            files[_file(name, kind)] = hashlib.sha256(text.encode()).hexdigest()
    orders = prior.orders
    whole = {
        "format": FORMAT,
        "signals": prior.columns,
        "size_signals": list(prior.size_signals),
        "files": files,
        "models": {
            name: {
                "calibration": {
                    "raw": model.calibration.raw,
                    "probability": model.calibration.probability,
                },
                "bands": {kind: bands.as_json() for kind, bands in model.bands.items()},
            }
            for name, model in prior.models.items()
        },
        "orders": orders
        and {
            "from_probability": orders.from_probability,
            "bands": {kind: bands.as_json() for kind, bands in orders.bands.items()},
        },
        "said": prior.said,
    }
    sealed = whole | {"sha256": hashlib.sha256(_text(whole).encode()).hexdigest()}
    (folder / MANIFEST).write_text(_text(sealed), "utf-8")


def pooled_probability(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Logarithmic pool of two probabilities with equal weights (Genest and Zidek 1986)."""
    p, q = (np.clip(x, 1e-6, 1.0 - 1e-6) for x in (first, second))
    return sigmoid((np.log(p / (1.0 - p)) + np.log(q / (1.0 - q))) / 2.0)


def _bands(given: dict[str, Any]) -> dict[str, ShareBands]:
    return {kind: share_bands.from_json(bands) for kind, bands in given.items()}


def _file(measure: str, booster: str) -> str:
    return f"{measure}.{booster}.txt"
