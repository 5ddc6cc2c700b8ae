"""The declaration of a signal: one object computes it, names it, documents it and words its reason."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SESSION, ORDER, ACCOUNT, OPERATOR, VIEW = "session", "order", "account", "operator", "view"
KEY = {
    SESSION: "session_id",
    ORDER: "order_id",
    ACCOUNT: "account_id",
    OPERATOR: "operator_id",
    VIEW: "view_id",
}
NIGHTLY, LIVE = "NIGHTLY", "LIVE"
POINTS = "points of deviance"  # unit of a signal that is a deviance itself


@dataclass(frozen=True)
class Derived:
    """A table made from others once a night: `build` takes Ibis tables and gives a pandas frame, or an Ibis table that the engine keeps.

    `columns`: name → Arrow type name, what it has, also when nothing was found. `from_all`: `build` takes the mapping of all tables there
    are instead, of which those in `reads` are enough.
    """

    name: str
    reads: tuple[str, ...]
    columns: dict[str, str]
    build: Callable[..., Any]
    from_all: bool = False


@dataclass(frozen=True)
class Relation:
    """A relation that several signals share, so that the engine reads and groups it once.

    `build` takes the tables in `reads`, in that order, as Ibis tables and returns one with the entity's key.
    `grouped`: its signals are aggregates over the key; otherwise it has one row an entity and they are columns.
    `local`: an entity's rows are enough (the engine passes no others); otherwise it looks at others too.
    `whole`: tables in `reads` that a local relation gets once more, with the rows of all entities, after those in `reads`.
    `needs`: derived tables, passed last.
    """

    name: str
    entity: str
    reads: tuple[str, ...]
    build: Callable[..., Any]
    grouped: bool = True
    local: bool = False
    whole: tuple[str, ...] = ()
    needs: tuple[Derived, ...] = ()


@dataclass(frozen=True)
class Signal:
    """One signal. `direction` is +1 when high is suspicious, -1 when low is, 0 when neither alone is.

    `alarm` is the value beyond which the rules-only control counts it; it comes from what the scheme leaves in
    data, never from the labels it is judged by. None: it raises no alarm alone.
    """

    name: str
    entity: str
    reads: tuple[str, ...]
    unit: str
    freshness: str
    typology: str
    direction: int
    alarm: float | None
    zh: str
    en: str
    doc: str
    blind: str
    graph: bool
    source: Relation | None = field(repr=False)
    compute: Callable[..., Any] = field(repr=False)

    def reason(self, value: float) -> dict[str, str]:
        """The reason in words for a value."""
        return {"zh": self.zh.format(value=value), "en": self.en.format(value=value)}

    def alarms(self, value: float) -> bool:
        """Whether a value lies beyond the alarm, on the suspicious side."""
        return self.alarm is not None and (value - self.alarm) * (self.direction or 1) >= 0


def derived(
    reads: tuple[str, ...], columns: dict[str, str], from_all: bool = False
) -> Callable[..., Derived]:
    """Declare a derived table from the function that makes it."""

    def wrap(build: Callable[..., Any]) -> Derived:
        return Derived(build.__name__, reads, columns, build, from_all)

    return wrap


def relation(
    entity: str,
    reads: tuple[str, ...],
    grouped: bool = True,
    local: bool = False,
    whole: tuple[str, ...] = (),
    needs: tuple[Derived, ...] = (),
) -> Callable[..., Relation]:
    """Declare a relation from the function that builds it."""

    def wrap(build: Callable[..., Any]) -> Relation:
        return Relation(build.__name__, entity, reads, build, grouped, local, whole, needs)

    return wrap


def signal(
    source: Relation | None = None,
    *,
    unit: str,
    typology: str,
    zh: str,
    en: str,
    blind: str,
    direction: int = 0,
    alarm: float | None = None,
    graph: bool = False,
    reads: tuple[str, ...] = (),
    entity: str = SESSION,
) -> Callable[..., Signal]:
    """Declare a signal from the function that computes it.

    With a `source` relation the function takes that relation and returns an Ibis expression, freshness NIGHTLY.
    Without one it is a kernel over a session's minutes (`series.py`), freshness LIVE.
    """

    def wrap(compute: Callable[..., Any]) -> Signal:
        function = getattr(compute, "py_func", compute)
        return Signal(
            name=function.__name__,
            entity=source.entity if source else entity,
            reads=source.reads if source else reads,
            unit=unit,
            freshness=NIGHTLY if source else LIVE,
            typology=typology,
            direction=direction,
            alarm=alarm,
            zh=zh,
            en=en,
            doc=inspect.cleandoc(function.__doc__ or ""),
            blind=blind,
            graph=graph,
            source=source,
            compute=compute,
        )

    return wrap


def seconds_between(later: Any, earlier: Any) -> Any:
    """Seconds between two timestamp expressions, to the microsecond (the unit on which both engines agree)."""
    return later.delta(earlier, unit="microsecond") / 1e6


def ratio(top: Any, bottom: Any) -> Any:
    """A quotient that is unknown, not infinite, where the bottom is zero."""
    return top.cast("float64") / bottom.cast("float64").nullif(0.0)
