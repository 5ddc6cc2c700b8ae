"""Types that a declaration makes: derived tables, relations and signals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from features.entities import PEERS, Dimension
from features.units import Unit


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
    after these. `with_moment`: the moment of the snapshot is passed last, as an Ibis timestamp. The
    remaining fields are defaults for the signals of the relation.
    """

    name: str
    entity: str
    reads: tuple[str, ...]
    build: Callable[..., Any]
    grouped: bool = True
    local: bool = False
    whole: tuple[str, ...] = ()
    needs: tuple[Derived, ...] = ()
    with_moment: bool = False
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
    `formerly` lists the names that earlier versions of the catalogue published it by.
    `without_rows` is its value where its tables are delivered and have no row of the entity.
    None: that is unknown.
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
    formerly: tuple[str, ...] = ()
    without_rows: float | None = None

    def reason(self, value: float, peers_median: float | None = None) -> dict[str, str]:
        """The reason in words: one fact with its value, and the peers' median where it is known."""
        median = None
        if peers_median is None:
            printed = self.unit.printed(value)
        else:
            printed, median = self.unit.printed_pair(value, peers_median)
        zh, en = self.zh.format(value=printed[0]), self.en.format(value=printed[1])
        if median is not None:
            zh_peers, en_peers = PEERS[self.entity]
            gap = " " if median[0][0].isascii() else ""
            zh, en = f"{zh}；{zh_peers}为{gap}{median[0]}", f"{en}; {en_peers}: {median[1]}"
        return {"zh": zh, "en": en}

    def speaks_against(self, value: float, peers_median: float | None) -> bool:
        """Tell if a value may be listed as a reason: it lies on the suspicious side of its peers.

        Without a median the alarm decides. A signal without a suspicious side is never listed.
        """
        if peers_median is None:
            return self.alarms(value)
        return (value - peers_median) * self.direction > 0

    def speaks_for(self, value: float, peers_median: float | None) -> bool:
        """Tell if a value may be listed in an operator's favour: it is as its peers, or better."""
        if peers_median is None or self.direction == 0:
            return False
        return (value - peers_median) * self.direction <= 0

    def alarms(self, value: float) -> bool:
        """Tell if a value lies beyond the alarm, on the suspicious side."""
        return self.alarm is not None and (value - self.alarm) * (self.direction or 1) >= 0
