"""First nights of platforms that deliver little: orders only, or views only."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from data_contracts.contract import inbound_names
from data_contracts.lake import Lake
from data_contracts.runs import published_run, read_outbound
from serving.nightly.pipeline import nightly
from tests.conftest import NIGHT, UNTIL
from tests.whole.night_runs import POLICY, copied
from training.fitting.fit import TooFewLabels
from training.models.registry import MODELS
from training.train import train


def platform(tiny: Path, folder: Path, *tables: str) -> Lake:
    """The small world of which only some tables are delivered."""
    without = [n for n in inbound_names() if n not in tables]
    return Lake(copied(tiny, folder / "lake", "runs", "quarantine", "journal*", *without))


def basis(lake: Lake) -> dict[str, str]:
    """On what the night says that each kind of entity rests."""
    run = published_run(lake).rows("runs").iloc[0]
    return {row["entity"]: row["en"] for row in json.loads(run["basis"])}


@pytest.fixture(scope="module")
def orders_only(tiny, tmp_path_factory) -> Lake:
    """A lake of orders, one of which was delivered twice, and its first night."""
    lake = platform(tiny, tmp_path_factory.mktemp("orders"), "orders")
    rows = pq.ParquetDataset(lake.files("orders"), partitioning=None).read().to_pandas()
    again = rows.sort_values("received_at").head(1).assign(received_at=pd.Timestamp(NIGHT))
    lake.append_day("orders", NIGHT, again, part=1)
    nightly(lake, NIGHT, None, POLICY)
    return lake


def test_one_redelivered_order_stops_no_night(orders_only):
    """It is set aside with its reason, and the night scores each order once."""
    aside = read_outbound(orders_only, "quarantine")
    assert aside["rule"].tolist() == ["row_was_delivered_again"]
    scores = read_outbound(orders_only, "scores")
    orders = scores[(scores["entity_kind"] == "order") & (scores["model"] != "deviance")]
    assert len(orders) and orders["entity_id"].is_unique


def test_orders_alone_are_ranked_reviewed_and_corrected(orders_only):
    """Orders and operators have probabilities by the prior, and the words say on what they rest."""
    tiers = read_outbound(orders_only, "tier_decisions")
    assert tiers["risk"].notna().all() and set(tiers["tier"]) <= {"A", "B"}
    assert (tiers["tier"] == "B").any()
    said = basis(orders_only)
    assert said["session"] == "no sessions are scored"
    assert "released prior" in said["order"] and "from orders," in said["order"]
    assert "corrected with intervals: net_sales, orders" in said["order"]
    report = published_run(orders_only).text("report/en/report.html")
    assert said["order"] in report and "not delivered: live sessions are not assessed" in report


def test_training_says_what_the_lake_does_not_allow(orders_only, tmp_path):
    """Each model that cannot be trained is named with its reason, without a traceback."""
    with pytest.raises(TooFewLabels) as refused:
        train(orders_only, tmp_path, UNTIL)
    words = str(refused.value)
    assert all(m.name in words for m in MODELS)
    assert "view_authenticity: the lake has no sessions" in words
    assert "order_brushing: 0 confirmed and 0 cleared" in words


@pytest.mark.slow
def test_views_alone_are_ranked_and_corrected(tiny, tmp_path):
    """Sessions are scored by their views, and views are corrected with intervals."""
    lake = platform(tiny, tmp_path, "sessions", "views")
    nightly(lake, NIGHT, None, POLICY)
    said = basis(lake)
    assert "released prior" in said["session"] and "views" in said["session"]
    assert "corrected with intervals: unique_viewers, views" in said["session"]
    assert said["order"] == "no orders are scored"
    scores = read_outbound(lake, "scores")
    sessions = scores[(scores["entity_kind"] == "session") & (scores["model"] != "deviance")]
    assert sessions["probability"].between(0, 1).all() and len(sessions)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tables", "trained", "left_out"),
    [
        (("orders", "outcomes"), {"order_brushing", "operator_rank"}, {"view_authenticity"}),
        (
            ("sessions", "orders", "room_minutes", "outcomes"),
            {"session_inflation", "session_inflation_live", "order_brushing", "operator_rank"},
            {"view_authenticity"},
        ),
    ],
)
def test_training_without_views_trains_the_rest(tiny, tmp_path, tables, trained, left_out):
    """What the lake allows is trained, and what it does not is named."""
    lake, found = platform(tiny, tmp_path, *tables), []
    done = train(lake, tmp_path / "models", UNTIL, leave_out=found.append)
    assert {t.name for t in done} >= trained
    assert {m.name for m in found} >= left_out
