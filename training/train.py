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
from data_contracts.errors import ArtefactRefused
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.parquet import digest_file
from features import catalogue
from features.declaration import OPERATOR
from features.engine.snapshot import Snapshot
from training.dataset.distillation import unjudged
from training.dataset.replay import Fortnights, build, tied_operators
from training.declaration import FITTING, Model
from training.estimator.ensemble import Trees
from training.fitting import Fitted, fit
from training.models.registry import MODELS
from training.release import artefact, tracking
from training.release.code_version import revision
from training.release.model_card import card

GOLDEN = 20


@dataclass(frozen=True)
class Trained:
    """What became of one model."""

    name: str
    version: str
    run_id: str
    champion: bool
    fitted: Fitted


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
    return hashlib.sha256(json.dumps(tables, sort_keys=True).encode()).hexdigest()


def _facts(
    lake: Lake, until: datetime, model: Model, tables: dict[str, dict[str, str]]
) -> dict[str, Any]:
    return {
        "lake": str(lake),
        "until": until.isoformat(),
        "tables": tables,
        "data_sha256": data_digest(tables),
        "catalogue_sha256": catalogue.digest(),
        "revision": revision(),
        "parameters": FITTING | model.parameters | {"rounds": model.rounds},
    }


def _golden(fitted: Fitted, trees: Trees) -> str:
    """Rows with the raw scores that any later loading must reproduce bit for bit."""
    step = max(1, len(fitted.dataset) // GOLDEN)
    rows = fitted.dataset.signals[trees.columns].to_numpy()[::step][:GOLDEN]
    raw = trees.raw(rows)
    return json.dumps(
        {
            "rows": [[None if np.isnan(v) else float(v) for v in row] for row in rows],
            "raw": list(map(float, raw)),
        }
    )


def _teacher(model: Model, done: list[Trained], models: Path) -> Fitted | artefact.Released | None:
    """Who teaches a model beside the verdicts: the one that was just fitted, else the one in service, else (or if that is refused) nobody."""
    if model.teacher is None:
        return None
    for t in done:
        if t.name == model.teacher:
            return t.fitted
    try:
        return artefact.load(models, model.teacher)
    except ArtefactRefused:
        return None


def train(
    lake: LakeOrFolder,
    models: Path,
    until: datetime,
    names: Iterable[str] | None = None,
    promote: bool = False,
    progress: Callable[[str], None] = lambda text: None,
) -> list[Trained]:
    """Train models on the outcomes known at `until`. The first release of a model is champion, as is any with `promote` (for
    experiments); a later one is challenger until it passes its gate (`promote.py`)."""
    lake = Lake.open(lake)
    wanted = [m for m in MODELS if names is None or m.name in set(names)]
    done: list[Trained] = []
    store, fortnights = None, Fortnights()
    progress("operators tied by rings")
    groups = tied_operators(Snapshot.open(lake, until))
    tables = table_digests(lake)
    for model in wanted:
        data = build(lake, model, until, groups, progress, fortnights)
        progress(f"{model.name}: fitting on {len(data)} verdicts")
        also, teacher = None, _teacher(model, done, models)
        if teacher is not None and len(data):
            also = unjudged(
                lake,
                model,
                data,
                teacher.trees,
                teacher.calibration,
                until,
                groups,
                progress,
                fortnights,
            )
        fitted = fit(model, data, also)
        store = store or tracking.start(models)
        facts = _facts(lake, until, model, tables)
        progress(f"{model.name}: logging")
        run_id = tracking.open_run(store, fitted, facts)
        texts = artefact.text_of(fitted.trees, fitted.no_graph)
        trees, no_graph = artefact.read_trees(texts, fitted.trees.columns, fitted.no_graph.columns)
        text = card(fitted, facts | {"run_id": run_id, "gain": trees.gain()})
        version = artefact.write_release(
            models,
            texts | {"golden.json": _golden(fitted, trees), artefact.CARD: text},
            {
                "name": model.name,
                "entity": model.entity,
                "signals": trees.columns,
                "no_graph_signals": no_graph.columns,
                "honest": artefact.as_json(fitted.honest),
                "calibration_rows": fitted.calibrated_on if model.entity == OPERATOR else {},
                "calibration": {
                    "raw": fitted.calibration.raw,
                    "probability": fitted.calibration.probability,
                },
                "catalogue_sha256": facts["catalogue_sha256"],
                "data_sha256": facts["data_sha256"],
                "tables": facts["tables"],
                "run_id": run_id,
                "tracking": "MLflow experiment steelyard",
                "revision": facts["revision"],
                "until": facts["until"],
                "lightgbm": lgb.__version__,
                "counts": {k: (v if np.isfinite(v) else None) for k, v in fitted.counts.items()},
                "figures": {
                    k: [f.value, f.low, f.high]
                    for k, f in fitted.figures.items()
                    if np.isfinite(f.value)
                },
            },
        )
        place = models / model.name / version
        champion = promote or model.name not in artefact.champions(models)
        tracking.close_run(store, fitted, place, version, champion)
        if champion:
            artefact.set_champion(models, model.name, version)
        else:
            artefact.set_challenger(models, model.name, version)
        done.append(Trained(model.name, version, run_id, champion, fitted))
    return done
