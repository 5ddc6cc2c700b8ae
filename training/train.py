"""Train, evaluate, log and release models from a lake."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np

from data_contracts.contract import contract
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.parquet import digest_file
from features import catalogue
from features.declaration import OPERATOR, ORDER, VIEW
from features.engine.snapshot import Snapshot
from training.dataset.appeal_labels import failed_reasons
from training.dataset.operator_groups import operator_groups
from training.dataset.replay import Replay, replay_dataset
from training.declaration import FITTING, ROUNDS, Model
from training.estimator.combination import Combination
from training.fitting.fit import Fitted, TooFewLabels, fit
from training.models.registry import MODELS
from training.release import store, tracking
from training.release.code_version import revision
from training.release.model_card import card
from training.release.serialisation import read_trees, reference_as_json, release_texts

GOLDEN_ROWS = 20  # whose raw scores a release must reproduce bit for bit


@dataclass(frozen=True)
class Trained:
    """One trained model: its release, its MLflow run, and whether it went into service."""

    name: str
    version: str
    run_id: str
    champion: bool
    fitted: Fitted


@dataclass(frozen=True)
class LeftOut:
    """A model that was not trained, and why."""

    name: str
    why: str


def missing_table(model: Model, tables: Iterable[str]) -> str | None:
    """The table without which a model has nothing to learn from, None where it is there."""
    delivered = set(tables)
    minutes = {"room_minutes", "views"} & delivered  # minutes are made from views
    if model.entity == ORDER:
        return None if "orders" in delivered else "orders"
    if model.entity == OPERATOR:
        return None if {"sessions", "orders"} & delivered else "sessions or orders"
    if "sessions" not in delivered:
        return "sessions"
    if model.entity == VIEW and "views" not in delivered:
        return "views"
    if model.live and not minutes:
        return "room_minutes"
    return None


def table_digests(lake: Lake) -> dict[str, dict[str, str]]:
    """Contract version and SHA-256 over the files of each delivered table."""
    out = {}
    for name in lake.delivered():
        whole = hashlib.sha256()
        for path in lake.files(name):
            whole.update(f"{lake.relative(path)} {digest_file(path)}\n".encode())
        out[name] = {"contract": contract(name).version, "sha256": whole.hexdigest()}
    return out


def data_digest(tables: dict[str, dict[str, str]]) -> str:
    """SHA-256 over the digests of all tables."""
    return hashlib.sha256(json.dumps(tables, sort_keys=True).encode()).hexdigest()


def _lineage(
    lake: Lake, until: datetime, model: Model, tables: dict[str, dict[str, str]]
) -> dict[str, Any]:
    """Where a release comes from: data, code and parameters."""
    return {
        "lake": str(lake),
        "until": until.isoformat(),
        "tables": tables,
        "data_sha256": data_digest(tables),
        "catalogue_sha256": catalogue.digest(),
        "revision": revision(),
        "parameters": FITTING | model.parameters | {"rounds": ROUNDS},
    }


def _golden(fitted: Fitted, trees: Combination) -> str:
    """Rows with the raw scores that any later loading must reproduce bit for bit."""
    step = max(1, len(fitted.dataset) // GOLDEN_ROWS)
    rows = fitted.dataset.signals[trees.columns].to_numpy()[::step][:GOLDEN_ROWS]
    raw = trees.raw(rows)
    return json.dumps(
        {
            "rows": [[None if np.isnan(v) else float(v) for v in row] for row in rows],
            "raw": list(map(float, raw)),
        }
    )


def _manifest(
    fitted: Fitted, trees: Combination, no_graph: Combination, lineage: dict[str, Any]
) -> dict[str, Any]:
    """Manifest of a release, without what `write_release` adds."""
    model = fitted.model
    return {
        "name": model.name,
        "entity": model.entity,
        "signals": trees.columns,
        "hidden_without_graph": list(no_graph.hidden),
        "prior": fitted.prior_version,
        "reference_set": reference_as_json(fitted.reference),
        "calibration_rows": fitted.calibrated_on if model.entity == OPERATOR else {},
        "calibration": {
            "raw": fitted.calibration.raw,
            "probability": fitted.calibration.probability,
        },
        **{k: lineage[k] for k in ("catalogue_sha256", "data_sha256", "tables", "run_id")},
        "tracking": "MLflow experiment steelyard",
        **{k: lineage[k] for k in ("revision", "until")},
        "lightgbm": lgb.__version__,
        "counts": {k: (v if np.isfinite(v) else None) for k, v in fitted.counts.items()},
        "figures": {
            k: [f.value, f.low, f.high] for k, f in fitted.figures.items() if np.isfinite(f.value)
        },
    }


def _release(
    models: Path, fitted: Fitted, lineage: dict[str, Any], promote: bool, mlflow: Any
) -> Trained:
    """Log and write one fitted model, and put it into service or in waiting."""
    name = fitted.model.name
    run_id = tracking.open_run(mlflow, fitted, lineage)
    lineage = lineage | {"run_id": run_id}
    texts = release_texts(fitted.trees, fitted.no_graph)
    trees, no_graph = read_trees(texts)
    texts |= {
        "golden.json": _golden(fitted, trees),
        store.CARD: card(fitted, lineage | {"gain": trees.gain()}),
    }
    version = store.write_release(models, texts, _manifest(fitted, trees, no_graph, lineage))
    if not promote and name not in store.champions(models):
        store.set_champion(models, name, store.SHIPPED_PRIOR)
    tracking.close_run(mlflow, fitted, models / name / version, version, promote)
    (store.set_champion if promote else store.set_challenger)(models, name, version)
    in_service = store.champions(models)[name] == version
    return Trained(name, version, run_id, in_service, fitted)


def train(
    lake: LakeOrFolder,
    models: Path,
    until: datetime,
    names: Iterable[str] | None = None,
    promote: bool = False,
    progress: Callable[[str], None] = lambda _text: None,
    leave_out: Callable[[LeftOut], None] = lambda _model: None,
) -> list[Trained]:
    """Train models on the outcomes known at a moment, and release them.

    What the lake does not allow is left out, unless it is asked for by name.
    Every release waits for its promotion (`training/promote.py`). Until the first one is promoted,
    the shipped prior is in service (ADR-0300).

    Parameters
    ----------
    lake
        The lake, or its folder.
    models
        Folder of releases.
    until
        Moment up to which rows are known.
    names
        Models to train; all when none are given.
    promote
        Put every release into service at once, unjudged; for experiments.
    progress
        Called with what is being done.
    leave_out
        Called with each model that is left out.

    Raises
    ------
    TooFewLabels
        No model can be trained, or one that is named cannot; each is listed with its reason.
    """
    lake = Lake.open(lake)
    wanted = [m for m in MODELS if names is None or m.name in set(names)]
    done: list[Trained] = []
    passed_over: list[LeftOut] = []
    mlflow = None
    known = Snapshot.open(lake, until)
    progress("operators tied by rings")
    groups = operator_groups(known)
    replay, tables = Replay(lake, until, groups, progress), table_digests(lake)
    for model in wanted:
        if table := missing_table(model, known):
            passed_over.append(LeftOut(model.name, f"{model.name}: the lake has no {table}"))
            continue
        data = replay_dataset(replay, model)
        progress(f"{model.name}: fitting on {len(data)} verdicts")
        try:
            fitted = fit(model, data)
        except TooFewLabels as few:
            passed_over.append(LeftOut(model.name, str(few)))
            continue
        mlflow = mlflow or tracking.start(models)
        progress(f"{model.name}: logging")
        lineage = _lineage(lake, until, model, tables)
        lineage |= {"overturned": failed_reasons(lake, model, until)}
        done.append(_release(models, fitted, lineage, promote, mlflow))
    if passed_over and (names is not None or not done):
        raise TooFewLabels("\n  ".join(["nothing to train on", *(m.why for m in passed_over)]))
    for model_left_out in passed_over:
        leave_out(model_left_out)
    return done
