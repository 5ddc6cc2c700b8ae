"""Verdicts of people, made late and selectively from the ground truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulation.identifiers import DAY

VERDICT_ERROR_RATE = 0.02
APPEAL_RATE = 0.6  # share of wrong confirmations that an appeal overturns


@dataclass(frozen=True)
class Cases:
    """Entities that people may look at, as arrays of equal length.

    `suspicion` (0 to 1) is what a patrol notices; `happened` is in seconds.
    """

    entity: np.ndarray
    fraud: np.ndarray
    suspicion: np.ndarray
    typology: np.ndarray
    happened: np.ndarray


def draw_verdicts(rng: np.random.Generator, cases: Cases, audit: float) -> pd.DataFrame:
    """Verdicts of the patrol and of the random audit: entity, typology, confirmed, decided, source.

    The patrol looks at the most suspicious, with luck. The audit takes the share `audit` as a
    fair sample. A wrong confirmation may be overturned on appeal, as a second, later row.
    """
    n = len(cases.entity)
    audited = rng.random(n) < audit
    patrolled = (rng.random(n) < 0.6 * cases.suspicion) & ~audited
    seen = np.flatnonzero(audited | patrolled)
    wrong = rng.random(len(seen)) < VERDICT_ERROR_RATE
    confirmed = cases.fraud[seen] ^ wrong
    delay = (
        np.where(audited[seen], rng.uniform(1, 3, len(seen)), rng.uniform(0.5, 5, len(seen))) * DAY
    )
    first = pd.DataFrame(
        {
            "entity": cases.entity[seen],
            "typology": cases.typology[seen],
            "confirmed": confirmed,
            "decided": cases.happened[seen] + delay,
            "source": np.where(audited[seen], "random_audit", "patrol"),
        }
    )
    appealed = confirmed & ~cases.fraud[seen] & (rng.random(len(seen)) < APPEAL_RATE)
    second = first[appealed].assign(
        confirmed=False,
        source="appeal",
        decided=lambda d: d["decided"] + rng.uniform(1, 4, len(d)) * DAY,
    )
    return pd.concat([first, second], ignore_index=True)
