"""The declaration of a signal: one object computes it, names it, documents it and words its reason."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import ModuleType
from typing import Any

from features.units import Unit

SESSION, ORDER, ACCOUNT, OPERATOR, VIEW = "session", "order", "account", "operator", "view"
KEY = {
    SESSION: "session_id",
    ORDER: "order_id",
    ACCOUNT: "account_id",
    OPERATOR: "operator_id",
    VIEW: "view_id",
}
NIGHTLY, LIVE = "NIGHTLY", "LIVE"
POINTS = Unit.ANOMALY_SCORE  # unit of a signal that is an anomaly score itself
PEERS = {  # whom a value is compared with, in Chinese and English
    SESSION: ("同类场次", "comparable sessions"),
    ORDER: ("同类订单", "comparable orders"),
    ACCOUNT: ("同类账号", "comparable accounts"),
    OPERATOR: ("同类运营者", "comparable operators"),
    VIEW: ("同类观看", "comparable views"),
}
STATISTICS = ("_mean", "_median", "_min", "_max", "_sd", "_peak")  # of one figure over sessions


class Dimension(StrEnum):
    """What a scheme inflates, as the gate's answer lists it; comments count as likes."""

    VIEW = "view"
    LIKE = "like"
    FOLLOW = "follow"
    ORDER = "order"


DIMENSION_OF = {
    "view_fraud": Dimension.VIEW,
    "engagement_fraud": Dimension.LIKE,
    "order_fraud": Dimension.ORDER,
    "review_fraud": Dimension.ORDER,
}
# What the shares of an entity stand on. Parcels and reviews are no more than orders. Actions and
# accounts are taken for as many as views: where those are more, somewhat more is left to chance.
DENOMINATORS: dict[str, dict[Unit, str]] = {
    OPERATOR: {
        Unit.SHARE_OF_ORDERS: "operator_order_count",
        Unit.SHARE_OF_PARCELS: "operator_order_count",
        Unit.SHARE_OF_REVIEWS: "operator_order_count",
        Unit.FAULTS_PER_ORDER: "operator_order_count",
        Unit.SHARE_OF_VIEWS: "operator_view_count",
        Unit.SHARE_OF_ACTIONS: "operator_view_count",
        Unit.SHARE_OF_ACCOUNTS: "operator_view_count",
        Unit.FAULTS_PER_VIEW: "operator_view_count",
    },
    SESSION: {
        Unit.SHARE_OF_VIEWS: "view_count",
        Unit.SHARE_OF_JOINS: "view_count",
        Unit.SHARE_OF_VIEWERS: "view_count",
        Unit.SHARE_OF_ACCOUNTS: "view_count",
        Unit.SHARE_OF_FOLLOWS: "follow_count",
        Unit.SHARE_OF_MINUTES: "minutes_count",
    },
}


@dataclass(frozen=True)
class Derived:
    """A table made from others once a night.

    `build` takes Ibis tables and gives a pandas frame, or an Ibis table that the engine keeps.
    `columns`: name → Arrow type name, also when nothing was found. `from_all`: `build` takes the
    mapping of all tables instead, of which those in `reads` are enough.
    """

    name: str
    reads: tuple[str, ...]
    columns: dict[str, str]
    build: Callable[..., Any]
    from_all: bool = False


@dataclass(frozen=True)
class Relation:
    """A relation that several signals share, so that the engine reads and groups it once.

    `build` takes the tables in `reads`, in that order, as Ibis tables and returns one with the
    entity's key. `grouped`: its signals are aggregates over the key; otherwise it has one row an
    entity and they are columns. `local`: an entity's rows are enough (the engine passes no others);
    otherwise it looks at others too. `whole`: tables in `reads` that a local relation gets once
    more, with the rows of all entities, after those in `reads`. `needs`: derived tables, passed
    last. The remaining fields are defaults for the signals of the relation.
    """

    name: str
    entity: str
    reads: tuple[str, ...]
    build: Callable[..., Any]
    grouped: bool = True
    local: bool = False
    whole: tuple[str, ...] = ()
    needs: tuple[Derived, ...] = ()
    unit: Unit | None = None
    typology: str | None = None
    direction: int = 0
    graph: bool = False
    dimension: Dimension | None = None
    evidence_group: str | None = None


