"""The dossier of an operator: reasons for and against, interval, history and unknown signals."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from features.catalogue import BY_NAME
from features.declaration import OPERATOR, SESSION
from features.engine.snapshot import Snapshot
from serving.oversight.influence import COMPONENTS
from serving.report import charts
from serving.scoring.entity_scores import EntityScores
from serving.scoring.night_context import NightContext
from serving.scoring.reasons import reason
from serving.scoring.scope import nights_before, owners_of
from serving.supervision.risk_intervals import risk_interval


@dataclass(frozen=True)
class DossierInput:
    """Context of a night, the scores of its operators, and its tables."""

    context: NightContext
    operators: EntityScores
    tables: Snapshot


def mitigating_reasons(
    files: DossierInput, operator: str, max_reasons: int = 3
) -> list[dict[str, Any]]:
    """Reasons that lower an operator's risk most (negative SHAP values), compared with peers."""
    if files.operators.release is None:
        return []
    columns = files.operators.release.columns
    x = files.operators.signals.loc[operator, columns].to_numpy(dtype=float)
    push = files.operators.release.trees.contributions(x[None, :], threads=1)[0]
    out: list[dict[str, Any]] = []
    for j in np.argsort(push, kind="stable"):
        if push[j] >= 0 or len(out) == max_reasons:
            break
        median = files.operators.peers.median(operator, columns[j])
        if np.isfinite(x[j]) and BY_NAME[columns[j]].speaks_for(x[j], median):
            out.append(reason(columns[j], x[j], median, -push[j] / -push[push < 0].sum()))
    return out


def granted_causes(tables: Snapshot, operators: list[str]) -> dict[str, dict[str, int]]:
    """Boosts bought and raids received, by operator: honest causes of bursts."""
    out: dict[str, dict[str, int]] = {o: {} for o in operators}
    for name, column, what in (
        ("boosts", "session_id", "boosts"),
        ("room_links", "to_session_id", "raids"),
    ):
        if not {name, "sessions"} <= set(tables):
            continue
        s = tables["sessions"]
        s = s.filter(s.operator_id.isin(operators)).select("operator_id", **{column: "session_id"})
        joined = tables[name].select(column).join(s, column)
        for r in (
            joined.group_by("operator_id")
            .aggregate(n=joined.count())
            .to_pandas()
            .itertuples(index=False)
        ):
            out[r.operator_id][what] = int(r.n)
    return out


def cleared_before(tables: Snapshot, operators: list[str]) -> dict[str, int]:
    """Verdicts known tonight that cleared a session or an order, by operator."""
    out = dict.fromkeys(operators, 0)
    if "outcomes" not in tables:
        return out
    o = tables["outcomes"]
    for kind in ("session", "order"):
        if f"{kind}s" not in tables:
            continue
        t = tables[f"{kind}s"]
        t = t.filter(t.operator_id.isin(operators)).select("operator_id", entity_id=f"{kind}_id")
        joined = o.filter((o.entity_kind == kind) & (o.verdict == "cleared")).join(t, "entity_id")
        for r in (
            joined.group_by("operator_id")
            .aggregate(n=joined.entity_id.nunique())
            .to_pandas()
            .itertuples(index=False)
        ):
            out[r.operator_id] += int(r.n)
    return out


def false_views_of(
    named: pd.DataFrame, tables: Snapshot, operators: list[str]
) -> dict[str, dict[str, Any]]:
    """Views named false tonight, by operator: their number and the sessions with most of them.

    `named` holds session_id, one row a view.
    """
    out: dict[str, dict[str, Any]] = {o: {"count": 0, "sessions": []} for o in operators}
    counts = named["session_id"].value_counts().rename("n").rename_axis("session_id")
    if counts.empty:
        return out
    owner = owners_of(tables, SESSION, counts.index)
    frame = counts.reset_index().assign(operator=owner.to_numpy())
    frame = frame[frame["operator"].isin(operators)]
    for operator, mine in frame.groupby("operator"):
        first = mine.sort_values(["n", "session_id"], ascending=[False, True]).head(3)
        out[str(operator)] = {
            "count": int(mine["n"].sum()),
            "sessions": [(r.session_id, int(r.n)) for r in first.itertuples(index=False)],
        }
    return out


