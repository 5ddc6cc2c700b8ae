"""A night as a whole: what it publishes, refuses, and does again byte for byte."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
from dataclasses import replace
from datetime import date
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from data_contracts.contract import contract, outbound_names
from data_contracts.errors import ArtefactRefused, LakeProblem, NothingToScore, StructuralBreak
from data_contracts.lake import Lake
from data_contracts.parquet import write_file
from data_contracts.runs import published_run as published_run_of
from data_contracts.runs import published_runs as nights
from data_contracts.runs import read_outbound, run_folder
from serving.nightly.pipeline import nightly
from serving.nightly.table_writer import OutputBreaksContract, validated
from serving.policy.load import load_policy
from serving.scoring.peer_snapshots import read_peer_snapshots
from tests.conftest import NIGHT
from tests.whole.night_runs import POLICY, copied
from training.release.artefact import load
from training.release.store import champions


def digests(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_a_night_publishes_every_table_with_rows_and_by_its_contract(published):
    """A night publishes every table, with rows and by its contract."""
    for name in set(outbound_names()) - {"quarantine", "boost_decisions"}:
        frame = read_outbound(published, name)
        assert len(frame) or name in ("findings", "shadow_scores"), (
            name
        )  # no notice, nobody hides reviews, no challenger here
        assert list(frame.columns) == [c.name for c in contract(name).columns]
        validated(name, frame)


def test_each_score_names_model_version_run_and_policy(published, models):
    """Each score names model, version, run and policy."""
    scores = read_outbound(published, "scores")
    assert set(scores["model"]) == {
        "deviance",
        "account_risk",
        "session_inflation",
        "order_brushing",
        "operator_rank",
    }
    for name, version in champions(models).items():
        assert set(scores.loc[scores["model"] == name, "model_version"]) <= {version}
    assert set(scores["run_id"]) == {run_folder(published).name} and set(
        scores["policy_version"]
    ) == {POLICY.version}


def test_one_score_is_traced_to_the_run_the_data_and_the_code(published, models):
    """From rows of `scores` over the release to the MLflow run, and back to the same numbers."""
    from features import catalogue
    from features.engine.compute import compute
    from features.engine.snapshot import Snapshot
    from features.peers.comparison import log_deviations
    from features.peers.own_level import fit_own_levels
    from features.posteriors.owner_pooling import pooled
    from serving.scoring.scope import moment_of, owners_of, scope_of_night
    from training.release.tracking import start

    scores = read_outbound(published, "scores")
    row = scores[(scores["model"] == "order_brushing") & (scores["rank"] == 1)].iloc[0]
    released = load(models, row["model"], row["model_version"])
    manifest = json.loads((run_folder(published) / "manifest.json").read_text())["models"][
        "order_brushing"
    ]
    run = start(models).MlflowClient().get_run(manifest["run_id"])
    assert (
        run.data.tags["data_sha256"] == released.manifest["data_sha256"] == manifest["data_sha256"]
    )
    assert run.data.tags["code_revision"] == manifest["revision"]
    tables = Snapshot.open(published, moment_of(NIGHT))
    ids = scope_of_night(tables, moment_of(NIGHT)).orders
    values = compute(tables, catalogue.of_entity("order"), "order", ids)
    values = values[released.columns].to_numpy()
    owner = owners_of(tables, "order", ids)
    # published peers leave out the levels of operators, which name them
    peers = read_peer_snapshots(published_run_of(published))["order_brushing"]
    levels = fit_own_levels(log_deviations(peers.baseline.deviations(values)), owner.to_numpy())
    released = released.with_peers(replace(peers, own=levels))
    again = released.probability(released.raw(values, owner.to_numpy()))
    orders = scores[scores["model"] == "order_brushing"].set_index("entity_id").loc[ids]
    assert again.tolist() == orders["own_probability"].tolist()
    assert np.isclose(row["score"], 100 * row["probability"])
    by_hand = pooled(orders["own_probability"].to_numpy(), owner)
    assert by_hand == pytest.approx(orders["probability"].to_numpy(), abs=1e-9)


def test_reasons_carry_value_peers_and_words(published):
    """Reasons carry value, peers and words."""
    scores = read_outbound(published, "scores")
    said = scores.loc[scores["reasons"].notna(), "reasons"].map(json.loads)
    signals = read_outbound(published, "signals").set_index(["entity_id", "signal"])["value"]
    row = (
        scores[scores["reasons"].notna() & (scores["model"] == "operator_rank")]
        .sort_values("rank")
        .iloc[0]
    )
    for reason in json.loads(row["reasons"]):
        assert reason["value"] == pytest.approx(
            signals[row["entity_id"], reason["signal"]], abs=1e-6
        )
        assert reason["zh"] and reason["en"] and 0 < reason["share"] <= 1
    assert said.map(len).max() <= POLICY.night.reasons


def test_a_rerun_is_a_no_op_and_a_run_from_nothing_has_the_same_bytes(published, models, tmp_path):
    """A rerun changes nothing, and a run from nothing has the same bytes."""
    before = digests(run_folder(published))
    again = nightly(published, NIGHT, models, POLICY)
    assert not again.fresh and digests(again.folder) == before
    fresh = copied(published, tmp_path / "lake", "runs", "quarantine")
    for night in (date(2026, 1, 19), NIGHT):
        done = nightly(fresh, night, models, POLICY)
    assert done.fresh and done.run_id == again.run_id
    assert digests(done.folder) == before


def test_rows_of_later_days_do_not_change_a_night(published, models, tmp_path):
    """Rows of later days do not change a night."""
    lake = copied(published, tmp_path / "lake", "runs", "quarantine")
    shutil.rmtree(lake / "orders" / "day=2026-01-20")
    first = nightly(lake, date(2026, 1, 19), models, POLICY)
    whole = json.loads((published / "runs" / "published.json").read_text())["2026-01-19"]
    assert first.run_id == whole


def test_a_second_night_at_the_same_time_is_refused(published, models):
    """A second night at the same time is refused."""
    with (published / "runs" / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(LakeProblem, match="another night"):
            nightly(published, NIGHT, models, POLICY)


def test_an_empty_partition_is_refused_and_nothing_is_published(published, models, tmp_path):
    """An empty partition is refused and nothing is published."""
    lake = copied(published, tmp_path / "lake", "runs", "quarantine")
    with pytest.raises(NothingToScore, match="2027-03-01"):
        nightly(lake, date(2027, 3, 1), models, POLICY)
    assert not (lake / "runs" / "published.json").exists()


def test_a_short_partition_is_refused_unless_allowed(published, models, tmp_path):
    """A short partition is refused unless allowed."""
    lake = copied(published, tmp_path / "lake", "runs", "quarantine")
    path = Lake(lake).files("orders")[-1]
    write_file(path, pq.read_table(path).slice(0, 3))
    with pytest.raises(NothingToScore, match="found 3"):
        nightly(lake, NIGHT, models, POLICY)
    assert nightly(lake, NIGHT, models, POLICY, allow_short=True).fresh


def test_a_broken_contract_stops_the_night(published, models, tmp_path):
    """A broken contract stops the night."""
    lake = copied(published, tmp_path / "lake", "runs", "quarantine")
    path = Lake(lake).files("views")[-1]
    write_file(path, pq.read_table(path).drop_columns(["joined_at"]))
    with pytest.raises(StructuralBreak, match="joined_at"):
        nightly(lake, NIGHT, models, POLICY)
    assert not (lake / "runs" / "published.json").exists()


def test_a_tampered_model_stops_the_night(published, models, tmp_path):
    """A tampered model stops the night."""
    copy = tmp_path / "models"
    shutil.copytree(models, copy, ignore=shutil.ignore_patterns("mlruns", "mlflow.db"))
    path = copy / "order_brushing" / champions(copy)["order_brushing"] / "model.0.fraud.txt"
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(ArtefactRefused, match=r"model\.0\.fraud\.txt"):
        nightly(copied(published, tmp_path / "lake", "runs"), NIGHT, copy, POLICY)


def test_a_crash_leaves_the_published_night_and_the_next_run_completes(
    published, models, tmp_path, monkeypatch
):
    """A crash leaves the published night, and the next run completes."""
    lake = copied(published, tmp_path / "lake", "quarantine")
    before = (lake / "runs" / "published.json").read_text()
    extra = tmp_path / "other.toml"
    extra.write_text(
        (resources.files("serving.policy") / "policy.toml")
        .read_text("utf-8")
        .replace(POLICY.version, "2099.9")
    )
    from serving.nightly import published_night as module

    def crash(*_, **__):
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_report", crash)
        with pytest.raises(RuntimeError):
            nightly(lake, NIGHT, models, load_policy(extra))
    assert (lake / "runs" / "published.json").read_text() == before
    done = nightly(lake, NIGHT, models, load_policy(extra))
    assert done.fresh and published_run(lake) == done.run_id
    assert not [p for p in (lake / "runs").iterdir() if p.name.endswith(".writing")]


def published_run(lake: Path) -> str:
    return nights(lake)[NIGHT.isoformat()]


def test_an_output_that_breaks_its_contract_is_not_written(published):
    """An output that breaks its contract is not written."""
    scores = read_outbound(published, "scores").head(3)
    with pytest.raises(OutputBreaksContract):
        validated("scores", scores.assign(score=[10.0, 101.0, 5.0]))
    with pytest.raises(OutputBreaksContract):
        validated("scores", pd.concat([scores, scores]))
    with pytest.raises(OutputBreaksContract):
        validated("scores", scores.assign(model=None))


def test_corrected_figures_lie_within_what_was_counted(published):
    """Corrected figures lie within what was counted."""
    f = read_outbound(published, "corrected_figures")
    assert (
        (f["low"] <= f["estimate"] + 1e-9).all()
        and (f["estimate"] <= f["high"] + 1e-9).all()
        and (f["high"] <= f["counted"] + 1e-9).all()
    )
    assert {"views", "unique_viewers", "likes", "follows", "orders", "net_sales"} == set(
        f["measure"]
    )
