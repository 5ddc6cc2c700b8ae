"""Releases carry their lineage, and a changed one is refused."""

from __future__ import annotations

import json
import shutil

import pytest

from data_contracts.errors import ArtefactRefused
from training.models.registry import MODELS
from training.release.artefact import load
from training.release.serialisation import FORMAT
from training.release.store import champions


def test_every_release_has_lineage_figures_of_controls_and_a_card(models):
    for name, version in champions(models).items():
        m = json.loads((models / name / version / "manifest.json").read_text())
        assert (
            m["run_id"]
            and m["revision"]
            and len(m["data_sha256"]) == 64
            and m["tables"]["outcomes"]["contract"] == "1.0.0"
        )
        card = (models / name / version / "card.md").read_text()
        assert "rules only" in card and "no graph" in card and m["run_id"] in card
        assert {"trees.json", "golden.json", "card.md"} < set(m["files"])
    assert set(champions(models)) == {m.name for m in MODELS}


def test_the_registry_names_the_champion_and_logs_the_data(models):
    from training.release.tracking import start

    mlflow = start(models)
    client = mlflow.MlflowClient()
    version = champions(models)["order_brushing"]
    number = client.get_model_version_by_alias("order_brushing", "champion")
    assert number.tags["release"] == version
    run = client.get_run(number.run_id)
    manifest = json.loads((models / "order_brushing" / version / "manifest.json").read_text())
    assert (
        run.info.run_id == manifest["run_id"]
        and run.data.tags["data_sha256"] == manifest["data_sha256"]
    )
    assert run.inputs.dataset_inputs[0].dataset.digest == manifest["data_sha256"][:32]


def test_nothing_released_is_a_pickle(models):
    for path in models.rglob("*"):
        assert path.suffix not in {".pkl", ".pickle", ".joblib", ".cloudpickle"}, path


@pytest.mark.parametrize(
    "file", ["model.0.fraud.txt", "no_graph.0.fraud.txt", "trees.json", "golden.json", "card.md"]
)
def test_a_changed_file_is_refused_before_it_is_parsed(models, tmp_path, file):
    copy = tmp_path / "models"
    shutil.copytree(models, copy, ignore=shutil.ignore_patterns("mlruns", "mlflow.db"))
    path = copy / "order_brushing" / champions(copy)["order_brushing"] / file
    text = path.read_text()
    path.write_text(text.replace("1", "2", 1) if "1" in text else text + " ")
    with pytest.raises(ArtefactRefused, match=f"{file}: expected SHA-256"):
        load(copy, "order_brushing")


def test_a_model_trained_on_another_catalogue_is_refused(models, tmp_path, monkeypatch):
    from features import catalogue

    monkeypatch.setattr(catalogue, "digest", lambda: "0" * 64)
    with pytest.raises(ArtefactRefused, match="another catalogue"):
        load(models, "order_brushing")


@pytest.mark.parametrize("written", [None, 1, 2])
def test_a_release_of_another_format_is_refused(models, tmp_path, written):
    """Its files mean another thing to this code, so the message says to train again."""
    copy = tmp_path / "models"
    shutil.copytree(models, copy, ignore=shutil.ignore_patterns("mlruns", "mlflow.db"))
    path = copy / "operator_rank" / champions(copy)["operator_rank"] / "manifest.json"
    manifest = json.loads(path.read_text())
    assert manifest.pop("format") == FORMAT
    path.write_text(json.dumps(manifest | ({"format": written} if written else {})))
    found = f"release format {written or 1}, and this code reads format {FORMAT}"
    with pytest.raises(ArtefactRefused, match=rf"{found}\. Train and release again"):
        load(copy, "operator_rank")


def test_an_absent_release_says_how_to_make_one(tmp_path):
    with pytest.raises(ArtefactRefused, match="steelyard train"):
        load(tmp_path, "order_brushing")
