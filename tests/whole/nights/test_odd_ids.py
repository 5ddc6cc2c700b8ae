"""Ids of a platform that numbers everything, or has line separators in its names."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta

import pyarrow as pa
import pytest

import steelyard
from data_contracts.contract import contract
from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from serving.export.evidence_package import package_files
from serving.ledger.verification import verify_decisions
from serving.nightly.pipeline import nightly
from serving.policy.load import load_policy

NIGHT, START = date(2026, 3, 10), datetime(2026, 3, 10, 9)
ODD = "shop\u2028one"


@pytest.fixture(scope="module")
def lake(tmp_path_factory) -> Lake:
    """Orders alone: operator 7 has orders 0 to 3, operator 8 has order 7, and one is odd."""
    lake = Lake(tmp_path_factory.mktemp("odd") / "lake")
    owners = ["7", "7", "7", "7", "8", "8", "8", "8", ODD, ODD]
    rows = [
        {
            "order_id": str(i),
            "operator_id": owner,
            "buyer_id": f"b{i}",
            "placed_at": START + timedelta(minutes=20 * i),
            "received_at": START + timedelta(minutes=20 * i + 2),
        }
        for i, owner in enumerate(owners)
    ]
    names = [c.name for c in contract("orders").columns]
    lake.append_day("orders", NIGHT, pa.table({n: [r.get(n) for r in rows] for n in names}))
    nightly(lake, NIGHT, None, load_policy())
    return lake


def test_a_record_with_line_separators_in_ids_verifies(lake):
    """A record with line separators in ids verifies."""
    assert ODD in lake.decisions.read_text("utf-8") and verify_decisions(lake) == []


def test_evidence_on_an_operator_holds_no_order_of_its_number(lake):
    """Evidence on an operator holds no order of its number."""
    files = package_files(lake, "7", None, START + timedelta(days=1))
    for name in ("scores", "signals", "corrected_figures"):
        rows = csv.DictReader(io.StringIO(files[f"tables/{name}.csv"].decode()))
        assert {(r["entity_kind"], r["entity_id"]) for r in rows} <= {("operator", "7")}


def test_a_case_of_several_kinds_is_named_by_its_kind(lake):
    """A case of several kinds is named by its kind."""
    night = steelyard.open_lake(lake.root).night()
    with pytest.raises(LakeProblem, match="operator, order"):
        night.case("7")
    assert set(night.case("7", "order").signals.index) != set(
        night.case("7", "operator").signals.index
    )