@dataclass(frozen=True)
class Signal:
    """One signal: what it is, how its value is printed, and what it counts as.

    `direction` is +1 when high is suspicious, -1 when low is, 0 when neither alone is.
    `alarm` is the value from which the rules-only control counts it. It comes from what a scheme
    leaves in data, never from labels. None: the signal raises no alarm alone.
    `zh` and `en` word one fact, with `{value}` where the printed value stands.
    `evidence_group` is shared by signals that one cause moves together.
    `denominator` names the signal that counts the observations of a share.
    """

    name: str
    entity: str
    reads: tuple[str, ...]
    unit: Unit
    freshness: str
    typology: str
    direction: int
    alarm: float | None
    zh: str
    en: str
    doc: str
    blind: str
    graph: bool
    dimension: Dimension
    evidence_group: str
    denominator: str | None
    source: Relation | None = field(repr=False)
    compute: Callable[..., Any] = field(repr=False)

    def reason(self, value: float, peers_median: float | None = None) -> dict[str, str]:
        """The reason in words: one fact with its value, and the peers' median where it is known."""
        if "{value:" in self.zh + self.en:  # worded with a format of its own
            return {"zh": self.zh.format(value=value), "en": self.en.format(value=value)}
        median = None
        if peers_median is None:
            printed = self.unit.printed(value)
        else:
            printed, median = self.unit.printed_pair(value, peers_median)
        zh, en = self.zh.format(value=printed[0]), self.en.format(value=printed[1])
        if median is not None:
            zh_peers, en_peers = PEERS[self.entity]
            zh, en = f"{zh}；{zh_peers}为 {median[0]}", f"{en}; {en_peers}: {median[1]}"
        return {"zh": zh, "en": en}

    def speaks_against(self, value: float, peers_median: float | None) -> bool:
        """Whether a value may be listed as a reason: it lies on the suspicious side of its peers.

        Without a median the alarm decides. A signal without a suspicious side speaks against
        nobody.
        """
        if peers_median is None:
            return self.alarms(value)
        return (value - peers_median) * self.direction > 0

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
    unit: Unit | str | None = None,
    typology: str | None = None,
    direction: int | None = None,
    alarm: float | None = None,
    graph: bool | None = None,
    dimension: Dimension | None = None,
    evidence_group: str | None = None,
    denominator: str | None = None,
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
    reads, entity
        Tables and entity of a signal without a source.
    """
    given = source or Relation("", entity, reads, lambda: None)
    measured, kind = unit or given.unit, typology or given.typology
    if measured is None or kind is None:
        raise TypeError("a signal needs a unit and a typology, its own or its relation's")
    of = Unit(measured)  # type: ignore[call-arg]  # looks a member up

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
    }
    return replace(of, **(fields | changes))


def signals_in(*modules: ModuleType, entity: str = SESSION) -> tuple[Signal, ...]:
    """Signals of one kind of entity that some modules define, in order of definition."""
    found = (
        s for m in modules for s in vars(m).values() if isinstance(s, Signal) and s.entity == entity
    )
    return tuple(dict.fromkeys(found))


def _figure(name: str) -> str:
    """The figure of which a signal is one statistic over an operator's sessions, or its name."""
    return next((name.removesuffix(end) for end in STATISTICS if name.endswith(end)), name)


def seconds_between(later: Any, earlier: Any) -> Any:
    """Seconds between two timestamp expressions, to the microsecond (the unit on which both engines agree)."""
    return later.delta(earlier, unit="microsecond") / 1e6


def ratio(top: Any, bottom: Any) -> Any:
    """A quotient that is unknown, not infinite, where the bottom is zero."""
    return top.cast("float64") / bottom.cast("float64").nullif(0.0)
