"""The risk of an operator among comparable operators of a night."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from serving.dossiers.night_tables import NightTables

HISTOGRAM_BINS = 20


@dataclass(frozen=True)
class PeerRisks:
    """Risk of an operator among comparable ones.

    Attributes
    ----------
    category
        Category that is compared; None for all operators.
    operators
        Number of operators with a risk.
    lower
        Share of them with a lower risk, 0 to 1; None where the operator has no risk.
    counts
        Operators in each twentieth of the risk from 0 to 1.
    """

    category: str | None
    operators: int
    lower: float | None
    counts: tuple[int, ...]


def peer_risks(tables: NightTables, risk: float | None, category: str | None) -> PeerRisks:
    """Risks of the operators of a category, or of all where it is not known."""
    risks: dict[str | None, np.ndarray] = tables.once("risks", lambda: _risks(tables))
    values = risks.get(category, risks[None])
    lower = None
    if risk is not None and len(values):
        lower = float(np.searchsorted(values, risk, "left")) / len(values)
    counts, _ = np.histogram(values, bins=HISTOGRAM_BINS, range=(0.0, 1.0))
    named = category if category in risks else None
    return PeerRisks(named, len(values), lower, tuple(int(c) for c in counts))


def _risks(tables: NightTables) -> dict[str | None, np.ndarray]:
    """Sorted risks of all operators (None), and of each category."""
    frame = tables.frame("""
        SELECT d.risk, o.category FROM tier_decisions d LEFT JOIN operators o USING (operator_id)
        WHERE d.risk IS NOT NULL ORDER BY d.risk
    """)
    found: dict[str | None, np.ndarray] = {None: frame["risk"].to_numpy()}
    found |= {str(c): g["risk"].to_numpy() for c, g in frame.groupby("category")}
    return found
