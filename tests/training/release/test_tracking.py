"""MLflow keeps its store and its artefacts below the models folder."""

from __future__ import annotations

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
