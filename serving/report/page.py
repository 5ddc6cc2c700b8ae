"""The night's report: one HTML page that needs nothing else, in Chinese and English."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import networkx as nx
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from data_contracts.lake import Lake
from features.declaration import SESSION
from features.engine.minute_arrays import minutes_frame
from features.engine.snapshot import Snapshot
from features.graphs.ring_merging import Rings
from features.posteriors.owner_pooling import moved
from serving.ledger.hash_chain import read_records
from serving.oversight import random_audit
from serving.report import charts
from serving.report.dossier import DossierInput, dossiers
from serving.scoring.night_context import NightContext
from serving.scoring.scope import nights_before
from serving.tiers.evidence import TIERS

MAX_QUEUE_OPERATORS, MAX_DOSSIERS, MAX_SESSIONS, MAX_RINGS, MAX_DRIFT_ROWS = 15, 8, 3, 2, 12
MAX_BAND_SESSIONS = 150  # sessions of the category that draw the expected band


@dataclass(frozen=True)
class ReportInput:
    """What the page is made from, beside the tables that the night has written."""

    context: NightContext
    files: DossierInput
    rings: Rings


def _read_table(folder: Path, name: str) -> pd.DataFrame:
    return pq.read_table(folder / f"{name}.parquet").to_pandas()


def freshness(tables: Snapshot) -> list[dict[str, Any]]:
    """Rows and newest receipt of each delivered table, as known at the night's moment."""
    out = []
    for name in sorted(tables):
        t = tables[name]
        row = t.aggregate(rows=t.count(), newest=t.received_at.max()).to_pandas().iloc[0]
        out.append({"table": name, "rows": int(row["rows"]), "newest": str(row["newest"])[:19]})
    return out


def contract_failures(lake: Lake) -> list[dict[str, Any]]:
    """Rows that were set aside, by table and rule."""
    files = lake.files("quarantine")
    if not files:
        return []
    frame = pd.concat([pq.read_table(f).to_pandas() for f in files])
    return (
        frame.groupby(["table_name", "rule"])
        .size()
        .rename("rows")
        .reset_index()
        .sort_values("rows", ascending=False)
        .head(12)
        .to_dict("records")
    )


def tier_flows(decisions: pd.DataFrame) -> list[dict[str, Any]]:
    """Operators by tier of the night before (rows; new for those without one) and tonight (columns)."""
    was = decisions["previous_tier"].fillna("new")
    table = pd.crosstab(was, decisions["tier"]).reindex(
        index=[*TIERS, "new"], columns=list(TIERS), fill_value=0
    )
    return [
        {"was": was_, **{t: int(row[t]) for t in TIERS}}
        for was_, row in table.iterrows()
        if row.sum()
    ]


def tier_changes(decisions: pd.DataFrame) -> list[dict[str, Any]]:
    moved = decisions[
        decisions["previous_tier"].notna() & (decisions["previous_tier"] != decisions["tier"])
    ]
    moves = moved.sort_values(["tier", "operator_id"], ascending=[False, True])
    return [
        {
            "operator": r.operator_id,
            "was": r.previous_tier,
            "now": r.tier,
            "cause": r.cause,
            **json.loads(r.why),
        }
        for r in moves.head(50).itertuples(index=False)
    ]


def patrol_queue(decisions: pd.DataFrame, scores: pd.DataFrame) -> list[str]:
    """Operators in the order of the queue: tier, expected harm, score of the unsupervised control."""
    points = scores[scores["entity_kind"] == "operator"].groupby("entity_id")["score"].max()
    d = decisions.assign(points=decisions["operator_id"].map(points))
    order = d.sort_values(
        ["tier", "expected_harm", "points", "operator_id"], ascending=[False, False, False, True]
    )
    return order["operator_id"].head(MAX_QUEUE_OPERATORS).tolist()


def worst_sessions(scores: pd.DataFrame, tables: Snapshot) -> list[dict[str, Any]]:
    """The night's highest ranked sessions with a timeline, where counters by minute are known."""
    rows = scores[scores["entity_kind"] == "session"]
    if rows.empty or "room_minutes" not in tables:
        return []
    trained = rows[rows["model"] != "deviance"]
    s = tables["sessions"]
    category = s.select("session_id", "category").to_pandas().set_index("session_id")["category"]
    out = []
    for first in (
        (trained if len(trained) else rows)
        .sort_values("rank")
        .head(MAX_SESSIONS)
        .itertuples(index=False)
    ):
        minutes = minutes_frame(tables, tables.scope([first.entity_id], SESSION))
        if len(minutes) < 2:
            continue
        alike = sorted(
            category.index[
                (category == category.get(first.entity_id)) & (category.index != first.entity_id)
            ]
        )[:MAX_BAND_SESSIONS]
        peers = minutes_frame(tables, tables.scope(alike, SESSION)) if alike else minutes.head(0)
        out.append(
            {
                "session": first.entity_id,
                "score": first.score,
                "picture": charts.session_timeline(minutes, charts.expected_band(minutes, peers)),
                "windows": charts.suspicious_minutes(minutes).head(20).to_dict("records"),
                "reasons": json.loads(first.reasons) if isinstance(first.reasons, str) else [],
                "steps": probability_steps(
                    first.own_probability, first.by_views, first.probability
                ),
            }
        )
    return out


