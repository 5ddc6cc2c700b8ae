"""Control of false discoveries among many p-values."""

from __future__ import annotations


def benjamini_hochberg(p_values: dict[str, float], level: float) -> frozenset[str]:
    """Select entities so that the expected share of honest ones among them is at most `level`.

    Valid for conformal p-values of one reference set. Ties are selected together.

    References
    ----------
    Benjamini and Hochberg, JRSS B, 1995.

    Examples
    --------
    >>> sorted(benjamini_hochberg({"a": 0.02, "b": 0.04, "c": 0.5, "d": 0.9}, 0.08))
    ['a', 'b']
    """
    order = sorted(p_values.values())
    bar = max((p for i, p in enumerate(order, 1) if p <= level * i / len(order)), default=None)
    return frozenset(k for k, p in p_values.items() if bar is not None and p <= bar)
