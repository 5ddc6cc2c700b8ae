"""The night's report: one HTML page that needs nothing else."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import pyarrow.parquet as pq

from features import engine
from features.declare import SESSION
from features.graphs.rings import Rings
from serving import charts
from serving.policy import Policy

TOP = 15


def _read(folder: Path, name: str) -> pd.DataFrame:
    return pq.read_table(folder / f"{name}.parquet").to_pandas()


def freshness(tables: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows and newest receipt of each delivered table, as known at the night's moment."""
    out = []
    for name in sorted(n for n in tables if not n.startswith("~")):
        t = tables[name]
        row = t.aggregate(rows=t.count(), newest=t.received_at.max()).to_pandas().iloc[0]
        out.append({"table": name, "rows": int(row["rows"]), "newest": str(row["newest"])[:19]})
    return out


def _tier_counts(decisions: pd.DataFrame, previous: Path | None) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    parts = [decisions.groupby("tier").size().rename("operators").reset_index().assign(night="tonight")]
    if previous is not None:
        before = _read(previous, "tier_decisions")
        parts.append(before.groupby("tier").size().rename("operators").reset_index().assign(night="before"))
    moved = decisions[decisions["previous_tier"].notna() & (decisions["previous_tier"] != decisions["tier"])]
    moves = moved.sort_values(["tier", "operator_id"], ascending=[False, True])
    return pd.concat(parts), [
        {"operator": r.operator_id, "was": r.previous_tier, "now": r.tier, "cause": r.cause, **json.loads(r.why)}
        for r in moves.head(50).itertuples(index=False)
    ]


def _top(decisions: pd.DataFrame, scores: pd.DataFrame) -> list[dict[str, Any]]:
    """Operators in the order of the queue, with the reasons of the model and of the unsupervised control."""
    ranked = scores[scores["entity_kind"] == "operator"]
    said = ranked[ranked["reasons"].notna()].groupby("entity_id")["reasons"].apply(lambda s: [json.loads(x) for x in s])
    points = ranked.groupby("entity_id")["score"].max()
    d = decisions.assign(points=decisions["operator_id"].map(points))
    d = d.sort_values(["tier", "expected_harm", "points", "operator_id"], ascending=[False, False, False, True]).head(TOP)
    rows = []
    for r in d.itertuples(index=False):
        reasons = {x["signal"]: x for group in said.get(r.operator_id, []) for x in group}
        rows.append(
            {
                "operator": r.operator_id,
                "tier": r.tier,
                "risk": r.risk,
                "influence": r.influence,
                "harm": r.expected_harm,
                "measure": r.measure,
                "cold": r.cold_start,
                "why": json.loads(r.why),
                "reasons": list(reasons.values())[:5],
            }
        )
    return rows


def _worst_session(scores: pd.DataFrame, tables: dict[str, Any]) -> dict[str, Any] | None:
    """The night's highest ranked session with a timeline, where counters by minute are known."""
    rows = scores[scores["entity_kind"] == "session"]
    if rows.empty or "room_minutes" not in tables:
        return None
    trained = rows[rows["model"] != "deviance"]
    first = (trained if len(trained) else rows).sort_values("rank").iloc[0]
    minutes = engine.minutes_frame(tables, engine.scope_of(tables, [first["entity_id"]], SESSION))
    if len(minutes) < 2:
        return None
    return {
        "session": first["entity_id"],
        "score": first["score"],
        "picture": charts.timeline(minutes),
        "windows": charts.suspicious_minutes(minutes).to_dict("records"),
        "reasons": json.loads(first["reasons"]) if isinstance(first["reasons"], str) else [],
    }


def _ring(rings: Rings) -> dict[str, Any] | None:
    if rings.rings.empty:
        return None
    r = (
        rings.rings.assign(weight=rings.rings["density"] * rings.rings["members"])
        .sort_values(["weight", "ring_id"], ascending=[False, True])
        .iloc[0]
    )
    return {
        "ring": r["ring_id"],
        "kind": r["kind"],
        "members": int(r["members"]),
        "operators": int(r["operators"]),
        "edges": int(r["edges"]),
        "density": r["density"],
        "evidence": json.loads(r["evidence"]),
        "picture": charts.ring(rings.graph(r["ring_id"])),
    }


def write_report(folder: Path, tables: dict[str, Any], rings: Rings, policy: Policy, previous: Path | None) -> Path:
    """Write `report.html` of a run from its published tables."""
    decisions, scores, run = _read(folder, "tier_decisions"), _read(folder, "scores"), _read(folder, "runs").iloc[0]
    counts, moves = _tier_counts(decisions, previous)
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FunctionLoader(lambda name: (resources.files("serving") / "templates" / name).read_text("utf-8")),
    )
    text = environment.get_template("report.html.j2").render(
        run=run.to_dict(),
        models=json.loads(run["models"]),
        missing=json.loads(run["tables_missing"]),
        unknown=json.loads(run["signals_unknown"]),
        fresh=freshness(tables),
        counts=counts.to_dict("records"),
        bars=charts.tier_bars(counts),
        moves=moves,
        top=_top(decisions, scores),
        session=_worst_session(scores, tables),
        ring=_ring(rings),
        policy=policy,
    )
    path = folder / "report.html"
    path.write_text(text, encoding="utf-8")
    return path
