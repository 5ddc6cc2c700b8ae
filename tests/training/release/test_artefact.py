"""Releases carry their lineage, and a changed one is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data_contracts.contract import contract
from data_contracts.errors import ArtefactRefused
from data_contracts.parquet import digest_file
from training.models.registry import MODELS
from training.release.artefact import load
from training.release.serialisation import FORMAT
from training.release.store import champions, set_champion, version_of


def test_every_release_has_lineage_figures_of_controls_and_a_card(models):
    """Every release has lineage, figures of controls, and a card."""
    for name, version in champions(models).items():
        m = json.loads((models / name / version / "manifest.json").read_text())
        assert (
            m["run_id"]
            and m["revision"]
            and len(m["data_sha256"]) == 64
            and m["tables"]["outcomes"]["contract"] == contract("outcomes").version
        )
        card = (models / name / version / "card.md").read_text()
        assert "rules only" in card and "no graph" in card and m["run_id"] in card
        assert {"trees.json", "golden.json", "card.md"} < set(m["files"])
    assert set(champions(models)) == {m.name for m in MODELS}


def test_the_registry_names_the_champion_and_logs_the_data(models):
    """The registry names the champion and logs the data."""
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
    """Nothing released is a pickle."""
    for path in models.rglob("*"):
        assert path.suffix not in {".pkl", ".pickle", ".joblib", ".cloudpickle"}, path


@pytest.mark.parametrize(
    "file", ["model.0.fraud.txt", "no_graph.0.fraud.txt", "trees.json", "golden.json", "card.md"]
)
def test_a_changed_file_is_refused_before_it_is_parsed(models, tmp_path, file):
    """A changed file is refused before it is parsed."""
    copy = tmp_path / "models"
    shutil.copytree(models, copy, ignore=shutil.ignore_patterns("mlruns", "mlflow.db"))
    path = copy / "order_brushing" / champions(copy)["order_brushing"] / file
    text = path.read_text()
    path.write_text(text.replace("1", "2", 1) if "1" in text else text + " ")
    with pytest.raises(ArtefactRefused, match=f"{file}: expected SHA-256"):
        load(copy, "order_brushing")


def test_a_model_trained_on_another_catalogue_is_refused(models, tmp_path, monkeypatch):
    """A model trained on another catalogue is refused."""
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


def edited(copy: Path, change: Callable[[dict[str, Any]], dict[str, Any]], pin: bool) -> None:
    """Change the manifest of a champion; `pin` makes the pointer follow it."""
    version = champions(copy)["operator_rank"]
    path = copy / "operator_rank" / version / "manifest.json"
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    if pin:
        set_champion(copy, "operator_rank", version)


@pytest.fixture
def copy(models, tmp_path) -> Path:
    """Releases that a test may damage, with their manifests pinned."""
    to = tmp_path / "models"
    shutil.copytree(models, to, ignore=shutil.ignore_patterns("mlruns", "mlflow.db"))
    for name, version in champions(to).items():
        set_champion(to, name, version)
    return to


CHANGES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "calibration of 0": lambda m: (
        m
        | {"calibration": m["calibration"] | {"probability": [0.0] * len(m["calibration"]["raw"])}}
    ),
    "another order": lambda m: m | {"signals": m["signals"][::-1]},
    "no reference": lambda m: m | {"reference_set": {"raw": [], "weight": []}},
    "files left out": lambda m: (
        m | {"files": {n: d for n, d in m["files"].items() if n != "golden.json"}}
    ),
    "another name": lambda m: m | {"name": "order_brushing"},
    "another version": lambda m: m | {"version": "0" * 12},
}


@pytest.mark.parametrize("pin", [False, True])
@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_manifest_is_refused(copy, change, pin):
    """The version is computed again from what decides scores, whatever the pointer says."""
    edited(copy, CHANGES[change], pin)
    with pytest.raises(ArtefactRefused, match=r"pointer names|has version .* is expected"):
        load(copy, "operator_rank")


def test_an_edited_lineage_is_refused_by_the_pointer(copy):
    """What decides no score is in no version; the pointer has the digest of the whole manifest."""
    edited(copy, lambda m: m | {"run_id": "mine"}, pin=False)
    with pytest.raises(ArtefactRefused, match="the pointer names SHA-256"):
        load(copy, "operator_rank")


def test_files_and_releases_that_are_swapped_are_refused(copy):
    """A file of another release, and a release in another one's place."""
    versions = champions(copy)
    rank, brushing = (copy / n / versions[n] for n in ("operator_rank", "order_brushing"))
    kept = (rank / "trees.json").read_bytes()
    shutil.copyfile(brushing / "trees.json", rank / "trees.json")
    with pytest.raises(ArtefactRefused, match=r"trees\.json: expected SHA-256"):
        load(copy, "operator_rank")
    (rank / "trees.json").write_bytes(kept)
    load(copy, "operator_rank")
    shutil.rmtree(rank)
    shutil.copytree(brushing, rank)
    with pytest.raises(ArtefactRefused, match=r"edited or moved|the pointer names SHA-256"):
        load(copy, "operator_rank", versions["operator_rank"])


def test_a_release_whose_digests_were_made_anew_is_still_validated(copy):
    """A model text that fits every digest but is none of LightGBM's does not reach its parser."""
    version = champions(copy)["operator_rank"]
    place = copy / "operator_rank" / version
    text = (place / "model.0.fraud.txt").read_text()
    (place / "model.0.fraud.txt").write_text(text.replace("left_child=1", "left_child=900", 1))
    manifest = json.loads((place / "manifest.json").read_text())
    manifest["files"]["model.0.fraud.txt"] = digest_file(place / "model.0.fraud.txt")
    manifest["version"] = version_of(manifest)
    (place / "manifest.json").write_text(json.dumps(manifest))
    place.rename(place.with_name(manifest["version"]))
    set_champion(copy, "operator_rank", manifest["version"])
    with pytest.raises(ArtefactRefused, match="no model text that LightGBM wrote"):
        load(copy, "operator_rank")


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"operator_rank": {}}', '{"operator_rank": 7}', '{"operator_rank": ".."}']
)
def test_a_broken_pointer_is_refused_in_words(copy, text):
    """The message names the file and says how to mend it."""
    (copy / "champions.json").write_text(text)
    with pytest.raises(ArtefactRefused, match=r"champions\.json.*train again"):
        load(copy, "operator_rank")


def test_an_absent_release_says_how_to_make_one(tmp_path):
    """A missing release is answered with how to make one."""
    with pytest.raises(ArtefactRefused, match="steelyard train"):
        load(tmp_path, "order_brushing")
