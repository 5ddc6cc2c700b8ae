"""MLflow keeps its store and its artefacts below the models folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from training.release import tracking


def test_working_directory_stays_as_it_was(tmp_path, monkeypatch):
    """A run that logs an artefact writes below the models folder and nowhere else."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv(tracking.ARTIFACT_ROOT_VARIABLE, "")  # put back what start() sets
    work, models = tmp_path / "work", tmp_path / "models"
    work.mkdir()
    monkeypatch.chdir(work)
    mlflow = tracking.start(models)
    with mlflow.start_run():
        mlflow.log_dict({"a": 1}, "tables.json")
    assert not list(work.iterdir())
    assert [p.name for p in Path(models / "mlruns").rglob("tables.json")] == ["tables.json"]


def test_each_folder_of_models_has_its_own_store(tmp_path, monkeypatch):
    """Two folders in one process keep their runs apart, after the first is gone too.

    MLflow sets its own environment variable: the second folder wrote to the first one's store.
    """
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv(tracking.ARTIFACT_ROOT_VARIABLE, "")  # put back what start() sets
    for name in ("first", "second"):
        mlflow = tracking.start(tmp_path / name)
        mlflow.start_run(run_name=name)
        mlflow.end_run()
        assert [r.info.run_name for r in mlflow.search_runs(output_format="list")] == [name]
        shutil.rmtree(tmp_path / name)


def test_a_store_that_is_named_outside_serves_all_folders(tmp_path, monkeypatch):
    """`MLFLOW_TRACKING_URI` stays what the user set."""
    uri = f"sqlite:///{tmp_path / 'team.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    for name in ("first", "second"):
        tracking.start(tmp_path / name)
        assert os.environ["MLFLOW_TRACKING_URI"] == uri == tracking.tracking_uri(tmp_path / name)
