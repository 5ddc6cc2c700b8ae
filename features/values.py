"""Values of the catalogue's signals, over a snapshot of a lake or over pandas frames."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from data_contracts.errors import LakeProblem
from data_contracts.frame_checks import FrameNote, accept_frames
from features.catalogue import CATALOGUE, of_entity
from features.declaration import KEY, Signal
from features.engine.compute import compute as computed_values
from features.engine.snapshot import Snapshot
from features.former_names import BY_ANY_NAME, SignalsByName


def signal_values(
    tables: Mapping[str, Any],
    entity: str | None = None,
    *,
    signals: Iterable[Signal | str] | None = None,
    only: Iterable[str] | None = None,
) -> pd.DataFrame:
    """Compute signals of one kind of entity.

    Parameters
    ----------
    tables
        A snapshot, or pandas frames by the name of their table.
    entity
        `session`, `order`, `account`, `operator` or `view`. When it is not named, that of
        `signals`; without these, the first kind of which the tables tell something.
    signals
        Signals or their names; all of the entity when not named.
    only
        Identifiers of the entities that are wanted (for views, of their sessions); all when not
        named.

    Returns
    -------
    pandas.DataFrame
        float64, one row an entity, one column a signal. NaN is unknown.

    Raises
    ------
    StructuralBreak
        A frame does not have the shape of its table.
    LakeProblem
        The entity or a signal is unknown, or no signal can be computed from the tables.

    Warns
    -----
    FrameNote
        The result has no rows or no values, or a frame has columns that nothing reads.
    """
    if not isinstance(tables, Snapshot):
        tables = accept_frames(tables)
    named = None if signals is None else [_signal(s) for s in signals]
    kind = entity or _kind(tables, named)
    if kind not in KEY:
        raise LakeProblem(f"{kind!r} is no kind of entity; they are {', '.join(KEY)}")
    wanted = of_entity(kind) if named is None else named
    strangers = [s.name for s in wanted if s.entity != kind]
    if strangers:
        raise LakeProblem(f"{', '.join(strangers)}: not a signal of entity {kind!r}")
    possible = [s for s in wanted if set(s.reads) <= set(tables)]
    if not possible:
        raise LakeProblem(_why_impossible(tables, wanted, kind))
    values = computed_values(tables, wanted, kind, only)
    if said := _emptiness(tables, values, possible, kind):
        warnings.warn(said, FrameNote, stacklevel=2)
    return values


def _why_impossible(tables: Mapping[str, Any], wanted: Iterable[Signal], kind: str) -> str:
    """Why none of the signals can be computed: the tables that the easiest of them lacks."""
    lacking = min((sorted(set(s.reads) - set(tables)) for s in wanted), key=len, default=[])
    here = ", ".join(tables) or "no table"
    return f"no signal of entity {kind!r} can be computed from {here}; add {', '.join(lacking)}"


def _emptiness(
    tables: Mapping[str, Any], values: pd.DataFrame, possible: list[Signal], kind: str
) -> str | None:
    """Why a result has no rows or no values, None where it has."""
    if len(values) and values.notna().any(axis=None):
        return None
    reads = sorted({name for s in possible for name in s.reads})
    rows = {
        n: len(t) if isinstance(t := tables[n], pd.DataFrame) else int(t.count().to_pandas())
        for n in reads
    }
    counted = ", ".join(f"{n} has {rows[n]} rows" for n in reads)
    what = "no value is known of any" if len(values) else "there is no"
    return f"{what} {kind}: {counted}"


def _signal(given: Signal | str) -> Signal:
    """Return a signal by its name, a former one with a note."""
    if isinstance(given, Signal):
        return given
    if given not in BY_ANY_NAME:
        raise LakeProblem(f"{given!r} is no signal; features/CATALOGUE.md lists them")
    return SignalsByName()[given]


def _kind(tables: Mapping[str, Any], named: list[Signal] | None) -> str:
    """Return the entity of the named signals, or the first that the tables tell of."""
    if named:
        return named[0].entity
    for kind in KEY:
        if any(s.entity == kind and set(s.reads) <= set(tables) for s in CATALOGUE):
            return kind
    raise LakeProblem(f"no signal can be computed from {', '.join(tables) or 'no table'} alone")


def compute(
    tables: Mapping[str, Any],
    signals: Iterable[Signal | str] | None = None,
    entity: str | None = None,
    only: Iterable[str] | None = None,
) -> pd.DataFrame:
    """Compute signals as `features.compute` did; `steelyard.compute` replaces it."""
    wanted = None if signals is None else [_signal(s) for s in signals]
    if wanted is not None:
        wanted = [s for s in wanted if s.entity == (entity or s.entity)]
    return signal_values(tables, entity, signals=wanted, only=only)
