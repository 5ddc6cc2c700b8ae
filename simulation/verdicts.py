"""Verdicts of people, made from the planted truth late and selectively."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulation.identifiers import DAY

ERROR = 0.02  # share of verdicts that are wrong
APPEAL = 0.6  # share of wrongly confirmed verdicts that an appeal overturns


def judged(
    rng: np.random.Generator,
    entity: np.ndarray,
    fraud: np.ndarray,
    suspicion: np.ndarray,
    typology: np.ndarray,
    happened: np.ndarray,
    audit: float,
) -> pd.DataFrame:
    """Outcomes of entities: who was looked at, what was found, and when.

    `suspicion` (0 to 1) is what a patrol sees with its own eyes; it looks at the most suspicious, with luck. The
    random audit takes the share `audit` as a fair sample. A wrong confirmation may be overturned on appeal, as a second, later row.
    """
    n = len(entity)
    audited = rng.random(n) < audit
    patrolled = (rng.random(n) < 0.6 * suspicion) & ~audited
    seen = np.flatnonzero(audited | patrolled)
    wrong = rng.random(len(seen)) < ERROR
    found = fraud[seen] ^ wrong
    delay = (
        np.where(audited[seen], rng.uniform(1, 3, len(seen)), rng.uniform(0.5, 5, len(seen))) * DAY
    )
    first = pd.DataFrame(
        {
            "entity": entity[seen],
            "typology": typology[seen],
            "confirmed": found,
            "decided": happened[seen] + delay,
            "source": np.where(audited[seen], "random_audit", "patrol"),
        }
    )
    appealed = found & ~fraud[seen] & (rng.random(len(seen)) < APPEAL)
    second = first[appealed].assign(
        confirmed=False,
        source="appeal",
        decided=lambda d: d["decided"] + rng.uniform(1, 4, len(d)) * DAY,
    )
    return pd.concat([first, second], ignore_index=True)
