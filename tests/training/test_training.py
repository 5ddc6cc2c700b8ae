"""Labels, splits, calibration, releases."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from data_contracts.errors import ArtefactRefused
from features.engine.snapshot import Snapshot
from tests.conftest import UNTIL
from training.dataset import splits
from training.dataset.frame import Dataset
from training.dataset.labels import prevalence, verdicts, weights
from training.dataset.sampling import sample_views
from training.dataset.view_labels import impute_view_labels
from training.declaration import Model
from training.estimator.calibration import isotonic
from training.fitting.cross_fitting import with_view_labels
from training.fitting.fit import TooFewLabels, fit
from training.fitting.trees import fit_trees
from training.models.registry import BY_NAME, MODELS
from training.release.artefact import load
from training.release.serialisation import FORMAT
from training.release.store import champions


def outcome(entity, verdict, day, source="patrol", received=None):
    at = pd.Timestamp("2026-01-01") + pd.Timedelta(days=day)
    return {
        "entity_kind": "order",
        "entity_id": entity,
        "typology": "order_fraud",
        "verdict": verdict,
        "decided_at": at,
        "source": source,
        "received_at": received or at,
    }


def test_an_appeal_that_overturns_is_the_label():
    rows = pd.DataFrame(
        [
            outcome("r1", "confirmed", 1),
            outcome("r1", "cleared", 3, "appeal"),
            outcome("r2", "confirmed", 1, "random_audit"),
        ]
    )
    found = verdicts(Snapshot.from_frames({"outcomes": rows}), "order", ("order_fraud",))
    assert found["confirmed"].to_dict() == {"r1": 0, "r2": 1} and found["audited"].to_dict() == {
        "r1": False,
        "r2": True,
    }


def test_a_verdict_that_has_not_matured_is_no_label(tiny):
    early, late = (
        verdicts(Snapshot.open(tiny, d), "order", ("order_fraud",))
        for d in (UNTIL - timedelta(days=8), UNTIL)
    )
    assert 0 < len(early) < len(late)


def test_weights_bring_the_sample_to_the_audited_prevalence():
    labels = pd.DataFrame(
        {"confirmed": [1] * 50 + [0] * 50 + [1] + [0] * 17, "audited": [False] * 100 + [True] * 18}
    )
    w = weights(labels)
    assert prevalence(labels) == pytest.approx(2 / 20)
    assert np.average(labels["confirmed"], weights=w) == pytest.approx(prevalence(labels))


def test_no_group_and_no_moment_is_on_both_sides_of_a_split():
    rng = np.random.default_rng(1)
    received = pd.Series(
        pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.uniform(0, 28, 2000), unit="D")
    )
    group = pd.Series([f"g{i}" for i in rng.integers(0, 80, 2000)])
    split = splits.forward(received, group)
    assert split.train.any() and split.test.any()
    assert not set(group[split.train]) & set(group[split.test])
    assert received[split.test].min() - received[split.train].max() > splits.GAP


def test_calibration_is_monotone_and_gives_the_frequency():
    rng = np.random.default_rng(2)
    raw = rng.normal(0, 2, 4000)
    truth = (rng.random(4000) < 1 / (1 + np.exp(-raw))).astype(int)
    c = isotonic(raw, truth, np.ones(4000))
    grid = c(np.linspace(-6, 6, 100))
    assert (np.diff(grid) >= 0).all() and c(np.array([0.0]))[0] == pytest.approx(0.5, abs=0.08)


def test_close_scores_have_close_probabilities():
    """Scores that differ in their last bits have the same probability, or nearly.

    Steps would give the two sides of an edge probabilities that lie far apart.
    """
    rng = np.random.default_rng(9)
    raw = np.sort(rng.normal(0, 2, 600))
    truth = rng.random(600) < 1 / (1 + np.exp(-2 * raw))
    c = isotonic(raw, truth.astype(float), np.ones(600))
    assert np.abs(c(raw + 1e-9) - c(raw)).max() < 1e-6
    shifted = isotonic(raw + rng.normal(0, 1e-9, 600), truth.astype(float), np.ones(600))
    assert np.abs(shifted(raw) - c(raw)).max() < 1e-6
    assert len(c.raw) == len(set(c.probability)) < 60 and (np.diff(c.raw) > 0).all()


def test_too_few_verdicts_are_refused_with_the_count():
    model = BY_NAME["order_brushing"]
    empty = Dataset(
        pd.DataFrame(np.zeros((5, len(model.columns))), columns=model.columns),
        pd.DataFrame({"confirmed": [1, 0, 0, 0, 0], "audited": False, "typology": "order_fraud"}),
        pd.Series([pd.Timestamp("2026-01-01")] * 5),
        pd.Series(list("abcde")),
        pd.Series([datetime(2026, 1, 1)] * 5),
    )
    with pytest.raises(TooFewLabels, match="1 confirmed and 4 cleared"):
        fit(model, empty)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_model_lists_signals_of_its_entity(model: Model):
    """A model lists signals of its own entity and has a control without graphs."""
    assert {s.entity for s in model.signals} == {model.entity}
    assert len(set(model.columns)) == len(model.columns)
    graph = [s.name for s in model.signals if s.graph]
    assert set(model.columns_without_graph()) == set(model.columns) - set(graph)


def test_more_of_a_suspicious_signal_never_lowers_the_score():
    model = BY_NAME["order_brushing"]
    rng = np.random.default_rng(3)
    n = 600
    signals = pd.DataFrame(rng.normal(0, 1, (n, len(model.columns))), columns=model.columns)
    confirmed = (signals["payer_buyer_count"] + rng.normal(0, 1, n) > 0.8).astype(int)
    data = Dataset(
        signals,
        pd.DataFrame({"confirmed": confirmed, "audited": False, "typology": "view_fraud"}),
        pd.Series([pd.Timestamp("2026-01-01")] * n),
        pd.Series([str(i) for i in range(n)]),
        pd.Series([datetime(2026, 1, 1)] * n),
    )
    trees = fit_trees(model, model.columns, data, np.ones(n, dtype=bool))
    row = np.tile(signals.iloc[0].to_numpy(), (50, 1))
    row[:, model.columns.index("payer_buyer_count")] = np.linspace(-3, 3, 50)
    assert (np.diff(trees.raw(row)) >= 0).all()


def blamed(scores_by_pass: list[list[float]], confirmed: list[int]) -> list[int]:
    """Labels when boosters give these log-odds, pass by pass."""
    passes = iter(scores_by_pass)
    return impute_view_labels(
        np.array(confirmed), lambda label: np.array(next(passes), dtype=float)
    ).tolist()


def test_only_conspicuous_views_are_called_false():
    """Only the views by which a confirmed session stands out are called false.

    150 views of cleared sessions score 0 or 1; of a confirmed session's four views two score 6, two
    as the cleared ones do.
    """
    confirmed = [0] * 150 + [1] * 4
    scores = [0.0, 1.0] * 75 + [6.0, 0.0, 6.0, 1.0]
    assert blamed([scores, scores], confirmed) == [0] * 150 + [1, 0, 1, 0]


def test_the_second_pass_learns_from_the_labels_of_the_first():
    seen: list[list[int]] = []
    confirmed = np.array([0] * 150 + [1] * 4)
    scores = np.array([0.0, 1.0] * 75 + [6.0, 0.0, 6.0, 1.0])

    def score(label: np.ndarray) -> np.ndarray:
        seen.append(label[150:].tolist())
        return scores

    impute_view_labels(confirmed, score)
    assert seen == [[1, 1, 1, 1], [1, 0, 1, 0]]


def test_views_of_cleared_sessions_are_never_called_false():
    scores = [9.0] * 5 + [0.0] * 145 + [9.0] * 4
    assert sum(blamed([scores, scores], [0] * 150 + [1] * 4)[:150]) == 0


def test_where_no_group_can_be_left_out_the_verdict_of_the_session_stands():
    assert blamed([[float("nan")] * 4], [0, 0, 1, 1]) == [0, 0, 1, 1]


def test_a_view_model_learns_the_false_views_and_not_the_sessions():
    """Sixty sessions of 80 views, half of them confirmed, with a third of their views false."""
    model = BY_NAME["view_authenticity"]
    rng = np.random.default_rng(5)
    session = np.repeat(np.arange(60), 80)
    confirmed = (session % 2).astype(int)
    false = (confirmed == 1) & (rng.random(len(session)) < 0.33)
    signals = pd.DataFrame(
        rng.normal(0, 1, (len(session), len(model.columns))), columns=model.columns
    )
    signals["view_join_phase"] = session / 60.0  # names the session, and says nothing of a view
    signals["view_stay_of_rest"] += 4.0 * false
    data = Dataset(
        signals,
        pd.DataFrame({"confirmed": confirmed, "audited": False, "typology": "view_fraud"}),
        pd.Series([pd.Timestamp("2026-01-01")] * len(session)),
        pd.Series([f"g{s}" for s in session]),
        pd.Series([datetime(2026, 1, 1)] * len(session)),
        pd.Series([f"s{s}" for s in session]),
    )
    labels = with_view_labels(model, data).labels["false"].to_numpy(dtype=bool)
    assert false[confirmed == 1].mean() < 0.4  # what the verdicts of sessions alone would say
    assert false[labels].mean() > 0.75 and labels[false].mean() > 0.8


def test_no_view_looks_better_for_more_of_what_is_suspicious():
    """Trees of views do not learn from chance that machines' networks are innocent."""
    model, rng, n = BY_NAME["view_authenticity"], np.random.default_rng(6), 4000
    signals = pd.DataFrame(rng.normal(0, 1, (n, len(model.columns))), columns=model.columns)
    false = rng.random(n) < np.where(signals["view_from_machines"] > 0, 0.1, 0.6)
    labels = pd.DataFrame(
        {"confirmed": 1, "audited": False, "typology": "view_fraud", "false": false.astype(int)}
    )
    one = pd.Series(["x"] * n)
    data = Dataset(signals, labels, one, one, one, one)
    trees = fit_trees(model, model.columns, data, np.ones(n, dtype=bool))
    more = signals.assign(view_from_machines=signals["view_from_machines"] + 3.0)
    assert (trees.raw(more.to_numpy()) >= trees.raw(signals.to_numpy()) - 1e-12).all()
    sooner = signals.assign(view_account_age=signals["view_account_age"] - 3.0)
    assert (trees.raw(sooner.to_numpy()) >= trees.raw(signals.to_numpy()) - 1e-12).all()


def test_a_room_of_thousands_teaches_no_more_views_than_a_small_one():
    ids = pd.Index([f"s1#{i}" for i in range(900)] + [f"s2#{i}" for i in range(5)])
    kept = sample_views(ids, 300)
    assert kept[:900].sum() == 300 and kept[900:].all()
    other = ids[::-1]
    assert set(other[sample_views(other, 300)]) == set(ids[kept])  # whatever their order


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
        assert set(m["files"]) == {
            "model.txt",
            "no_graph.txt",
            "peers.json",
            "golden.json",
            "card.md",
        }
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
    "file", ["model.txt", "no_graph.txt", "peers.json", "golden.json", "card.md"]
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


@pytest.mark.parametrize("written", [None, 1, 3])
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
