"""Control of false discoveries among many p-values, and what it needs to be met at all."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass


def benjamini_hochberg(
    p_values: dict[str, float], level: float, candidates: Collection[str] | None = None
) -> frozenset[str]:
    """Select entities so that the expected share of honest ones among them is at most `level`.

    Valid for conformal p-values of one reference set. Ties are selected together.

    Parameters
    ----------
    p_values
        P-value of every entity that was tested.
    level
        Largest expected share of honest entities among the selected.
    candidates
        Entities that may be selected; all when not given. The others are tested and never
        selected, so they count among the tests and not among the discoveries (ADR-0191).

    References
    ----------
    Benjamini and Hochberg, JRSS B, 1995. Katsevich, Sabatti and Bogomolov, JASA, 2023: filters.

    Examples
    --------
    >>> sorted(benjamini_hochberg({"a": 0.02, "b": 0.04, "c": 0.5, "d": 0.9}, 0.08))
    ['a', 'b']
    >>> sorted(benjamini_hochberg({"a": 0.02, "b": 0.04, "c": 0.5, "d": 0.9}, 0.08, {"a", "c"}))
    ['a']
    """
    eligible = {k: p for k, p in p_values.items() if candidates is None or k in candidates}
    order = sorted(eligible.values())
    bar = max((p for i, p in enumerate(order, 1) if p <= level * i / len(p_values)), default=None)
    return frozenset(k for k, p in eligible.items() if bar is not None and p <= bar)


@dataclass(frozen=True)
class AccusationBound:
    """Whether the bound on false discoveries can be met with the cleared operators there are.

    Attributes
    ----------
    cleared
        Cleared operators of the reference set, each by its probability to be honest.
    missing
        Cleared operators to collect before an accusation is possible; 0 where it is.
    """

    cleared: int
    missing: int


def accusation_bound(tested: int, candidates: int, cleared: float, level: float) -> AccusationBound:
    """Whether `benjamini_hochberg` can select anybody, whatever the scores.

    With N cleared operators the least p-value is 1 / (N + 1). The bound selects k of m tested at
    level q only with a p-value of q k / m or less. It cannot be met where 1 / (N + 1) exceeds
    q k / m for the largest k, the number of candidates. Then N = m / (q k) - 1 are needed.

    Parameters
    ----------
    tested, candidates
        Operators that are tested, and those that may be selected, at least one.
    cleared
        Expected number of honest operators in the reference set.
    level
        Level of the bound.

    Examples
    --------
    >>> accusation_bound(300, 20, 90.0, 0.005)
    AccusationBound(cleared=90, missing=2909)
    >>> accusation_bound(300, 20, 299.0, 0.05)
    AccusationBound(cleared=299, missing=0)
    """
    least_p, reach = 1.0 / (cleared + 1.0), level * candidates / max(tested, 1)
    missing = 0 if least_p <= reach else max(1, math.ceil(1.0 / reach - 1.0 - cleared - 1e-9))
    return AccusationBound(math.floor(cleared + 1e-9), missing)


def bound_words(bound: AccusationBound) -> tuple[str, str] | None:
    """Words of a night, zh and en, where the bound cannot be met; None where it can."""
    if not bound.missing:
        return None
    return (
        f"已澄清的运营者太少，无法满足误判上界：现有 {bound.cleared} 名，还需 {bound.missing} 名；"
        "今夜无人据此进入 C、D",
        "the bound on false discoveries cannot be met with so few cleared operators: "
        f"{bound.cleared} now, collect {bound.missing} more; tonight it selects nobody for C or D",
    )
