"""Verdicts that patrols reach about entities of a family: late, selective, sometimes wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

DAY_SECONDS = 86_400.0


@dataclass(frozen=True)
class VerdictPlan:
    """How many verdicts there are, how they are chosen and how often they err."""

    count: int
    audit_share: float
    wrong_share: float
    delay_days: float
    skill: float


def draw_verdict_plan(r: np.random.Generator) -> VerdictPlan:
    """Draw a plan of 0 to 400 verdicts, of which up to 8 % are wrong."""
    return VerdictPlan(
        count=0 if r.random() < 0.12 else int(400 * r.random() ** 1.4),
        audit_share=float(r.uniform(0.05, 0.5)),
        wrong_share=float(r.uniform(0.0, 0.08)),
        delay_days=float(r.uniform(0.5, 4.0)),
        skill=float(r.uniform(0.2, 1.2)),
    )


def draw_verdicts(
    r: np.random.Generator, plan: VerdictPlan, candidates: pd.DataFrame, until: float
) -> pd.DataFrame:
    """Choose candidates for judgement and judge them.

    Parameters
    ----------
    r
        Source of chance.
    plan
        Number, selection and errors of the verdicts.
    candidates
        Columns entity_kind, entity (int), typology, false (bool), oddity (what a patrol sees, any
        scale), ended (seconds since the epoch). One row an entity and typology.
    until
        End of the lake. Verdicts that would be reached later do not exist.

    Returns
    -------
    Columns entity_kind, entity, typology, verdict, decided, source.
    """
    n = len(candidates)
    decided = candidates["ended"].to_numpy() + DAY_SECONDS * plan.delay_days * np.exp(
        r.normal(0.0, 0.6, n)
    )
    oddity = candidates["oddity"].rank(pct=True).to_numpy()
    # a patrol reacts to what shows, and to tips that know a little of the truth
    rank = oddity + plan.skill * candidates["false"].to_numpy() * r.random(n) + r.normal(0, 0.25, n)
    rank[decided >= until] = -np.inf
    audited = r.random(n)
    audited[decided >= until] = np.inf
    count = min(plan.count, int((decided < until).sum()))
    by_audit = min(round(plan.audit_share * count), count)
    audit = np.argsort(audited, kind="stable")[:by_audit]
    rank[audit] = -np.inf
    patrol = np.argsort(-rank, kind="stable")[: count - by_audit]
    chosen = np.concatenate([audit, patrol]).astype(int)
    wrong = r.random(len(chosen)) < plan.wrong_share
    confirmed = candidates["false"].to_numpy()[chosen] ^ wrong
    by_appeal = (r.random(len(chosen)) < 0.03) & ~confirmed
    source = np.where(np.arange(len(chosen)) < by_audit, "random_audit", "patrol")
    return pd.DataFrame(
        {
            "entity_kind": candidates["entity_kind"].to_numpy()[chosen],
            "entity": candidates["entity"].to_numpy()[chosen],
            "typology": candidates["typology"].to_numpy()[chosen],
            "verdict": np.where(confirmed, "confirmed", "cleared"),
            "decided": decided[chosen],
            "source": np.where(by_appeal, "appeal", source),
        }
    )
