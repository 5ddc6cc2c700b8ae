"""Findings of a night, and the sessions that count after a won appeal."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from features.declaration import SESSION
from features.engine.snapshot import Snapshot
from serving.oversight import findings, random_audit
from serving.oversight.complaints.abuse import abusive_complainants, complainant_findings
from serving.oversight.complaints.cases import complaint_cases, complaint_decisions
from serving.oversight.measures.state import WonAppeal
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.successors import barred_operators, successor_findings, successors
from serving.scoring.entity_scores import EntityScores
from serving.scoring.night_context import NightContext
from serving.scoring.operator_history import worst_sessions


def worst_sessions_of(
    scored: dict[str, EntityScores], tables: Snapshot, won: Mapping[str, WonAppeal]
) -> pd.DataFrame | None:
    """Most probable session of each operator; after a won appeal, of those that began since."""
    if SESSION not in scored:
        return None
    worst, sessions = scored[SESSION].worst, scored[SESSION]
    if not won or worst.empty:
        return worst
    probability, owner = sessions.view_adjusted, sessions.owners
    affected = probability[owner.isin(list(won)).to_numpy()]
    of = owner.reindex(affected.index)
    started = tables["sessions"].filter(tables["sessions"].operator_id.isin(list(won)))
    starts = started.select("session_id", "started_at").to_pandas().set_index("session_id")
    since = of.map(lambda operator: pd.Timestamp(won[operator].evidence_until))
    is_new = starts["started_at"].reindex(affected.index) >= since
    found = worst_sessions(affected[is_new.to_numpy()], of[is_new.to_numpy()])
    return pd.concat([worst.drop(index=list(won), errors="ignore"), found]).sort_index()


def finding_rows(context: NightContext, tables: Snapshot) -> pd.DataFrame:
    """Traffic to known risks, suppressed reviews, successors, abused complaints: `findings`."""
    policy, as_of = context.policy, context.as_of
    night = context.date
    known = findings.known_risk(tables, context.lake, context.previous_run, as_of, policy)
    parts = [
        findings.traffic_to_known_risk(
            tables,
            known,
            as_of - random_audit.NIGHT,
            policy.cite("typology", "traffic_to_known_risk", night),
        ),
        findings.review_suppression(
            tables, policy.findings, policy.cite("typology", "review_suppression", night)
        ),
    ]
    barred = barred_operators(read_measures(context.lake, as_of), as_of, policy.findings)
    parts.append(
        successor_findings(
            successors(context.lake, as_of, barred, policy.findings),
            policy.cite("typology", "evasion_by_successor", night),
        )
    )
    if "complaints" in tables:
        decided = complaint_decisions(context.lake, as_of)
        cases = complaint_cases(tables, decided, policy.complaints)
        parts.append(
            complainant_findings(
                abusive_complainants(cases, policy.complaints),
                policy.cite("typology", "abusive_complaints", night),
            )
        )
    parts = [p for p in parts if len(p)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
