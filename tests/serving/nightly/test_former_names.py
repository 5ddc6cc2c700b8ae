"""Releases and nights written with former names of signals give the same night, bit for bit."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import steelyard
from data_contracts.parquet import digest_file
from data_contracts.runs import published_run, published_runs, read_outbound
from features.former_names import FORMER_NAMES
from serving.gate.night_cache import read_published_night
from serving.nightly.replay import replay
from serving.policy.load import load_policy
from serving.supervision.previous_night import previous_signals
from tests.conftest import NIGHT
from tests.data_contracts.verification.records import write_formerly
from training.release import artefact, verification
from training.release.artefact import load
from training.release.store import champions

FORMER = {current: former for former, current in FORMER_NAMES.items()}
WORD = re.compile(r"\w+")


def former_text(text: str) -> str:
    """Text in which signals have their former names."""
    return WORD.sub(lambda found: FORMER.get(found[0], found[0]), text)


def write_releases_formerly(models: Path, folder: Path) -> Path:
    """A copy of releases as an earlier version wrote them: former names, and their digests."""
    shutil.copytree(models, folder, ignore=shutil.ignore_patterns("mlruns", "mlflow.db"))
    for path in folder.glob("*/*/manifest.json"):
        trees = path.with_name("trees.json")
        trees.write_text(former_text(trees.read_text("utf-8")), "utf-8")
        manifest = json.loads(former_text(path.read_text("utf-8")))
        manifest["files"]["trees.json"] = digest_file(trees)
        path.write_text(json.dumps(manifest), "utf-8")
    return folder


def write_night_formerly(run: Path) -> None:
    """Rewrite the tables of a night with former codes and the former column of scores."""
    for path in run.glob("*.parquet"):
        table = pq.read_table(path)
        columns = [
            pa.array([v and former_text(v) for v in table[f.name].to_pylist()], f.type)
            if pa.types.is_string(f.type)
            else table[f.name]
            for f in table.schema
        ]
        names = [{"view_evidence_log_odds": "by_views"}.get(n, n) for n in table.column_names]
        pq.write_table(pa.table(columns, names=names), path)
    peers = run / "yardsticks.json"
    peers.write_text(former_text(peers.read_text("utf-8")), "utf-8")


@pytest.fixture(scope="module")
def lake_of_former_names(published, tmp_path_factory) -> Path:
    """The published lake, whose first night was written with former names."""
    lake = tmp_path_factory.mktemp("former") / "lake"
    shutil.copytree(published, lake, ignore=shutil.ignore_patterns("online"))
    runs = published_runs(lake)
    write_night_formerly(lake / "runs" / runs[min(runs)])
    write_formerly(lake, runs[min(runs)])
    return lake


@pytest.fixture(autouse=True)
def versions_as_written(monkeypatch):
    """Releases are rewritten in place here, so their versions are those of other texts."""
    monkeypatch.setattr(verification, "version_of", lambda manifest: manifest["version"])
    monkeypatch.setattr(artefact, "pinned_manifest", lambda *_: None)


@pytest.fixture(scope="module")
def former_models(models, tmp_path_factory) -> Path:
    """The releases, written with former names."""
    return write_releases_formerly(models, tmp_path_factory.mktemp("former") / "models")


def test_a_release_with_former_names_scores_the_same(models, former_models):
    """It loads with the current names; `load` reproduces its golden rows bit for bit."""
    renamed = 0
    for name, version in champions(models).items():
        written = json.loads((former_models / name / version / "manifest.json").read_text())
        old, new = load(former_models, name), load(models, name)
        renamed += sum(n in FORMER_NAMES for n in written["signals"])
        assert old.columns == new.columns and old.no_graph.columns == new.no_graph.columns
        assert old.manifest["signals"] == new.columns
        assert (old.trees.peers is None) == (new.trees.peers is None)
        if old.trees.peers is not None and new.trees.peers is not None:
            assert old.trees.peers.as_json() == new.trees.peers.as_json()
    assert renamed >= 30


@pytest.mark.slow
def test_a_night_after_former_names_is_the_same(lake_of_former_names, former_models):
    """A night replayed from former releases, after a former night, is equal in every table.

    The night before was rewritten here, and the run id shows that.
    """
    runs = published_runs(lake_of_former_names)
    before = lake_of_former_names / "runs" / runs[min(runs)]
    codes = set(pq.read_table(before / "signals.parquet")["signal"].to_pylist())
    assert len(codes & set(FORMER_NAMES)) >= 25 and not codes & set(FORMER)
    found = replay(lake_of_former_names, NIGHT, former_models, load_policy())
    assert found.differ == [] and found.run_id != found.published_run


def test_a_night_of_former_names_reads_as_today(published, lake_of_former_names):
    """Every reader gives current codes and columns: frames, analysts' view, the signals before."""
    night = min(published_runs(published))
    for name in ("signals", "scores", "measures", "tier_decisions"):
        old = steelyard.open_lake(lake_of_former_names).night(night).table(name)
        new = steelyard.open_lake(published).night(night).table(name)
        assert old.equals(new), name
    assert "view_evidence_log_odds" in read_outbound(lake_of_former_names, "scores", night)
    columns = ["operator_exclusive_viewer_share", "buyer_red_flag_mean"]
    signals = previous_signals(published_run(lake_of_former_names, night), columns)
    assert signals.notna().any().all()
    pd.testing.assert_frame_equal(
        signals, previous_signals(published_run(published, night), columns)
    )


def test_the_gate_answers_from_a_night_of_former_names(published, tmp_path):
    """Reasons and peer baselines of a former night are those of today."""
    lake = shutil.copytree(published, tmp_path / "lake", ignore=shutil.ignore_patterns("online"))
    write_night_formerly(lake / "runs" / published_runs(lake)[NIGHT.isoformat()])
    write_formerly(lake, published_runs(lake)[NIGHT.isoformat()])
    old, new = read_published_night(lake), read_published_night(published)
    assert repr(old.operators) == repr(new.operators)  # NaN is not equal to itself
    assert any(
        r["signal"] in FORMER for o in new.operators.values() for r in o.reasons
    )  # otherwise nothing was renamed
    assert {n: p.as_json() for n, p in old.peer_snapshots.items()} == {
        n: p.as_json() for n, p in new.peer_snapshots.items()
    }
