"""Values of signals over a snapshot: the same expressions on every engine, a pandas frame out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa

from features.declaration import KEY, SESSION, VIEW, Relation, Signal
from features.engine.materialise import drop_materialised
from features.engine.minute_arrays import minute_signals
from features.engine.snapshot import SCOPE_KEY, Snapshot
from features.engine.tables import named_views

# A night of twenty million views has fewer sessions in two weeks; beyond it medians would spill.
MAX_SESSIONS_PER_PASS = 50_000
Group = tuple[Relation | None, list[Signal]]


def compute(
    snapshot: Snapshot | Mapping[str, pd.DataFrame],
    signals: Iterable[Signal],
    entity: str = SESSION,
    only: Iterable[str] | None = None,
    progress: Callable[[str], None] = lambda _name: None,
) -> pd.DataFrame:
    """Values of signals of one kind of entity.

    Parameters
    ----------
    snapshot
        What was known at a moment, or pandas frames in the contracts' columns.
    signals
        Signals wanted; those of other kinds of entity are passed over.
    entity
        The kind of entity, a key of `features.declaration.KEY`.
    only
        Entity ids wanted, all when None. For views these are the ids of their sessions.
    progress
        Called with the name of each relation before it is computed.

    Returns
    -------
    DataFrame
        float64, indexed by entity id (sorted), one column a signal; NaN is unknown. A signal
        whose tables are absent is unknown for every entity. One that says what no row means has
        that value where its tables have no row. Entities are those that any signal knows, and all
        of `only`.
    """
    if not isinstance(snapshot, Snapshot):
        with Snapshot.from_frames(snapshot) as framed:
            return compute(framed, signals, entity, only, progress)
    wanted = [s for s in signals if s.entity == entity]
    ids = None if only is None else sorted(set(only))
    groups: dict[str, Group] = {}
    for s in wanted:
        name = s.source.name if s.source else "minutes"
        groups.setdefault(name, (s.source, []))[1].append(s)
    known = {
        name: group for name, group in groups.items() if set(group[1][0].reads) <= set(snapshot)
    }
    passes = _passes(ids, entity)
    split = {
        name: group
        for name, group in known.items()
        if len(passes) > 1 and group[0] is not None and group[0].local and not group[0].whole
    }
    rest = {name: group for name, group in known.items() if name not in split}
    parts = _group_frames(snapshot, split, entity, passes, progress)
    parts += _group_frames(snapshot, rest, entity, [ids], progress)
    index = _index(parts, ids, entity)
    frame = (
        pd.concat([p.reindex(index) for p in parts], axis=1) if parts else pd.DataFrame(index=index)
    )
    for s in wanted:
        if s.without_rows is not None and s.name in frame:
            frame[s.name] = frame[s.name].fillna(s.without_rows)
    return frame.reindex(columns=[s.name for s in wanted]).astype("float64")


def _index(parts: list[pd.DataFrame], ids: list[str] | None, entity: str) -> pd.Index:
    """The wanted entities, or all that any part knows, sorted."""
    key = KEY[entity]
    if ids is not None and entity != VIEW:
        return pd.Index(ids, name=key)
    named = [pa.table({key: pa.array(p.index, pa.string())}) for p in parts]
    found = pa.concat_tables(named)[key].unique().sort().to_pandas() if named else []
    return pd.Index(found, name=key, dtype="str")


def _passes(ids: list[str] | None, entity: str) -> list[list[str] | None]:
    """Wanted entities by pass, so that what gathers all rows of a session does not spill."""
    size = MAX_SESSIONS_PER_PASS
    if ids is None or SCOPE_KEY[entity] != KEY[SESSION] or len(ids) <= size:
        return [ids]
    return [ids[i : i + size] for i in range(0, len(ids), size)]


def _group_frames(
    snapshot: Snapshot,
    groups: dict[str, Group],
    entity: str,
    passes: list[list[str] | None],
    progress: Callable[[str], None],
) -> list[pd.DataFrame]:
    """A frame for each group of signals that share a relation, over all passes."""
    found: dict[str, list[pd.DataFrame]] = {name: [] for name in groups}
    for ids in passes if groups else []:
        one = _Pass(snapshot, None if ids is None else snapshot.scope(ids, entity))
        try:
            for name, (source, members) in groups.items():
                progress(name)
                found[name].append(
                    one.relational(source, members)
                    if source
                    else minute_signals(members, snapshot, one.scope)
                )
        finally:
            drop_materialised(one.cut.values())
    return [pd.concat(frames) if len(frames) > 1 else frames[0] for frames in found.values()]


@dataclass(frozen=True)
class _Pass:
    """One pass over a snapshot: the entities wanted (all when None) and their rows, cut once."""

    snapshot: Snapshot
    scope: Any | None
    cut: dict[str, Any] = field(default_factory=dict)

    def relational(self, source: Relation, signals: list[Signal]) -> pd.DataFrame:
        """Values of all signals of one relation, indexed by entity."""
        key = KEY[source.entity]
        base = source.build(*self._inputs(source))
        if self.scope is not None and source.entity == VIEW:
            base = base.semi_join(self.scope, SCOPE_KEY[VIEW])
        columns = {s.name: s.compute(base).cast("float64") for s in signals}
        result = (
            base.group_by(key).aggregate(**columns)
            if source.grouped
            else base.select(key, **columns)
        )
        if self.scope is not None and not source.local and source.entity != VIEW:
            result = result.semi_join(self.scope, key)
        frame = result.filter(result[key].notnull()).to_pandas()
        return frame.set_index(key)

    def _inputs(self, source: Relation) -> list[Any]:
        """Tables of a relation: rows of the wanted entities where it is local, then whole ones."""
        return [
            *(self._rows(name, source) for name in source.reads),
            *(self.snapshot[name] for name in source.whole),
            *(self.snapshot.derived(d) for d in source.needs),
            *([self.snapshot.moment()] if source.with_moment else []),
        ]

    def _rows(self, name: str, source: Relation) -> Any:
        """A table cut to the wanted entities; most relations of an entity read the same rows."""
        key, table = SCOPE_KEY[source.entity], self.snapshot[name]
        wanted = self.scope is not None and source.local and key in table.columns
        named = name == "views" and source.entity == VIEW
        if not wanted and not named:
            return table
        if name not in self.cut:
            rows = table.semi_join(self.scope, key) if wanted else table
            self.cut[name] = self.snapshot.materialise(
                named_views(rows) if named else rows, f"cut_{name}"
            )
        return self.cut[name]
