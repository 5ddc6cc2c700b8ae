"""What-if: tiers that another policy would have given on published evidence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.runs import published_runs
from data_contracts.verification.published_run import PublishedRun
from data_contracts.verification.run_opening import open_run
from serving.policy.schema import Policy
from serving.supervision.operator_decisions import clean_nights_after
from serving.supervision.previous_night import previous_decisions
from serving.tiers.decision import Decision, decide
from serving.tiers.evidence import OperatorEvidence

COUNTS = ("operator_session_count", "operator_order_count", "operator_view_count")


@dataclass(frozen=True)
class NightDecidedAgain:
    """A published night and what a policy would have decided of its evidence.

    `published` has the rows of `tier_decisions`, index operator_id. `evidence` and `decisions`
    stand in its order; the evidence follows the tiers that the policy gave the night before.
    """

    night: str
    run: PublishedRun
    published: pd.DataFrame
    evidence: list[OperatorEvidence]
    decisions: list[Decision]

    @property
    def moved(self) -> list[tuple[str, str, str]]:
        """Operators with another tier: id, published tier, tier under the policy."""
        tiers = zip(self.published.index, self.published["tier"], self.decisions, strict=True)
        return [(operator, tier, d.tier) for operator, tier, d in tiers if d.tier != tier]


def what_if(folder: LakeOrFolder, first: date, last: date, policy: Policy) -> pd.DataFrame:
    """Operators that would have another tier under a policy, night by night.

    Returns
    -------
    pd.DataFrame
        date, operator_id, tier, would_be.

    Raises
    ------
    LakeProblem
        No night of the period is published.
    """
    lake = Lake.open(folder)
    nights = [d for d in sorted(published_runs(lake)) if str(first) <= d <= str(last)]
    if not nights:
        raise LakeProblem(f"{lake} has no published night from {first} to {last}")
    rows = [
        (again.night, *move) for again in decide_again(lake, nights, policy) for move in again.moved
    ]
    return pd.DataFrame(rows, columns=["date", "operator_id", "tier", "would_be"])


def decide_again(lake: Lake, nights: list[str], policy: Policy) -> Iterator[NightDecidedAgain]:
    """Decide published nights again under a policy, the oldest first.

    Each night follows the tiers that the policy itself gives the night before. The first follows
    those that were in force. Raises LakeProblem for a night that cannot be read.
    """
    runs = published_runs(lake)
    before = open_run(lake, runs[nights[0]], nights[0]).manifest["before"]
    previous = previous_decisions(None if before is None else open_run(lake, before))
    for night in nights:
        run = open_run(lake, runs[night], night)
        published = run.rows("tier_decisions").set_index("operator_id")
        evidence = [replace(e, **previous.get(e.operator_id, {})) for e in published_evidence(run)]
        version = str(published["model_version"].iloc[0]) if len(published) else "none"
        decisions = decide(evidence, policy, version)
        for e, d in zip(evidence, decisions, strict=True):
            previous[e.operator_id] = {
                "previous_tier": d.tier,
                "previous_risk": e.risk,
                "previous_model": version,
                "previous_policy": policy.version,
                "clean_nights": clean_nights_after(e, d),
            }
        yield NightDecidedAgain(night, run, published, evidence, decisions)


def published_evidence(run: PublishedRun) -> list[OperatorEvidence]:
    """Evidence that a night decided on, from its published tables."""
    decisions = run.rows("tier_decisions")
    signals = run.rows("signals", filters=[("entity_kind", "==", "operator")])
    known = signals[signals["signal"].isin(COUNTS)]
    counts = known.pivot(index="entity_id", columns="signal", values="value")
    return [
        _evidence(r, json.loads(r.why), {n: _cell(counts, r.operator_id, n) for n in COUNTS})
        for r in decisions.itertuples(index=False)
    ]


def _evidence(row: Any, why: dict[str, Any], counts: dict[str, float | None]) -> OperatorEvidence:
    """Evidence on one operator. Nights of earlier versions lack some keys of `why`."""
    sessions, orders, views = (counts[name] for name in COUNTS)
    worst, override = why.get("session") or {}, why.get("override") or {}
    return OperatorEvidence(
        row.operator_id,
        _known(row.risk),
        _known(row.influence),
        int(why.get("facts", 0)),
        sessions,
        orders,
        beneficiary=row.attribution,
        p_value=_known(row.p_value),
        is_extreme=bool(why["rarest"]),
        stratum=why.get("stratum", ""),
        floor=why.get("floor"),
        override=override.get("tier"),
        contested=bool(why.get("contested", False)),
        mostly_orders=bool(why.get("by_orders", True)),
        views=views,
        anomaly_score=float(why.get("deviance", 0.0)),
        worst_session_probability=worst.get("probability"),
        worst_session=worst.get("id", ""),
        false_session_share=why.get("false_sessions"),
        false_order_share=why.get("false_orders"),
    )


def _cell(frame: pd.DataFrame, row: str, column: str) -> float | None:
    if row not in frame.index or column not in frame:
        return None
    return _known(frame.at[row, column])


def _known(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