def probability_steps(own: float, by_views: float, probability: float) -> dict[str, float] | None:
    """How a session's probability came about: by its signals, with its single views, weighed with its operator's others; None where no
    model gave one. Without `views` they were not looked at."""
    if not np.isfinite(probability):
        return None
    looked = bool(np.isfinite(by_views))
    signals = moved(own, -by_views) if looked else own
    return {"signals": signals, "probability": probability, **({"views": own} if looked else {})}


def ring_sections(rings: Rings) -> list[dict[str, Any]]:
    """The largest and densest rings, each with picture, why its members are linked, its links as a table, and GraphML."""
    if rings.rings.empty:
        return []
    heavy = rings.rings.assign(weight=rings.rings["density"] * rings.rings["members"])
    out = []
    for r in (
        heavy.sort_values(["weight", "ring_id"], ascending=[False, True])
        .head(MAX_RINGS)
        .to_dict("records")
    ):
        graph = rings.graph(r["ring_id"])
        links = sorted(
            (a, b, ", ".join(f"{k} {v}" for k, v in sorted(e.items())))
            for a, b, e in graph.edges(data=True)
        )
        text = "\n".join(nx.generate_graphml(graph))
        out.append(
            r
            | {
                "evidence": json.loads(r["evidence"]),
                "picture": charts.ring_graph(graph),
                "path": charts.linking_path(graph),
                "links": links[:20],
                "graphml": "data:application/graphml+xml;base64,"
                + base64.b64encode(text.encode()).decode(),
            }
        )
    return out


def write_report(folder: Path, evening: ReportInput) -> Path:
    """Write `report.html` of a run from its published tables."""
    tables, context = evening.files.tables, evening.context
    decisions, scores, run = (
        _read_table(folder, "tier_decisions"),
        _read_table(folder, "scores"),
        _read_table(folder, "runs").iloc[0],
    )
    drift, figures = _read_table(folder, "drift"), pd.DataFrame()
    if "outcomes" in tables and "sessions" in tables:
        owner = (
            tables["sessions"]
            .select("session_id", "operator_id")
            .to_pandas()
            .set_index("session_id")["operator_id"]
        )
        nights = [folder, *nights_before(context.lake, context.previous_run, 27)]
        figures = random_audit.estimates(
            random_audit.audited_verdicts(tables["outcomes"].to_pandas(), owner, nights),
            context.policy.boost.review,
        )
    queue = patrol_queue(decisions, scores)
    heads = [
        h for h in read_records(context.lake.decision_heads) if h["run_id"] == context.previous_run
    ]
    counts = (
        decisions.groupby("tier").size().rename("operators").reset_index().assign(night="tonight")
    )
    before = decisions["previous_tier"].dropna()
    if len(before):
        counts = pd.concat(
            [
                counts,
                before.rename("tier")
                .to_frame()
                .groupby("tier")
                .size()
                .rename("operators")
                .reset_index()
                .assign(night="before"),
            ]
        )
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FunctionLoader(
            lambda name: (resources.files("serving.report") / "templates" / name).read_text("utf-8")
        ),
    )
    environment.filters["known"] = format_known
    text = environment.get_template("report.html.j2").render(
        run=run.to_dict(),
        models=json.loads(run["models"]),
        missing=json.loads(run["tables_missing"]),
        unknown=json.loads(run["signals_unknown"]),
        fresh=freshness(tables),
        failures=contract_failures(context.lake),
        bars=charts.tier_bar_chart(counts),
        flows=tier_flows(decisions),
        moves=tier_changes(decisions),
        queue=decisions.set_index("operator_id")
        .loc[queue]
        .reset_index()
        .assign(why=lambda d: d["why"].map(json.loads))
        .to_dict("records"),
        dossiers=dossiers(evening.files, decisions, folder, queue[:MAX_DOSSIERS]),
        sessions=worst_sessions(scores, tables),
        rings=ring_sections(evening.rings),
        findings=_read_table(folder, "findings").to_dict("records"),
        mcns=_read_table(folder, "mcns")
        .sort_values(["p_value", "mcn_id"])
        .head(8)
        .to_dict("records"),
        audit=figures.to_dict("records"),
        sample=len(_read_table(folder, "audit_sample")),
        drift=drift[drift["drifted"]]
        .sort_values("psi", ascending=False)
        .head(MAX_DRIFT_ROWS)
        .to_dict("records"),
        compared=len(drift),
        head=heads[-1] if heads else None,
        policy=context.policy,
    )
    path = folder / "report.html"
    path.write_text(text, encoding="utf-8")
    return path


def format_known(value: Any, form: str = "%.2f") -> str:
    """A number in a form, or the word unknown."""
    return "unknown 未知" if value is None or value != value else form % value
