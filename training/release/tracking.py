"""MLflow tracking and registry. No other file imports MLflow, and no server imports this file.

MLflow takes seconds to import, so functions import it when they need it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from training.fitting.fit import Fitted

ARTIFACT_ROOT_VARIABLE = "_MLFLOW_SERVER_ARTIFACT_ROOT"
URI_VARIABLE = "MLFLOW_TRACKING_URI"


def tracking_uri(models: Path) -> str:
    """`MLFLOW_TRACKING_URI` where set, else a SQLite file in the models' folder."""
    return os.environ.get(URI_VARIABLE) or f"sqlite:///{(models / 'mlflow.db').resolve()}"


def start(models: Path) -> Any:
    """Import MLflow, point it at its store, and switch its telemetry off."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    import logging

    for name in ("alembic", "mlflow"):
        logging.getLogger(name).setLevel(logging.WARNING)
    import mlflow

    models.mkdir(parents=True, exist_ok=True)
    local, given = None, os.environ.get(URI_VARIABLE)
    if not given:
        local = (models / "mlruns").resolve().as_uri()
        # MLflow makes ./mlruns in the working directory unless this names another root.
        os.environ[ARTIFACT_ROOT_VARIABLE] = local
    mlflow.set_tracking_uri(tracking_uri(models))
    if not given:
        # MLflow sets it, and the next folder of models in this process would write to this store.
        os.environ.pop(URI_VARIABLE, None)
    if mlflow.get_experiment_by_name("steelyard") is None:
        mlflow.create_experiment("steelyard", artifact_location=local)
    mlflow.set_experiment("steelyard")
    return mlflow


def open_run(mlflow: Any, fitted: Fitted, lineage: dict[str, Any]) -> str:
    """Start a run, and log parameters, figures and the dataset with its digest.

    Returns
    -------
    str
        The run's id.
    """
    run = mlflow.start_run(run_name=fitted.model.name)
    mlflow.set_tags(
        {
            "code_revision": lineage["revision"],
            "catalogue_sha256": lineage["catalogue_sha256"],
            "data_sha256": lineage["data_sha256"],
            "until": lineage["until"],
        }
    )
    mlflow.log_params({"signals": len(fitted.trees.columns), **lineage["parameters"]})
    mlflow.log_dict(lineage["tables"], "tables.json")
    for name, figure in fitted.figures.items():
        if np.isfinite(figure.value):
            mlflow.log_metrics(
                {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
            )
    mlflow.log_metrics(
        {"ece_in_sample": fitted.ece, **{k: v for k, v in fitted.counts.items() if np.isfinite(v)}}
    )
    frame = fitted.dataset.signals.assign(
        confirmed=fitted.dataset.labels["confirmed"].astype(float)
    )
    data = mlflow.data.from_pandas(
        frame,
        source=lineage["lake"],
        name=f"{fitted.model.name}-verdicts",
        targets="confirmed",
        digest=lineage["data_sha256"][:32],
    )
    mlflow.log_input(data, context="training")
    return run.info.run_id


def close_run(mlflow: Any, fitted: Fitted, release: Path, version: str, champion: bool) -> None:
    """Log the newest booster and the release's files, register the version and set its aliases."""
    from mlflow.models import infer_signature

    trees = fitted.trees
    inputs = trees.inputs(fitted.dataset.signals[trees.columns].head(5).to_numpy(dtype="float64"))
    booster = trees.stages[-1].boosters[0]
    example = pd.DataFrame(inputs, columns=[f"input_{i}" for i in range(inputs.shape[1])])
    signature = infer_signature(example, booster.predict(inputs, num_threads=1))
    if signature is None:
        raise RuntimeError(f"{fitted.model.name}: MLflow inferred no signature")
    info = mlflow.lightgbm.log_model(
        booster,
        name=fitted.model.name,
        registered_model_name=fitted.model.name,
        signature=signature,
        pip_requirements=[f"lightgbm=={lgb.__version__}"],
    )
    for path in sorted(release.iterdir()):
        mlflow.log_artifact(str(path), "release")
    client = mlflow.MlflowClient()
    number = str(info.registered_model_version)
    client.set_model_version_tag(fitted.model.name, number, "release", version)
    client.set_registered_model_alias(fitted.model.name, "challenger", number)
    if champion:
        client.set_registered_model_alias(fitted.model.name, "champion", number)
    mlflow.end_run()


def checkpoint(models: Path, night: str, head: str) -> None:
    """Keep the head of a night's chain of decisions outside the lake, as an experiment's tag."""
    mlflow = start(models)
    mlflow.set_experiment_tag(f"head.{night}", head)


def checkpoints(models: Path) -> dict[str, str]:
    """Night → head of the chain of decisions, as `checkpoint` kept it."""
    mlflow = start(models)
    tags = mlflow.get_experiment_by_name("steelyard").tags
    return {k.removeprefix("head."): v for k, v in tags.items() if k.startswith("head.")}


def promoted(models: Path, name: str, version: str) -> None:
    """Move the registry's alias `champion` to a release."""
    mlflow = start(models)
    client = mlflow.MlflowClient()
    for found in client.search_model_versions(f"name = '{name}'"):
        if found.tags.get("release") == version:
            client.set_registered_model_alias(name, "champion", found.version)
            return
