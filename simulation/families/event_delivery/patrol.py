"""Verdicts of a platform's patrol: late, selective, sometimes wrong, with a random audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulation.families.event_delivery.tables import Delivery


@dataclass(frozen=True)
class PatrolPlan:
    """Volume and quality of the verdicts of one platform.

    Parameters
    ----------
    verdicts
        Entities judged, at most.
    audited
        Share of them drawn at random, 0 to 1.
    wrong
        Share of verdicts that are wrong, 0 to 1.
    delay_days
        Median days from an entity's end to its verdict.
    appeals
        Share of confirmed verdicts that are appealed and judged again, 0 to 1.
    """

    verdicts: int
    audited: float
    wrong: float
    delay_days: float
    appeals: float


@dataclass(frozen=True)
class Entities:
    """Entities of one kind that may be judged.

    Parameters
    ----------
    kind
        `session`, `order`, `operator` or `account`.
    ids
        Identifiers, one an entity.
    ready
        When an entity can be judged first, seconds since the epoch.
    conspicuous
        What a person sees on the platform's own screens, larger is stranger.
    guilty
        For each typology whether it holds, bool arrays.
    """

    kind: str
    ids: pa.Array
    ready: np.ndarray
    conspicuous: np.ndarray
    guilty: Mapping[str, np.ndarray]


def deliver_outcomes(
    delivery: Delivery, rng: np.random.Generator, plan: PatrolPlan, entities: Entities
) -> int:
    """Judge some entities and deliver the table `outcomes`; returns the number of rows."""
    names = list(entities.guilty)
    truth = np.stack([entities.guilty[name] for name in names], 1)
    chosen, audited = _select(rng, plan, entities)
    if not len(chosen):
        return 0
    weight = rng.random((len(chosen), len(names))) + 3 * truth[chosen]
    typology = weight.argmax(1)
    guilty = truth[chosen, typology]
    verdict = guilty ^ (rng.random(len(chosen)) < plan.wrong)
    late = rng.lognormal(np.log(plan.delay_days), 0.7, len(chosen)) * 86_400
    decided = entities.ready[chosen] + late
    again = verdict & (rng.random(len(chosen)) < plan.appeals)
    appeal = decided[again] + rng.uniform(1, 6, again.sum()) * 86_400
    rows = np.concatenate([np.arange(len(chosen)), np.flatnonzero(again)])
    decided = np.concatenate([decided, appeal])
    confirmed = np.concatenate([verdict, guilty[again]])
    source = np.where(audited, "random_audit", "patrol")[rows]
    source[len(chosen) :] = "appeal"
    delivery.deliver(
        "outcomes",
        {
            "entity_kind": pa.array([entities.kind] * len(rows)),
            "entity_id": entities.ids.take(pa.array(chosen[rows])),
            "typology": pa.array(np.array(names)[typology[rows]].tolist()),
            "verdict": pa.array(np.where(confirmed, "confirmed", "cleared").tolist()),
            "decided_at": delivery.times(decided),
            "source": pa.array(source.tolist()),
        },
        decided + rng.exponential(9_000, len(rows)),
    )
    return int((decided < delivery.end).sum())


def _select(
    rng: np.random.Generator, plan: PatrolPlan, entities: Entities
) -> tuple[np.ndarray, np.ndarray]:
    """Entities that are judged, and whether chance drew them."""
    total = min(plan.verdicts, len(entities.ready))
    drawn = rng.permutation(len(entities.ready))[: round(total * plan.audited)]
    left = np.setdiff1d(np.arange(len(entities.ready)), drawn)
    noisy = entities.conspicuous[left] + rng.gumbel(0, 0.8, len(left))
    looked_at = left[np.argsort(-noisy)[: total - len(drawn)]]
    chosen = np.concatenate([drawn, looked_at])
    return chosen, np.arange(len(chosen)) < len(drawn)
