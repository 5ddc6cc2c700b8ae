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
from data_contracts.runs import read_outbound
from serving.nightly.pipeline import nightly
from serving.nightly.replay import replay
from tests.conftest import NIGHT
from tests.data_contracts.verification.records import write_formerly
from tests.whole.night_runs import NULLABLE, POLICY, copied
from training.release.artefact import load, released_prior


def test_without_models_and_with_orders_only_the_night_still_ranks(tiny, tmp_path):
    """The night ranks without models, and with orders alone."""
    lake = tmp_path / "lake"
    shutil.copytree(tiny / "orders", lake / "orders")
    nightly(lake, NIGHT, None, POLICY)
    scores, run = read_outbound(lake, "scores"), read_outbound(lake, "runs").iloc[0]
    by_prior = scores[scores["model"] != "deviance"]
    assert set(by_prior["model"]) == {"order_brushing", "operator_rank", "account_risk"}
    assert by_prior["model_version"].str.startswith("prior-").all()
    assert by_prior["probability"].notna().all()
    assert "views" in json.loads(run["tables_missing"]) and "flash_view_share" in json.loads(
        run["signals_unknown"]
    )
    tiers = read_outbound(lake, "tier_decisions")
    assert set(tiers["tier"]) <= {"A", "B"} and tiers["risk"].notna().all()


def test_night_reads_a_night_of_an_earlier_version(published, models, tmp_path):
    """A night builds on one of an earlier version, without the columns that it lacked."""
    lake = copied(published, tmp_path / "lake")
    old = lake / "runs" / nights(lake)[min(nights(lake))]
    for name in ("policy.toml", "audit_sample.parquet", "credit.parquet"):
        (old / name).unlink()
    pointer = lake / "runs" / "published.json"
    write_formerly(lake, old.name)
    pointer.write_text(json.dumps({min(nights(lake)): old.name}))
    assert nightly(lake, NIGHT, models, POLICY).fresh and read_outbound(lake, "drift").empty


def test_model_needs_most_of_its_signals(tiny, models, tmp_path):
    """The prior is asked where most signals that a model was taught with are unknown.

    Orders alone say little to a model of operators that goes by audiences too. The night ranks by
    the prior then, and accuses nobody.
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
    asked = [line for line in said if "the prior is asked" in line]
    operators = scores[(scores["entity_kind"] == "operator") & (scores["model"] != "deviance")]
    assert any(line.startswith("operator") for line in asked)
    assert operators["model_version"].str.startswith("prior-").all() and len(operators)
    assert not set(read_outbound(lake, "tier_decisions")["tier"]) & {"C", "D"}


def test_sessions_without_views_are_scored_by_minutes(tiny, models, tmp_path):
    """Where single views were not delivered, sessions are judged by their minutes.

    The model reads counters by minute too; where it was taught by views, the prior is asked.
    """
    lake = copied(tiny, tmp_path / "lake", "runs", "quarantine", "views")
    said: list[str] = []
    nightly(lake, NIGHT, models, POLICY, allow_short=True, say=said.append)
    scores = read_outbound(lake, "scores")
    mine = scores[(scores["entity_kind"] == "session") & (scores["model"] != "deviance")]
    assert (
        set(mine["model"]) == {"session_inflation"}
        and mine["probability"].notna().all()
        and mine["reasons"].notna().any()
    )
    showed = read_outbound(lake, "operator_sessions")
    assert len(showed) and showed["worst_session"].isna().all()
    own, by_prior = load(models, "session_inflation"), released_prior("session_inflation")
    asked = any("session scores: most of what" in line for line in said)
    version = by_prior.version if asked else own.version
    assert mine["model_version"].unique().tolist() == [version]
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
MISSING = [(n,) for n in OPTIONAL]
MISSING += [tuple(sorted(set(inbound_names()) - set(kept))) for kept in ALONE]
# A night each: those that most rests on run always, the others by test-slow.
ALWAYS = [("interactions",), ("views",), *MISSING[len(OPTIONAL) :][:2]]


@pytest.mark.parametrize(
    "missing",
    [m if m in ALWAYS else pytest.param(m, marks=pytest.mark.slow) for m in MISSING],
    ids=",".join,
)
def test_a_night_goes_on_without_any_table_and_with_hardly_any(tiny, models, tmp_path, missing):
    """Every table may be missing: what cannot be worked out is unknown, and nobody is accused
    for what is not there."""
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


GROUPS = [tuple(NULLABLE[i::4]) for i in range(4)]
PARTS = [
    pytest.param(part, marks=pytest.mark.slow) for part in [*((n,) for n in NULLABLE), *GROUPS]
]


@pytest.mark.parametrize(
    "empty",
    [*PARTS, tuple(NULLABLE)],
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
