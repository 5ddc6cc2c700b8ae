"""A night that knows less: without models, tables, views or values."""

from __future__ import annotations

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_contracts.contract import contract, inbound_names
from data_contracts.lake import Lake
from data_contracts.runs import published_runs as nights
from data_contracts.runs import read_outbound, run_folder
from serving.nightly.pipeline import nightly
from serving.nightly.replay import replay
from serving.scoring.peer_snapshots import read_peer_snapshots
from tests.conftest import NIGHT
from tests.whole.night_runs import NULLABLE, POLICY, copied
from training.release.artefact import load


def test_without_models_and_with_orders_only_the_night_still_ranks(tiny, tmp_path):
    lake = tmp_path / "lake"
    shutil.copytree(tiny / "orders", lake / "orders")
    nightly(lake, NIGHT, None, POLICY)
    scores, run = read_outbound(lake, "scores"), read_outbound(lake, "runs").iloc[0]
    assert set(scores["model"]) == {"deviance"} and scores["probability"].isna().all()
    assert "views" in json.loads(run["tables_missing"]) and "flash_view_share" in json.loads(
        run["signals_unknown"]
    )
    tiers = read_outbound(lake, "tier_decisions")
    assert set(tiers["tier"]) <= {"A", "B"} and tiers["risk"].isna().all()


def test_night_reads_a_night_of_an_earlier_version(published, models, tmp_path):
    """A night builds on one of an earlier version, without the columns that it lacked."""
    lake = copied(published, tmp_path / "lake")
    old = lake / "runs" / nights(lake)[min(nights(lake))]
    for name in ("policy.toml", "audit_sample.parquet", "credit.parquet"):
        (old / name).unlink()
    pointer = lake / "runs" / "published.json"
    pointer.write_text(json.dumps({min(nights(lake)): old.name}))
    assert nightly(lake, NIGHT, models, POLICY).fresh and read_outbound(lake, "drift").empty


def test_model_needs_most_of_its_signals(tiny, models, tmp_path):
    """A model is not asked where most signals that it was taught with are unknown.

    Orders alone say little to a model of operators that goes by audiences too: the night ranks by
    deviance, and accuses nobody.
    """
    gone = (
        "views",
        "interactions",
        "room_minutes",
        "parcels",
        "refunds",
        "reviews",
        "accounts",
        "outcomes",
    )
    said: list[str] = []
    lake = copied(tiny, tmp_path / "lake", "runs", "quarantine", *gone)
    nightly(lake, NIGHT, models, POLICY, allow_short=True, say=said.append)
    scores = read_outbound(lake, "scores")
    assert set(scores["model"]) == {"deviance"} and scores["probability"].isna().all()
    assert (
        sum("is not asked" in line for line in said) == 4
    )  # of sessions neither the model nor the one that stands in for it
    assert not set(read_outbound(lake, "tier_decisions")["tier"]) & {"C", "D"}
    assert set(read_outbound(lake, "tier_decisions")["risk"].dropna()) == set()


def test_sessions_without_views_are_scored_by_minutes(tiny, models, tmp_path):
    """Where single views were not delivered, sessions are judged by their minutes.

    The nightly model goes by views; the model of running sessions needs counters alone and finds
    far more than deviance does.
    """
    lake = copied(tiny, tmp_path / "lake", "runs", "quarantine", "views")
    said: list[str] = []
    nightly(lake, NIGHT, models, POLICY, allow_short=True, say=said.append)
    scores = read_outbound(lake, "scores")
    mine = scores[(scores["entity_kind"] == "session") & (scores["model"] != "deviance")]
    assert (
        set(mine["model"]) == {"session_inflation_live"}
        and mine["probability"].notna().all()
        and mine["reasons"].notna().any()
    )
    showed = read_outbound(lake, "operator_sessions")
    assert (
        any("session_inflation is not asked" in line for line in said)
        and len(showed)
        and showed["worst_session"].isna().all()
    )
    manifest = json.loads(
        (lake / "runs" / nights(lake)[NIGHT.isoformat()] / "manifest.json").read_text("utf-8")
    )
    assert mine["model_version"].unique().tolist() == [
        manifest["models"]["session_inflation_live"]["version"]
    ]
    released = load(models, "session_inflation_live").with_peers(
        read_peer_snapshots(run_folder(lake))["session_inflation_live"]
    )
    one = mine.set_index("entity_id").iloc[0]
    signals = (
        read_outbound(lake, "signals")
        .query("entity_id == @one.name")
        .set_index("signal")["value"]
        .reindex(released.columns)
    )
    assert (
        released.probability(released.raw(signals.to_numpy(dtype=float)[None, :]))[0]
        == one["own_probability"]
    )
    assert replay(lake, NIGHT, models, POLICY).differ == []


OPTIONAL = sorted(set(inbound_names()) - {"sessions", "orders"})


ALONE = [
    ("sessions",),
    ("orders",),
    ("sessions", "room_minutes"),
    ("sessions", "views"),
    ("sessions", "interactions"),
    ("orders", "reviews"),
]


@pytest.mark.parametrize(
    "missing",
    [(n,) for n in OPTIONAL] + [tuple(sorted(set(inbound_names()) - set(kept))) for kept in ALONE],
    ids=",".join,
)
def test_a_night_goes_on_without_any_table_and_with_hardly_any(tiny, models, tmp_path, missing):
    """Every table may be missing: what cannot be worked out is unknown, and nobody is accused for what is not there."""
    nightly(
        copied(tiny, tmp_path / "lake", "runs", "quarantine", *missing),
        NIGHT,
        models,
        POLICY,
        allow_short=True,
    )
    decisions = read_outbound(tmp_path / "lake", "tier_decisions")
    assert set(
        json.loads(read_outbound(tmp_path / "lake", "runs")["tables_missing"].iloc[0])
    ) >= set(missing) - {"room_minutes"}  # derived where there are views
    assert len(decisions) > 100
    if len(missing) > 1:
        assert not set(decisions["tier"]) & {"C", "D"}


GROUPS = [tuple(NULLABLE[i::4]) for i in range(4)]  # each table alone takes minutes: test-slow


@pytest.mark.parametrize(
    "empty",
    [*(pytest.param((n,), marks=pytest.mark.slow) for n in NULLABLE), *GROUPS, tuple(NULLABLE)],
    ids=lambda e: ",".join(e),
)
def test_a_night_goes_on_where_nothing_is_known_that_may_be_unknown(tiny, models, tmp_path, empty):
    """A column that may be null may be null throughout, in one table, in several or in all."""
    lake = copied(tiny, tmp_path / "lake", "runs", "quarantine")
    for name in empty:
        unknown = [c.name for c in contract(name).columns if not c.required]
        for path in Lake(lake).files(name):
            table = pq.read_table(path)
            for column in set(unknown) & set(table.column_names):
                at = table.column_names.index(column)
                table = table.set_column(
                    at,
                    table.schema.field(column),
                    pa.nulls(len(table), table.schema.field(column).type),
                )
            pq.write_table(table, path)
    nightly(lake, NIGHT, models, POLICY, allow_short=True)
    decisions = read_outbound(lake, "tier_decisions")
    assert len(decisions) > 100
    if len(empty) == len(NULLABLE):
        assert not set(decisions["tier"]) & {"C", "D"}
