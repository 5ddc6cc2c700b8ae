"""From scores to supervision: the tables of a night that say what follows, beside the scores themselves."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from data_contracts.lake import Lake
from features.declaration import OPERATOR, SESSION
from features.engine.snapshot import Snapshot
from features.graphs.ring_merging import Rings
from serving.oversight import credit, drift, findings, influence, measures, overrides, random_audit
from serving.oversight.appeals import verdicts_before
from serving.policy.schema import Policy
from serving.scoring import scope
from serving.scoring.nightly_scores import Scored
from serving.supervision import operator_decisions
from serving.supervision.risk_change import risk_before, signals_before, split_of, with_shown
from training.release.artefact import Released


@dataclass(frozen=True)
class Stand:
    """Where a night stands: its lake, run, moment, the run before it, and the policy in force."""

    lake: Lake
    run_id: str
    as_of: datetime
    before: str | None
    policy: Policy


def _conformal(
    operators: Scored, released: Released | None
) -> tuple[pd.Series | None, pd.Series | None]:
    """Share of honest operators that look at least as suspicious as each, and whether hardly one does, where honest ones are known."""
    if released is None or operators.main != released.model.name:
        return None, None
    honest, index = released.honest, operators.signals.index
    cheating = operators.judged["own_probability"].reindex(index).fillna(0.0).to_numpy()
    raw = honest.at_home(
        released.raw(operators.signals[released.columns].to_numpy()), 1.0 - cheating
    )
    return pd.Series(honest.p_value(raw), index=index), pd.Series(honest.rarest(raw), index=index)


def context_of(
    stand: Stand,
    tables: Snapshot,
    operators: Scored,
    sessions: Scored | None,
    figures: pd.DataFrame,
    points: pd.DataFrame,
    ranker: Released | None,
    old: Released | None,
) -> operator_decisions.Context:
    """What is known of operators beside tonight's scores."""
    p, index = stand.policy, operators.signals.index
    spent = influence.boost_spend(tables, index)
    parts = influence.components(
        operators.signals,
        operators.probability(),
        figures,
        points.set_index("operator_id")["credit"],
        spent,
    )
    elsewhere = overrides.warnings_in_force(stand.lake, stand.as_of, p.floors.days)
    split = pd.DataFrame(columns=["behaviour", "data", "model"])
    if ranker is not None:
        split = split_of(
            operators.signals,
            signals_before(stand.lake, stand.before, list(operators.signals.columns)),
            ranker,
            old,
        )
        split = with_shown(split, operators.judged, risk_before(stand.lake, stand.before))
    return operator_decisions.Context(
        parts,
        operator_decisions.strata(tables),
        overrides.notice_floors(tables, elsewhere, stand.as_of, p.floors).to_dict(),
        overrides.overrides_in_force(stand.lake, stand.as_of),
        split,
        *_conformal(operators, ranker),
        worst=None if sessions is None else sessions.worst,
    )


def reasons_of(scored: dict[str, Scored], entity: str) -> dict[str, list[dict[str, Any]]]:
    """Reasons of the main model of one kind of entity, by entity."""
    if entity not in scored:
        return {}
    return {k: json.loads(v) for k, v in scored[entity].judged["reasons"].dropna().items()}


def evidence_of(
    tables: Snapshot, scored: dict[str, Scored], rings: Rings, most: int = 10
) -> dict[str, dict[str, list[str]]]:
    """Most suspicious sessions and orders of each operator tonight, and the rings that met it, as ids."""
    out: dict[str, dict[str, list[str]]] = {}
    for entity, name in scope.OWNED.items():
        if entity not in scored or scored[entity].main == "deviance" or name not in tables:
            continue
        p = scored[entity].probability()
        top = p[p >= 0.5].sort_values(ascending=False, kind="stable")
        if top.empty:
            continue
        owner = scope.owners_of(tables, entity, top.index)
        for operator, ids in owner.groupby(owner):
            out.setdefault(str(operator), {})[name] = ids.index.tolist()[:most]
    for operator, group in rings.shops.groupby("operator_id"):
        out.setdefault(str(operator), {})["rings"] = sorted(group["ring_id"])[:most]
    return out


def supervision_tables(
    stand: Stand,
    tables: Snapshot,
    scored: dict[str, Scored],
    figures: pd.DataFrame,
    rings: Rings,
    old: Released | None,
) -> dict[str, pd.DataFrame]:
    """Credit, tiers, measures, findings, networks, the audit sample and drift, less the run's stamp."""
    operators, p = scored[OPERATOR], stand.policy
    points = credit.credit(tables, operators.signals.index, stand.as_of, p)
    ranker = operators.released
    context = context_of(
        stand, tables, operators, scored.get(SESSION), figures, points, ranker, old
    )
    decisions = operator_decisions.decide_night(
        stand.lake, stand.before, operators, context, ranker, p
    )
    known = findings.known_risk(tables, stand.lake, stand.before, stand.as_of, p.findings)
    duties = [
        findings.traffic_to_known_risk(tables, known, stand.as_of - random_audit.NIGHT),
        findings.review_suppression(tables, p.findings),
    ]
    duties = [d for d in duties if len(d)]
    return {
        "credit": points,
        "tier_decisions": decisions,
        "measures": measures.nightly_measures(
            decisions,
            reasons_of(scored, OPERATOR),
            evidence_of(tables, scored, rings),
            verdicts_before(stand.lake, stand.as_of),
            stand.as_of,
            p,
        ),
        "findings": pd.concat(duties, ignore_index=True) if duties else pd.DataFrame(),
        "mcns": findings.mcn_rollup(tables, decisions),
        "audit_sample": random_audit.draw_audit_sample(
            tables, scored, decisions, stand.run_id, p.audit
        ),
        "drift": drift.drift(
            stand.lake,
            stand.before,
            scored,
            {k: v.partition("|")[2] for k, v in context.stratum.items()},
            p.audit,
        ),
    }
