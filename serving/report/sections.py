"""Sections of the report: freshness, tiers, patrol queue, sessions and rings, as plain records."""

from __future__ import annotations

import base64
import json
from datetime import date
from functools import partial
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from data_contracts.lake import Lake
from features.declaration import SESSION
from features.engine.minute_arrays import minutes_frame
from features.engine.snapshot import Snapshot
from features.graphs.rings import Rings
from features.posteriors.owner_pooling import shift_probability
from serving.report import charts
from serving.report.minute_windows import expected_band, suspicious_minutes
from serving.tiers.evidence import TIERS

MAX_QUEUE_OPERATORS, MAX_SESSIONS, MAX_RINGS, MAX_TIER_CHANGES = 15, 3, 2, 50
MAX_WINDOWS, MAX_RING_LINKS, MAX_FAILURES = 20, 20, 12
MAX_BAND_SESSIONS = 150  # sessions of the category that draw the expected band


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
        .to_dict("records")
    )


def gate_parity(lake: Lake, night: date) -> dict[str, Any] | None:
    """What `steelyard parity` found before this night, signals that differ most first.

    None where nothing was compared: no gate kept minutes in a file of this lake.
    """
    path = lake.parity(night)
    if not path.exists():
        return None
    found = json.loads(path.read_text("utf-8"))
    differing = [s for s in found["signals"] if s["equal"] < found["sessions"]]
    differing.sort(key=lambda s: (s["equal"], s["signal"]))
    return found | {"signals": len(found["signals"]), "differing": differing}


def tier_flows(decisions: pd.DataFrame) -> list[dict[str, Any]]:
    """Operators by tier of the night before (rows, `new` without one) and tonight (columns)."""
    before = decisions["previous_tier"].fillna("new")
    table = pd.crosstab(before, decisions["tier"]).reindex(
        index=[*TIERS, "new"], columns=list(TIERS), fill_value=0
    )
    return [
        {"was": tier, **{t: int(row[t]) for t in TIERS}}
        for tier, row in table.iterrows()
        if row.sum()
    ]


def selection_counts(decisions: pd.DataFrame) -> dict[str, int]:
    """Operators in B, C and D by what their tier rests on, the most first."""
    above = decisions.loc[decisions["tier"] > "A", "selected_by"]
    return {str(basis): int(n) for basis, n in above.value_counts(sort=True).items()}


def tier_counts(decisions: pd.DataFrame) -> pd.DataFrame:
    """Operators in each tier: columns tier, operators, night (tonight, before)."""
    nights = {"tonight": decisions["tier"], "before": decisions["previous_tier"].dropna()}
    counts = [
        tiers.rename("tier")
        .to_frame()
        .groupby("tier")
        .size()
        .rename("operators")
        .reset_index()
        .assign(night=night)
        for night, tiers in nights.items()
        if len(tiers)
    ]
    return pd.concat(counts, ignore_index=True)


def tier_changes(decisions: pd.DataFrame) -> list[dict[str, Any]]:
    """Operators whose tier changed, strictest first, with the cause."""
    changed = decisions[
        decisions["previous_tier"].notna() & (decisions["previous_tier"] != decisions["tier"])
    ]
    ordered = changed.sort_values(["tier", "operator_id"], ascending=[False, True])
    return [
        {
            "operator": r.operator_id,
            "was": r.previous_tier,
            "now": r.tier,
            "cause": r.cause,
            **json.loads(r.why),
        }
        for r in ordered.itertuples(index=False)
    ]


def patrol_queue(decisions: pd.DataFrame, scores: pd.DataFrame) -> list[str]:
    """Operators in the order of patrol: tier, expected harm, anomaly score."""
    anomaly = scores[scores["entity_kind"] == "operator"].groupby("entity_id")["score"].max()
    d = decisions.assign(anomaly=decisions["operator_id"].map(anomaly))
    order = d.sort_values(
        ["tier", "expected_harm", "anomaly", "operator_id"], ascending=[False, False, False, True]
    )
    return order["operator_id"].tolist()


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
        windows = suspicious_minutes(minutes)
        if len(minutes) < 2:
            continue
        same_category = sorted(
            category.index[
                (category == category.get(first.entity_id)) & (category.index != first.entity_id)
            ]
        )[:MAX_BAND_SESSIONS]
        peers = (
            minutes_frame(tables, tables.scope(same_category, SESSION))
            if same_category
            else minutes.head(0)
        )
        out.append(
            {
                "session": first.entity_id,
                "score": first.score,
                "picture": charts.in_both_languages(
                    partial(charts.session_timeline, minutes, expected_band(minutes, peers))
                ),
                "windows": windows.head(MAX_WINDOWS).to_dict("records"),
                "windows_total": len(windows),
                "reasons": json.loads(first.reasons) if isinstance(first.reasons, str) else [],
                "steps": probability_steps(
                    first.own_probability, first.view_evidence_log_odds, first.probability
                ),
            }
        )
    return out


def probability_steps(own: float, evidence: float, probability: float) -> dict[str, float] | None:
    """The steps of a session's probability; None where no model gave one.

    `signals`: by its signals. `views`: after its single views, absent where they were not assessed.
    `probability`: after the operator's other sessions.
    """
    if not np.isfinite(probability):
        return None
    if not np.isfinite(evidence):
        return {"signals": own, "probability": probability}
    return {"signals": shift_probability(own, -evidence), "probability": probability, "views": own}


def ring_sections(rings: Rings) -> list[dict[str, Any]]:
    """The largest and densest rings, each with its picture, links, a linking path and GraphML."""
    if rings.rings.empty:
        return []
    weighted = rings.rings.assign(weight=rings.rings["density"] * rings.rings["members"])
    out = []
    for r in (
        weighted.sort_values(["weight", "ring_id"], ascending=[False, True])
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
                "evidence": ", ".join(f"{k} {v}" for k, v in json.loads(r["evidence"]).items()),
                "picture": charts.in_both_languages(partial(charts.ring_graph, graph, 200)),
                "path": charts.linking_path(graph),
                "links": links[:MAX_RING_LINKS],
                "links_total": len(links),
                "graphml": "data:application/graphml+xml;base64,"
                + base64.b64encode(text.encode()).decode(),
            }
        )
    return out
