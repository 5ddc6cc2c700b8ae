"""The report of a night: one HTML page that needs nothing else, in Chinese and English."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import pyarrow.parquet as pq

from data_contracts.verification.published_run import unfinished_run
from features.graphs.rings import Rings
from serving.ledger.hash_chain import read_records
from serving.oversight import random_audit
from serving.report import charts
from serving.report.dossier import DossierInput, dossiers
from serving.report.sections import (
    MAX_FAILURES,
    MAX_QUEUE_OPERATORS,
    MAX_TIER_CHANGES,
    contract_failures,
    freshness,
    gate_parity,
    patrol_queue,
    ring_sections,
    selection_counts,
    tier_changes,
    tier_counts,
    tier_flows,
    worst_sessions,
)
from serving.report.words import bilingual, measure_words, word
from serving.scoring.night_context import NightContext
from serving.scoring.scope import nights_before
from serving.tiers.false_discovery import AccusationBound, bound_words

MAX_DOSSIERS, MAX_DRIFT_ROWS, MAX_MCNS, MAX_PARITY_ROWS = 8, 12, 8, 12


@dataclass(frozen=True)
class ReportInput:
    """Input of the page beside the tables of the night: context, input of dossiers, rings."""

    context: NightContext
    files: DossierInput
    rings: Rings


def _read_table(folder: Path, name: str) -> pd.DataFrame:
    return pq.read_table(folder / f"{name}.parquet").to_pandas()


def write_report(folder: Path, report: ReportInput) -> Path:
    """Write `report.html` of a run from its published tables; returns its path."""
    tables, context = report.files.tables, report.context
    decisions, scores = _read_table(folder, "tier_decisions"), _read_table(folder, "scores")
    run, drift = _read_table(folder, "runs").iloc[0], _read_table(folder, "drift")
    order = patrol_queue(decisions, scores)
    by_operator = decisions.set_index("operator_id")
    queue, rest = order[:MAX_QUEUE_OPERATORS], order[MAX_QUEUE_OPERATORS:]
    rest = [o for o in rest if by_operator.at[o, "tier"] > "A"]
    failures, mcns = contract_failures(context.lake), _read_table(folder, "mcns")
    moves = tier_changes(decisions)
    heads = [
        h for h in read_records(context.lake.decision_heads) if h["run_id"] == context.previous_run
    ]
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FunctionLoader(
            lambda name: (resources.files("serving.report") / "templates" / name).read_text("utf-8")
        ),
    )
    environment.filters["known"] = format_known
    environment.globals |= {
        "both": bilingual,
        "word": word,
        "measure": lambda code: measure_words(code, context.policy),
    }
    text = environment.get_template("report.html.j2").render(
        run=run.to_dict(),
        models=json.loads(run["models"]),
        missing=json.loads(run["tables_missing"]),
        unknown=json.loads(run["signals_unknown"]),
        without_peers=json.loads(run["without_peers"]),
        fresh=freshness(tables),
        failures=failures[:MAX_FAILURES],
        failures_total=len(failures),
        suspicions=json.loads(run["suspicions"]),
        basis=json.loads(run["basis"]),
        bars=charts.in_both_languages(partial(charts.tier_bar_chart, tier_counts(decisions))),
        flows=tier_flows(decisions),
        selected=selection_counts(decisions),
        bound=bound_words(
            AccusationBound(run["cleared_operators"], run["cleared_operators_missing"])
        ),
        moves=moves[:MAX_TIER_CHANGES],
        moved=len(moves),
        above_a=int((decisions["tier"] > "A").sum()),
        places={o: i for i, o in enumerate(queue[:MAX_DOSSIERS], 1)},
        rest=by_operator.loc[rest].reset_index().to_dict("records"),
        queue=by_operator.loc[queue]
        .reset_index()
        .assign(why=lambda d: d["why"].map(json.loads))
        .to_dict("records"),
        dossiers=dossiers(report.files, decisions, folder, queue[:MAX_DOSSIERS]),
        sessions=worst_sessions(scores, tables),
        rings=ring_sections(report.rings),
        rings_total=len(report.rings.rings),
        findings=_read_table(folder, "findings").to_dict("records"),
        mcns=mcns.sort_values(["p_value", "mcn_id"]).head(MAX_MCNS).to_dict("records"),
        mcns_total=len(mcns),
        audit=_audit_figures(folder, report).to_dict("records"),
        sample=len(_read_table(folder, "audit_sample")),
        drift=drift[drift["drifted"]]
        .sort_values("psi", ascending=False)
        .head(MAX_DRIFT_ROWS)
        .to_dict("records"),
        drifted=int(drift["drifted"].sum()),
        compared=len(drift),
        parity=gate_parity(context.lake, context.date),
        max_parity_rows=MAX_PARITY_ROWS,
        head=heads[-1] if heads else None,
        policy=context.policy,
    )
    path = folder / "report.html"
    path.write_text(text, encoding="utf-8")
    return path


def _audit_figures(folder: Path, report: ReportInput) -> pd.DataFrame:
    """Estimates of the random audit over four weeks, without rows where nothing was judged."""
    tables, context = report.files.tables, report.context
    if not {"outcomes", "sessions"} <= set(tables):
        return pd.DataFrame()
    owner = (
        tables["sessions"]
        .select("session_id", "operator_id")
        .to_pandas()
        .set_index("session_id")["operator_id"]
    )
    nights = [unfinished_run(folder), *nights_before(context.lake, context.previous_run, 27)]
    verdicts = random_audit.audited_verdicts(tables["outcomes"].to_pandas(), owner, nights)
    return random_audit.estimates(verdicts, context.policy.boost.review)


def format_known(value: Any, form: str = "%.2f") -> str:
    """A number in a form, or the word unknown."""
    return word("unknown") if value is None or value != value else form % value
