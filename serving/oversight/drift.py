"""Drift: tonight's scores and signals compared with those of the week before, by stratum."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data_contracts.lake import Lake
from features.declaration import OPERATOR, SESSION
from features.former_names import with_current_names
from serving.policy.schema import AuditPolicy
from serving.scoring.entity_scores import EntityScores
from serving.scoring.scope import nights_before

REFERENCE_NIGHTS, QUANTILE_BINS = 7, 10
COLUMNS = ["entity_kind", "what", "stratum", "psi", "shift", "reference", "tonight", "drifted"]


def population_stability_index(
    reference: np.ndarray, now: np.ndarray, bins: int = QUANTILE_BINS
) -> float:
    """Population stability index over deciles of the reference, in nats.

    Half a count is added to every bin. Unknown values are a bin of their own: a signal that is no
    longer delivered has drifted too.
    """
    known = reference[np.isfinite(reference)]
    edges = (
        np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1]))
        if len(known)
        else np.zeros(0)
    )

    def spread(x: np.ndarray) -> np.ndarray:
        inside = np.where(np.isfinite(x), np.searchsorted(edges, x, side="right"), len(edges) + 1)
        n = np.bincount(inside, minlength=len(edges) + 2) + 0.5
        return n / n.sum()

    a, b = spread(reference), spread(now)
    return float(((b - a) * np.log(b / a)).sum())


def median_shift(reference: np.ndarray, now: np.ndarray) -> float:
    """Difference of medians over the reference's interquartile range.

    NaN where that range is zero or nothing is known.
    """
    a, b = reference[np.isfinite(reference)], now[np.isfinite(now)]
    if not len(a) or not len(b):
        return float("nan")
    low, high = np.quantile(a, [0.25, 0.75])
    return float((np.median(b) - np.median(a)) / (high - low)) if high > low else float("nan")


def drift(
    lake: Lake,
    before: str | None,
    scored: dict[str, EntityScores],
    category: dict[str, str],
    policy: AuditPolicy,
) -> pd.DataFrame:
    """Rows of the contract `drift` without the columns that stamp the run; none on a first night.

    Scores are compared by stratum, signals over all entities. A stratum needs `least` entities
    tonight and in the reference. Only nights that the same model scored are compared: another model
    is another scale. `category` is that of operators.
    """
    nights = nights_before(lake, before, REFERENCE_NIGHTS)
    rows = []
    for entity in (SESSION, OPERATOR):
        if entity not in scored or not nights:
            continue
        s = scored[entity]
        now = s.model_rows
        parts = [
            run.rows("scores", filters=[("entity_kind", "==", entity), ("model", "==", s.model)])
            for run in nights
        ]
        past = pd.concat(parts)
        past = past[past["model_version"].isin(now["model_version"].unique())]
        strata = {"all": (past["score"].to_numpy(), now["score"].to_numpy())}
        if entity == OPERATOR:
            a, b = past["entity_id"].map(category), now.index.map(category)
            strata |= {
                str(c): (
                    past["score"][(a == c).to_numpy()].to_numpy(),
                    now["score"][b == c].to_numpy(),
                )
                for c in sorted(set(category.values()))
            }
        rows += [
            _row(entity, "score", name, r, n, policy)
            for name, (r, n) in strata.items()
            if min(len(r), len(n)) >= policy.least
        ]
        read = nights[0].rows("signals", filters=[("entity_kind", "==", entity)])
        last = with_current_names("signals", read)
        everybody = last["entity_id"].nunique()
        values = dict(list(last.groupby("signal")["value"]))
        if min(everybody, len(s.signals)) >= policy.least:
            for name in s.signals.columns:
                r = values[name].to_numpy() if name in values else np.zeros(0)
                r = np.concatenate([r, np.full(everybody - len(r), np.nan)])
                rows.append(_row(entity, name, "all", r, s.signals[name].to_numpy(), policy))
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(
    entity: str,
    what: str,
    stratum: str,
    reference: np.ndarray,
    now: np.ndarray,
    policy: AuditPolicy,
) -> list[object]:
    value = population_stability_index(reference, now)
    return [
        entity,
        what,
        stratum,
        value,
        median_shift(reference, now),
        len(reference),
        len(now),
        value >= policy.psi,
    ]
