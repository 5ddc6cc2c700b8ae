"""Tables of supervision: credit, tiers, measures, findings, the random audit and drift."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pandas as pd

from features.declaration import OPERATOR, ORDER, SESSION
from features.engine.snapshot import Snapshot
from features.graphs.rings import Rings
from serving.oversight import credit, drift, influence, overrides, random_audit
from serving.oversight.appeals.appeal_record import verdicts_before
from serving.oversight.complaints.cases import complaint_decisions, verified_complaints
from serving.oversight.grading.compliance import (
    TakenMeasures,
    automatic_measures,
    compliance,
    compliance_events,
)
from serving.oversight.grading.mcn_grades import mcn_grades
from serving.oversight.grading.patrol_grounds import goods, patrol_grounds, streamer_reach
from serving.oversight.measures.nightly_measures import nightly_measures
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.measures.subjects import measures_of_others
from serving.oversight.whole_tables import whole_tables
from serving.policy.schema import TierPolicy
from serving.scoring import scope
from serving.scoring.entity_scores import EntityScores
from serving.scoring.night_context import NightContext
from serving.scoring.score_rows import ANOMALY_MODEL
from serving.supervision.night_findings import finding_rows, worst_sessions_of
from serving.supervision.operator_decisions import decision_rows
from serving.supervision.operator_evidence import SupervisionInputs, strata
from serving.supervision.risk_change import risk_change
from serving.tiers.false_discovery import AccusationBound

MAX_IDS_PER_KIND = 10
MIN_SUSPICIOUS_PROBABILITY = 0.5


def supervision_tables(
    context: NightContext,
    tables: Snapshot,
    scored: dict[str, EntityScores],
    figures: pd.DataFrame,
    rings: Rings,
) -> tuple[dict[str, pd.DataFrame], AccusationBound]:
    """Tables that follow from scores and figures, by name, less the run's stamp.

    Beside them lies whether the bound on false discoveries could be met.
    """
    operators, policy = scored[OPERATOR], context.policy
    taken = measures_taken(context)
    points = _credit(context, tables, operators.signals.index, taken)
    inputs = supervision_inputs(context, tables, scored, figures, points)
    decisions, bound = decision_rows(context, operators, inputs)
    categories = {k: v.partition("|")[2] for k, v in inputs.stratum.items()}
    measures = nightly_measures(
        decisions,
        reasons_of(operators),
        suspicious_ids(tables, scored, rings),
        verdicts_before(context.lake, context.as_of),
        context.as_of,
        policy,
    )
    if context.previous is None:  # no night before has measures that could count (ADR-0379)
        automatic = automatic_measures(measures, taken.by_people, context.as_of)
        taken = replace(taken, automatic=automatic)
        points = _credit(context, tables, operators.signals.index, taken)
    found = {
        "credit": points,
        "tier_decisions": decisions,
        "measures": measures,
        "findings": finding_rows(context, tables),
        "mcns": mcn_grades(tables, decisions, figures, taken, context.as_of, policy),
        "audit_sample": random_audit.draw_audit_sample(
            tables, scored, decisions, context.run_id, policy.audit
        ),
        "drift": drift.drift(context.lake, context.previous_run, scored, categories, policy.audit),
    }
    return found, bound


def _credit(
    context: NightContext, tables: Snapshot, operators: pd.Index, taken: TakenMeasures
) -> pd.DataFrame:
    """Rows of `credit` by the measures that count."""
    counted = (taken.by_people, taken.automatic, taken.decided)
    return credit.credit(tables, operators, context.as_of, context.policy, *counted)


def measures_taken(context: NightContext) -> TakenMeasures:
    """Measures that count tonight: those of people, and the automatic ones of the night before."""
    state = read_measures(context.lake, context.as_of)
    before = context.previous
    published = None if before is None else before.rows("measures")
    automatic = automatic_measures(published, state, context.as_of)
    decided = complaint_decisions(context.lake, context.as_of)
    with whole_tables(context.lake, ["complaints"], context.as_of) as tables:
        verified = verified_complaints(tables.get("complaints"), decided)
    return TakenMeasures(state, automatic, decided, verified)


def supervision_inputs(
    context: NightContext,
    tables: Snapshot,
    scored: dict[str, EntityScores],
    figures: pd.DataFrame,
    points: pd.DataFrame,
) -> SupervisionInputs:
    """Inputs of decisions besides tonight's scores.

    Parameters
    ----------
    context
        Context of the night.
    tables
        dict[str, Any] of the night.
    scored
        Scores by kind of entity.
    figures
        Corrected figures.
    points
        Rows of `credit`.
    """
    operators, floors, as_of = scored[OPERATOR], context.policy.floors, context.as_of
    index, policy, stratum = operators.signals.index, context.policy, strata(tables)
    taken = measures_taken(context)
    categories = {o: name.partition("|")[2] for o, name in stratum.items()}
    records = pd.DataFrame(
        {
            "compliance": compliance(tables, index, taken, as_of, policy),
            "goods": goods(categories, index, policy),
        }
    )
    components = influence.components(
        operators.signals,
        operators.probability,
        figures,
        points.set_index("operator_id")["credit"],
        influence.boost_spend(tables, index),
        records,
    )
    events = compliance_events(tables, taken, as_of, policy)
    grounds = patrol_grounds(components, streamer_reach(tables, index), events, as_of, policy)
    warnings = overrides.warnings_in_force(context.lake, as_of, floors.days)
    p_values, is_extreme = conformal_test(operators)
    won = taken.by_people.cleared(as_of, policy.appeal.cleared_days)
    return SupervisionInputs(
        components,
        stratum,
        overrides.notice_floors(tables, warnings, as_of, floors).to_dict(),
        overrides.overrides_in_force(context.lake, as_of),
        risk_change(context, operators),
        p_values,
        is_extreme,
        worst_sessions_of(scored, tables, won),
        false_shares(scored, context.policy.tiers),
        0.0 if operators.release is None else float(operators.release.reference_set.weight.sum()),
        taken.by_people.floors(as_of, policy),
        grounds,
        won,
        measures_of_others(tables, taken.by_people, as_of, policy),
    )


def false_shares(scored: dict[str, EntityScores], policy: TierPolicy) -> dict[str, pd.Series]:
    """Expected share of false ones among recent sessions and orders, by kind: index operator.

    It is the mean of calibrated probabilities. Operators with little history have none.
    """
    out = {}
    for entity, fewest in ((SESSION, policy.cold_sessions), (ORDER, policy.cold_orders)):
        if entity not in scored:
            continue
        found = scored[entity]
        # sessions of two weeks have no pooled probability
        known = (found.view_adjusted if entity == SESSION else found.probability).dropna()
        if found.context.owner is None or known.empty:
            continue
        by_owner = known.groupby(found.context.owner.reindex(known.index))
        out[entity] = by_owner.mean()[by_owner.size() >= fewest]
    return out


def conformal_test(operators: EntityScores) -> tuple[pd.Series | None, pd.Series | None]:
    """Conformal p-value of each operator, and whether it is extreme (ADR-0019).

    Both are None where no model was asked, and where no verdicts made a reference set.
    """
    released, index = operators.release, operators.signals.index
    if released is None:
        return None, None
    reference = released.reference_set
    if not len(reference.raw):
        return None, None
    own = operators.model_rows["own_probability"].reindex(index).fillna(0.0).to_numpy()
    raw = reference.align(released.raw(operators.signals[released.columns].to_numpy()), 1.0 - own)
    return (
        pd.Series(reference.p_value(raw), index=index),
        pd.Series(reference.is_extreme(raw), index=index),
    )


def reasons_of(scored: EntityScores) -> dict[str, list[dict[str, Any]]]:
    """Reasons of the model that decisions follow, by entity."""
    return {k: json.loads(v) for k, v in scored.model_rows["reasons"].dropna().items()}


def suspicious_ids(
    tables: Snapshot, scored: dict[str, EntityScores], rings: Rings
) -> dict[str, dict[str, list[str]]]:
    """Most suspicious sessions and orders of each operator, and rings in its sessions."""
    out: dict[str, dict[str, list[str]]] = {}
    for entity, name in scope.OWNED.items():
        if entity not in scored or scored[entity].model == ANOMALY_MODEL or name not in tables:
            continue
        p = scored[entity].probability
        top = p[p >= MIN_SUSPICIOUS_PROBABILITY].sort_values(ascending=False, kind="stable")
        if top.empty:
            continue
        owner = scope.owners_of(tables, entity, top.index)
        for operator, ids in owner.groupby(owner):
            out.setdefault(str(operator), {})[name] = ids.index.tolist()[:MAX_IDS_PER_KIND]
    for operator, group in rings.shops.groupby("operator_id"):
        ring_ids = sorted(group["ring_id"])[:MAX_IDS_PER_KIND]
        out.setdefault(str(operator), {})["rings"] = ring_ids
    return out
