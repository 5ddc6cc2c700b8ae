"""Challengers beside the models in service: agreement of their scores, and who would move."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from data_contracts.lake import Lake
from data_contracts.runs import published_run
from data_contracts.verification.published_run import PublishedRun
from data_contracts.verification.run_opening import open_run
from features.declaration import OPERATOR
from serving.nightly.what_if import published_evidence
from serving.policy.schema import Policy
from serving.supervision.previous_night import previous_decisions
from serving.tiers.decision import decide
from serving.tiers.evidence import TIERS

TOP_ENTITIES = 50  # entities that patrols look at first


@dataclass(frozen=True)
class Comparison:
    """A challenger beside the model in service, on one kind of entity of a night.

    Attributes
    ----------
    entity_kind, model
        What both score, and the model.
    version, challenger
        Versions of the model in service and of the challenger.
    entities
        Entities that both scored.
    rank_correlation
        Spearman's correlation of their probabilities; None for fewer than two.
    mean_difference
        Mean absolute difference of the probabilities.
    top, shared
        Entities at the top of each, and how many both have there.
    """

    entity_kind: str
    model: str
    version: str
    challenger: str
    entities: int
    rank_correlation: float | None
    mean_difference: float
    top: int
    shared: int


@dataclass(frozen=True)
class ChallengersOfNight:
    """All comparisons of a night, and operators that the challenger's risk would move.

    `moves`: operator_id, before, after, risk, challenger_risk; the largest difference first.
    """

    night: str
    comparisons: list[Comparison]
    moves: list[dict[str, Any]]


def challengers_of_night(
    lake: Lake, policy: Policy, night: str | None = None
) -> ChallengersOfNight:
    """Challengers of a published night beside its models, the latest when None.

    Raises
    ------
    LakeProblem
        No such night is published.
    """
    run = published_run(lake, night)
    date = str(run.manifest.get("identity", {}).get("date") or night or "")
    shadow = run.table("shadow_scores")
    if shadow is None or shadow.num_rows == 0:
        return ChallengersOfNight(date, [], [])
    challenger = shadow.to_pandas()
    columns = ["entity_kind", "entity_id", "model", "model_version", "probability"]
    served = run.rows("scores", columns=columns)
    keys = ["entity_kind", "model", "entity_id"]
    both = challenger[columns].merge(served, on=keys, suffixes=("_new", "_old"))
    comparisons = [_comparison(k, m, rows) for (k, m), rows in both.groupby(keys[:2])]
    risks = both[both["entity_kind"] == OPERATOR].set_index("entity_id")["probability_new"]
    return ChallengersOfNight(date, comparisons, _moves(lake, run, risks, policy))


def _comparison(kind: str, model: str, rows: pd.DataFrame) -> Comparison:
    old, new = rows["probability_old"], rows["probability_new"]
    top = min(TOP_ENTITIES, len(rows))
    first = [set(rows.assign(p=p).nlargest(top, "p")["entity_id"]) for p in (old, new)]
    correlation = old.corr(new, method="spearman") if len(rows) > 1 else float("nan")
    return Comparison(
        str(kind),
        str(model),
        str(rows["model_version_old"].iloc[0]),
        str(rows["model_version_new"].iloc[0]),
        len(rows),
        None if correlation != correlation else float(correlation),
        float((old - new).abs().mean()),
        top,
        len(first[0] & first[1]),
    )


def _moves(lake: Lake, run: PublishedRun, risks: pd.Series, policy: Policy) -> list[dict[str, Any]]:
    """Operators whose tier would be another with the challenger's probability as their risk.

    p-values stay those of the model in service: a challenger has no reference set of its own here.
    """
    if risks.empty:
        return []
    before = run.manifest.get("before")
    previous = previous_decisions(None if before is None else open_run(lake, before))
    evidence = [replace(e, **previous.get(e.operator_id, {})) for e in published_evidence(run)]
    changed = [
        replace(e, risk=float(risks[e.operator_id])) if e.operator_id in risks else e
        for e in evidence
    ]
    version = evidence[0].previous_model or "none" if evidence else "none"
    served, moved = decide(evidence, policy, version), decide(changed, policy, version)
    pairs = zip(evidence, served, moved, strict=True)
    rows = [
        {
            "operator_id": e.operator_id,
            "before": old.tier,
            "after": new.tier,
            "risk": e.risk,
            "challenger_risk": float(risks.get(e.operator_id, float("nan"))),
        }
        for e, old, new in pairs
        if old.tier != new.tier
    ]
    return sorted(rows, key=lambda r: (-TIERS.index(r["after"]), r["before"], r["operator_id"]))
