"""Challengers beside the models in service, on a night that has shadow scores of two models."""

from __future__ import annotations

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_contracts.lake import Lake
from data_contracts.parquet import digest_file
from data_contracts.runs import published_run, published_runs
from data_contracts.verification.record_heads import recorded_head
from serving.desk.laboratory.challengers import challengers_of_night
from serving.desk.web.laboratory.drafts import MOVES_PER_PAGE
from serving.ledger.hash_chain import append_record
from serving.policy.load import load_policy
from tests.serving.desk.looks import look, press

CHALLENGER = "2026-02-challenger"


def write_shadow_scores(lake: Lake, rows: pd.DataFrame) -> None:
    """Write shadow scores into the latest night, and record it as published with them."""
    night = max(published_runs(lake))
    run = published_run(lake, night)
    path = run.folder / "shadow_scores.parquet"
    schema = pq.read_schema(path)
    path.unlink()  # files of a test's lake are links
    rows = rows.assign(run_id=run.run_id, as_of=pd.Timestamp(night))[schema.names]
    plain = schema.remove_metadata()
    pq.write_table(pa.Table.from_pandas(rows, schema=plain, preserve_index=False), path)
    manifest_path = run.folder / "manifest.json"
    manifest = json.loads(manifest_path.read_bytes())
    found = {"bytes": path.stat().st_size, "rows": len(rows), "sha256": digest_file(path)}
    manifest["files"][path.name] = found
    manifest_path.write_text(json.dumps(manifest), "utf-8")
    head = recorded_head(lake, run.run_id)
    files = head["files"] | {p.name: digest_file(p) for p in (path, manifest_path)}
    body = {k: v for k, v in head.items() if k not in ("sha256", "previous_sha256", "signed")}
    append_record(lake.decision_heads, body | {"files": files})


@pytest.fixture
def served(desk) -> pd.DataFrame:
    """What the models in service said of operators and sessions."""
    columns = ["entity_kind", "entity_id", "model", "model_version", "probability", "rank"]
    scores = published_run(desk.lake).rows("scores", columns=columns)
    is_scored = scores["probability"].notna() & (scores["model"] != "deviance")
    return scores[is_scored & scores["entity_kind"].isin(["operator", "session"])]


@pytest.fixture
def shadowed(desk, served) -> None:
    """A night whose challenger agrees on sessions, and says the contrary of operators."""
    is_operator = served["entity_kind"] == "operator"
    said = served["probability"].where(~is_operator, 1 - served["probability"])
    rows = served.assign(model_version=CHALLENGER, probability=said)
    write_shadow_scores(desk.lake, rows)


def test_challenger_is_compared_by_kind(desk, served, shadowed):
    """Agreement of each model is that of its rows, and who would move is named with both tiers."""
    found = challengers_of_night(desk.lake, load_policy())
    by_kind = {c.entity_kind: c for c in found.comparisons}
    assert set(by_kind) == {"operator", "session"} and found.night == max(published_runs(desk.lake))
    session, operator = by_kind["session"], by_kind["operator"]
    assert session.rank_correlation == pytest.approx(1.0) and session.mean_difference == 0.0
    assert session.shared == session.top and session.challenger == CHALLENGER != session.version
    risks = served[served["entity_kind"] == "operator"].set_index("entity_id")["probability"]
    assert operator.rank_correlation == pytest.approx(-1.0) and operator.entities == len(risks)
    assert operator.mean_difference == pytest.approx((1 - 2 * risks).abs().mean())
    assert found.moves and all(m["before"] != m["after"] for m in found.moves)
    for move in found.moves:
        assert move["challenger_risk"] == pytest.approx(1 - risks[move["operator_id"]])


def test_night_without_challengers_has_no_rows(desk):
    """Nothing is compared, and nobody moves."""
    found = challengers_of_night(desk.lake, load_policy())
    assert (found.comparisons, found.moves) == ([], [])


def test_page_of_challengers_with_rows(desk, browser_page, shadowed):
    """Both tables are shown, with the way to each operator that would move, in both languages."""
    page = browser_page("policy")
    look(page, "/laboratory/challengers", "challengers")
    assert CHALLENGER in page.inner_text("#agreement + div")
    moves = page.locator("#moves ~ div a.id")
    every = challengers_of_night(desk.lake, load_policy()).moves
    assert moves.count() == min(len(every), MOVES_PER_PAGE)
    press(moves.first)
    assert "/operators/" in page.url
