"""The integrity report of a period: inflation by category, measures, appeals, complaints, networks.

Every figure follows from published nights and from the record. The report names the runs that it
read and the digest of each, so that anybody who holds the lake can compute it again.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.parquet import digest_file
from data_contracts.runs import published_run, published_runs, read_outbound
from features.engine.snapshot import Snapshot
from serving.oversight.appeals.appeal_record import Appeal, list_appeals
from serving.oversight.grading.mcn_grades import FOLLOWERS_WORDS
from serving.oversight.measures.state import UNDONE, WON
from serving.oversight.reports.measure_report import Period, taken_measures
from serving.oversight.whole_tables import whole_tables
from serving.policy.schema import Policy

INFLATION_COLUMNS = (
    *("category", "measure", "unit", "sessions", "counted", "estimate", "low", "high"),
    *("inflation", "inflation_low", "inflation_high"),
)


def integrity_report(
    folder: LakeOrFolder, period: Period, now: datetime, policy: Policy
) -> dict[str, Any]:
    """The report of a period.

    Parameters
    ----------
    folder
        The lake.
    period
        Nights from its start on, before its end.
    now, policy
        Moment of the report, which statuses and open appeals follow, and the policy in force.
    """
    lake = Lake.open(folder)
    nights = [n for n in published_runs(lake) if period.contains(n)]
    return {
        "from": period.start.date().isoformat(),
        "to": period.end.date().isoformat(),
        "made_at": now.isoformat(timespec="seconds"),
        "policy_version": policy.version,
        "policy_sha256": policy.sha256,
        "nights": [
            {
                "date": n,
                "run_id": published_run(lake, n).run_id,
                "assurance": published_run(lake, n).assurance.value,
            }
            for n in nights
        ],
        "record_sha256": {
            path.name: digest_file(path) for path in (lake.measures, lake.appeals) if path.exists()
        },
        "inflation_by_category": inflation_by_category(lake, nights, now),
        "measures": measures_of(lake, nights, period, now),
        "appeals": appeals_of(list_appeals(lake, now), period),
        "complaints": complaints_of(lake, period, now),
        "networks": networks_of(lake, nights),
    }


def inflation_by_category(lake: Lake, nights: list[str], now: datetime) -> list[dict[str, Any]]:
    """Counted and corrected figures of all sessions of a period, by category and measure.

    Low and high add the ends of the sessions' intervals. They hold even where all errors go one
    way, so that they are wider than an interval of independent errors.
    """
    parts = [read_outbound(lake, "corrected_figures", n) for n in nights]
    parts = [p[p["entity_kind"] == "session"] for p in parts if len(p)]
    if not parts:
        return []
    figures = pd.concat(parts, ignore_index=True)
    figures = figures.drop_duplicates(["entity_id", "measure"], keep="last")
    category = category_of_session(Snapshot.open(lake, now))
    figures = figures.assign(category=figures["entity_id"].map(category).fillna("unknown"))
    sums = figures.groupby(["category", "measure", "unit"], as_index=False).agg(
        sessions=("entity_id", "nunique"),
        counted=("counted", "sum"),
        estimate=("estimate", "sum"),
        low=("low", "sum"),
        high=("high", "sum"),
    )
    counted = sums["counted"].where(sums["counted"] > 0)
    for name, end in (
        ("inflation", "estimate"),
        ("inflation_low", "high"),
        ("inflation_high", "low"),
    ):
        sums[name] = (1.0 - sums[end] / counted).clip(lower=0.0).round(6)
    for name in ("counted", "estimate", "low", "high"):
        sums[name] = sums[name].round(2)
    found = sums[list(INFLATION_COLUMNS)].astype(object)
    return found.where(found.notna(), None).to_dict("records")


def category_of_session(tables: Snapshot) -> dict[str, str]:
    """Category of the operator of each session; empty where tables lack."""
    if not {"sessions", "operators"} <= set(tables):
        return {}
    sessions = tables["sessions"].select("session_id", "operator_id").to_pandas()
    operators = tables["operators"].select("operator_id", "category").to_pandas()
    both = sessions.merge(operators, on="operator_id").dropna(subset="category")
    return dict(zip(both["session_id"], both["category"], strict=True))


def measures_of(
    lake: Lake, nights: list[str], period: Period, now: datetime
) -> dict[str, list[dict[str, Any]]]:
    """Measures by code and article: those of people, and automatic ones by night and operator."""
    taken = [
        (m["code"], m["article"], m["status"])
        for m in taken_measures(lake, now)
        if period.contains(m["effective_from"]) and m["status"] != UNDONE
    ]
    by_people = pd.DataFrame(taken, columns=["code", "article", "status"])
    parts = [read_outbound(lake, "measures", n) for n in nights]
    automatic = pd.concat([p for p in parts if len(p)]) if any(map(len, parts)) else None
    out: dict[str, list[dict[str, Any]]] = {"by_people": _counts(by_people), "automatic": []}
    if automatic is not None:
        chosen = automatic[automatic["automatic"].to_numpy(dtype=bool)]
        per_code = chosen.groupby(["code", "article"], as_index=False).agg(
            nights=("run_id", "nunique"),
            operators=("operator_id", "nunique"),
            count=("measure_id", "nunique"),
        )
        out["automatic"] = per_code.to_dict("records")
    return out


def _counts(frame: pd.DataFrame) -> list[dict[str, Any]]:
    by = list(frame.columns)
    return (
        frame.groupby(by, as_index=False)
        .size()
        .rename(columns={"size": "count"})
        .to_dict("records")
    )


def appeals_of(appeals: Iterable[Appeal], period: Period) -> dict[str, Any]:
    """Appeals opened in a period: decided, won, late, and days to decide (middle, longest)."""
    mine = [a for a in appeals if period.contains(a.opened_at)]
    days = [
        (datetime.fromisoformat(a.decided_at) - datetime.fromisoformat(a.opened_at)).total_seconds()
        / 86_400.0
        for a in mine
        if a.decided_at is not None
    ]
    won = sum(a.verdict == WON for a in mine)
    return {
        "opened": len(mine),
        "decided": len(days),
        "won": won,
        "share_won": round(won / len(days), 6) if days else None,
        "late": sum(a.breached for a in mine),
        "median_days_to_decide": round(float(np.median(days)), 3) if days else None,
        "longest_days_to_decide": round(max(days), 3) if days else None,
    }


def complaints_of(lake: Lake, period: Period, now: datetime) -> dict[str, int] | None:
    """Complaints opened in a period by their state; None where none are delivered."""
    if not lake.files("complaints"):
        return None
    with whole_tables(lake, ["complaints"], now) as tables:
        c = tables["complaints"].select("opened_at", "closed_at", "upheld").to_pandas()
    opened = pd.to_datetime(c["opened_at"])
    mine = c[(opened >= period.start) & (opened < period.end)]
    upheld = mine["upheld"].astype("boolean")
    return {
        "opened": len(mine),
        "closed": int(mine["closed_at"].notna().sum()),
        "upheld": int(upheld.fillna(False).sum()),
        "not_upheld": int((~upheld).fillna(False).sum()),
    }


def networks_of(lake: Lake, nights: list[str]) -> dict[str, int]:
    """Networks by grade in the last night of a period; `ungraded` where nothing is known."""
    if not nights:
        return {}
    rows = read_outbound(lake, "mcns", max(nights))
    if "grade" not in rows:  # a night of an earlier version
        return {}
    grades = rows["grade"].fillna("ungraded").value_counts().sort_index()
    return {str(k): int(v) for k, v in grades.items()}


def integrity_page(report: dict[str, Any]) -> str:
    """The report as one HTML page without scripts."""
    inflation = pd.DataFrame(report["inflation_by_category"], columns=INFLATION_COLUMNS)
    parts = [
        f"<h1>Integrity report 诚信报告, {report['from']} to {report['to']}</h1>",
        f"<p>Made {report['made_at']} by policy {html.escape(report['policy_version'])} from "
        f"{len(report['nights'])} published nights.</p>",
        "<h2>Inflation by category 分类目虚增</h2>",
        _table(inflation),
        "<h2>Measures of people 人工处置</h2>",
        _table(pd.DataFrame(report["measures"]["by_people"])),
        "<h2>Automatic measures 自动处置</h2>",
        _table(pd.DataFrame(report["measures"]["automatic"])),
        "<h2>Appeals 申诉</h2>",
        _table(pd.DataFrame([report["appeals"]])),
        "<h2>Complaints 投诉</h2>",
        _table(pd.DataFrame([report["complaints"]] if report["complaints"] else [])),
        "<h2>Networks by grade 机构分级</h2>",
        _table(pd.DataFrame([report["networks"]] if report["networks"] else [])),
        f"<p>{FOLLOWERS_WORDS[1][0].upper()}{FOLLOWERS_WORDS[1][1:]}. {FOLLOWERS_WORDS[0]}。</p>",
        "<h2>Nights 依据</h2>",
        _table(pd.DataFrame(report["nights"])),
    ]
    head = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Integrity report'
    style = "<style>body{font-family:sans-serif}td,th{padding:2px 8px;text-align:left}</style>"
    return f"{head}</title>{style}</head><body>\n" + "\n".join(parts) + "\n</body></html>\n"


def _table(frame: pd.DataFrame) -> str:
    if frame.empty:
        return "<p>none</p>"
    return str(frame.to_html(index=False, border=0, escape=True, na_rep="unknown"))
