"""Which of many are selected so that, on average, at most a given share of the selected is honest."""

from __future__ import annotations


def selected(p_values: dict[str, float], level: float) -> frozenset[str]:
    """The step-up selection of Benjamini and Hochberg (JRSS B 1995), valid for conformal p-values of one yardstick.

    `p_values` by operator; ties are selected together. The expected share of honest among the selected is at most `level`.
    """
    order = sorted(p_values.values())
    bar = max((p for i, p in enumerate(order, 1) if p <= level * i / len(order)), default=None)
    return frozenset(k for k, p in p_values.items() if bar is not None and p <= bar)