def risk_history(files: DossierInput, tonight: pd.DataFrame, operators: list[str]) -> pd.DataFrame:
    """Risk, tier and model of operators on the nights that this one stands on, oldest first."""
    parts = []
    for run in nights_before(files.context.lake, files.context.previous_run, 27):
        d = run.rows(
            "tier_decisions", columns=["operator_id", "date", "risk", "tier", "model_version"]
        )
        parts.append(d[d["operator_id"].isin(operators)])
    now = tonight.loc[
        tonight["operator_id"].isin(operators),
        ["operator_id", "date", "risk", "tier", "model_version"],
    ]
    return pd.concat([*parts[::-1], now], ignore_index=True)


def counterfactual_words(down: dict[str, Any] | None) -> list[dict[str, str]]:
    """Signals of a published counterfactual in words, each with the median of its peers."""
    signals = down["signals"] if down else []
    return [BY_NAME[s["signal"]].reason(s["value"], s["usual"]) for s in signals]


def dossiers(
    files: DossierInput, decisions: pd.DataFrame, folder: Path, top: list[str]
) -> list[dict[str, Any]]:
    """One record for each operator in `top`, in that order, ready for the page."""
    scores = pq.read_table(
        folder / "scores.parquet", filters=[("entity_kind", "==", OPERATOR)]
    ).to_pandas()
    credit = pq.read_table(folder / "credit.parquet").to_pandas().set_index("operator_id")
    figures = pq.read_table(
        folder / "corrected_figures.parquet", filters=[("entity_kind", "==", OPERATOR)]
    ).to_pandas()
    measures = pq.read_table(folder / "measures.parquet").to_pandas().set_index("operator_id")
    past, causes, cleared = (
        risk_history(files, decisions, top),
        granted_causes(files.tables, top),
        cleared_before(files.tables, top),
    )
    named = pq.read_table(folder / "false_views.parquet", columns=["session_id"]).to_pandas()
    false_views = false_views_of(named, files.tables, top)
    pooling = files.operators.pooling_log_odds
    percentile = decisions.set_index("operator_id")["risk"].rank(pct=True)
    signals, d, out = files.operators.signals, decisions.set_index("operator_id"), []
    for operator in top:
        row, why = d.loc[operator], json.loads(d.at[operator, "why"])
        reasons = scores[(scores["entity_id"] == operator) & scores["reasons"].notna()][
            "reasons"
        ].map(json.loads)
        against = {r["signal"]: r for group in reasons for r in group}
        history = past[past["operator_id"] == operator]
        x = signals.loc[operator]
        columns = (
            files.operators.release.columns if files.operators.release else list(signals.columns)
        )
        out.append(
            {
                "operator": operator,
                "tier": row["tier"],
                "previous": row["previous_tier"],
                "risk": row["risk"],
                "interval": risk_interval(
                    files.operators.release,
                    x[columns].to_numpy(dtype=float),
                    float(pooling.get(operator, 0.0)),
                ),
                "percentile": percentile[operator],
                "harm": row["expected_harm"],
                "influence": row["influence"],
                "measure": row["measure"],
                "cold": row["cold_start"],
                "cause": row["cause"],
                "why": why,
                "down": counterfactual_words(why.get("down")),
                "components": {n: row[f"component_{n}"] for n in COMPONENTS},
                "credit": credit.loc[operator].to_dict(),
                "reasons": list(against.values())[:5],
                "for": mitigating_reasons(files, operator),
                "granted": causes[operator],
                "cleared": cleared[operator],
                "false_views": false_views[operator],
                "figures": figures[figures["entity_id"] == operator].to_dict("records"),
                "notice": measures.loc[[operator], ["notice_zh", "notice_en"]].iloc[0].to_dict()
                if operator in measures.index
                else None,
                "history": charts.in_both_languages(partial(charts.risk_history_chart, history))
                if history["risk"].notna().sum() > 1
                else None,
                "known": int(x[columns].notna().sum()),
                "of": len(columns),
                "unknown": [c for c in columns if not np.isfinite(x[c])][:8],
            }
        )
    return out
