"""Declaration of a signal: one object computes, names and documents it, and words its reason."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

from features.entities import (
    ACCOUNT,
    DENOMINATORS,
    DIMENSION_OF,
    KEY,
    LIVE,
    NIGHTLY,
    OPERATOR,
    ORDER,
    SESSION,
    STATISTICS,
    VIEW,
    Dimension,
)
from features.signal_types import Derived, Relation, Signal
from features.units import Unit

# The one module that files of signals import, so it hands the words of a declaration on.
__all__ = [
    "ACCOUNT",
    "KEY",
    "LIVE",
    "NIGHTLY",
    "OPERATOR",
    "ORDER",
    "SESSION",
    "VIEW",
    "Derived",
    "Dimension",
    "Relation",
    "Signal",
    "Unit",
    "derived",
    "per_operator",
    "relation",
    "signal",
    "signals_in",
]


def derived(
    reads: tuple[str, ...], columns: dict[str, str], from_all: bool = False
) -> Callable[..., Derived]:
    """Declare a derived table from the function that makes it."""

    def wrap(build: Callable[..., Any]) -> Derived:
        return Derived(build.__name__, reads, columns, build, from_all)

    return wrap


def relation(entity: str, reads: tuple[str, ...], **fields: Any) -> Callable[..., Relation]:
    """Declare a relation from the function that builds it; `fields` are those of `Relation`."""

    def wrap(build: Callable[..., Any]) -> Relation:
        return Relation(build.__name__, entity, reads, build, **fields)

    return wrap


def signal(
    source: Relation | None = None,
    *,
    zh: str,
    en: str,
    blind: str,
    unit: Unit | None = None,
    typology: str | None = None,
    direction: int | None = None,
    alarm: float | None = None,
    graph: bool | None = None,
    dimension: Dimension | None = None,
    evidence_group: str | None = None,
    denominator: str | None = None,
    formerly: tuple[str, ...] = (),
    without_rows: float | None = None,
    reads: tuple[str, ...] = (),
    entity: str = SESSION,
) -> Callable[..., Signal]:
    """Declare a signal from the function that computes it.

    With a `source` relation the function takes that relation and returns an Ibis expression,
    freshness NIGHTLY. Without one it is a kernel over a session's minutes, freshness LIVE.

    Parameters
    ----------
    source : Relation, optional
        What the signal is computed from. Its fields stand in for those that are not given here.
    zh, en : str
        One fact in each language, with `{value}` where the printed value stands.
    blind : str
        Where the signal fails, in plain words.
    unit : Unit
        Unit of the value; it decides how the value is printed.
    typology : str
        Kind of fraud that the signal speaks for, such as `view_fraud`.
    direction : int
        +1 when high is suspicious, -1 when low is, 0 when neither alone is.
    alarm : float, optional
        Value from which the rules-only control counts the signal.
    graph : bool
        Whether the signal looks across sessions or operators.
    dimension : Dimension, optional
        What is inflated; by default what the typology inflates.
    evidence_group : str, optional
        Group of signals that one cause moves together; by default the figure of which the signal
        is one statistic.
    denominator : str, optional
        Name of the signal that counts the observations; by default what the unit is a share of.
    formerly : tuple of str
        Names by which earlier versions of the catalogue published the signal.
    without_rows : float, optional
        Value of an entity that no row of the delivered tables names; by default it is unknown.
    reads, entity
        Tables and entity of a signal without a source.
    """
    given = source or Relation("", entity, reads, lambda: None)
    of, kind = unit or given.unit, typology or given.typology
    if of is None or kind is None:
        raise TypeError("a signal needs a unit and a typology, its own or its relation's")

    def wrap(compute: Callable[..., Any]) -> Signal:
        function = getattr(compute, "py_func", compute)
        name = function.__name__
        return Signal(
            name=name,
            entity=given.entity,
            reads=given.reads,
            unit=of,
            freshness=NIGHTLY if source else LIVE,
            typology=kind,
            direction=given.direction if direction is None else direction,
            alarm=alarm,
            zh=zh,
            en=en,
            doc=inspect.cleandoc(function.__doc__ or ""),
            blind=blind,
            graph=given.graph if graph is None else graph,
            dimension=dimension or given.dimension or DIMENSION_OF[kind],
            evidence_group=evidence_group or given.evidence_group or _figure(name),
            denominator=denominator or DENOMINATORS.get(given.entity, {}).get(of),
            source=source,
            compute=compute,
            formerly=formerly,
            without_rows=without_rows,
        )

    return wrap


def per_operator(of: Signal, source: Relation, **changes: Any) -> Signal:
    """A session signal over all sessions of an operator, named `operator_` and its name.

    `source` has the columns that the session signal reads, and the operator's key. `changes` are
    fields of `Signal` that differ, such as `alarm`, `blind` or `doc`.
    """
    name = changes.get("name", f"operator_{of.name}")
    fields = {
        "name": name,
        "entity": source.entity,
        "reads": source.reads,
        "evidence_group": source.evidence_group or _figure(name),
        "denominator": DENOMINATORS.get(source.entity, {}).get(of.unit),
        "source": source,
        "formerly": tuple(f"operator_{former}" for former in of.formerly),
    }
    return replace(of, **(fields | changes))


def signals_in(*modules: ModuleType, entity: str | None = None) -> tuple[Signal, ...]:
    """Signals that some modules define, in order of definition; of one kind of entity if given."""
    found = (s for m in modules for s in vars(m).values() if isinstance(s, Signal))
    return tuple(s for s in found if entity in (None, s.entity))


def _figure(name: str) -> str:
    """The figure of which a signal is one statistic over an operator's sessions, or its name."""
    return next((name.removesuffix(end) for end in STATISTICS if name.endswith(end)), name)
