"""The engine: the same expressions on DuckDB and Spark; a pandas frame in, a pandas frame out.

Only this file cuts by time (through `data_contracts.lake.scan_sql`) and only it knows which engine runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import duckdb
import ibis
import pandas as pd
import pyarrow as pa

from data_contracts.contract import ARROW, contract, inbound_names
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.room_minutes import NEEDED, room_minutes
from data_contracts.spill import goes_with, spill_folder, spills
from features.declaration import KEY, SESSION, VIEW, Derived, Relation, Signal
from features.engine.materialise import ROWS, dropped, is_kept, kept
from features.engine.minute_arrays import of_minutes

SCOPE = KEY | {
    VIEW: KEY[SESSION]
}  # a view has no name of its own outside its session: views are wanted by session
LOOKBACK = timedelta(days=28)
EVENTS = {"views", "interactions", "orders", "parcels", "refunds", "reviews", "complaints"}
MADE = "~"  # before the names of derived tables among the others
AT_ONCE = 50_000  # sessions; a night of twenty million views has fewer in a fortnight
IN_MEMORY = 3 << 30  # bytes of Parquet; rows are some five times that in memory
Tables = Mapping[str, Any]


def duckdb_tables(
    lake: LakeOrFolder, as_of: datetime, memory: str = "4GB", threads: int = 1
) -> dict[str, Any]:
    """Ibis tables of the good rows known at `as_of`, on a DuckDB connection of their own; absent tables are left out.

    Each is read and cut once, into the engine, which spills beyond `memory`: a night passes over them some twenty times. Of a lake of more
    than `IN_MEMORY` bytes the engine has a file of its own, which goes with the connection: rows lie there compressed, a fifth of what they
    would be when spilt, and are written once.
    One thread by default: sums of floats then have one order, and a night can be replayed bit for bit.
    """
    lake = Lake.open(lake)
    size = sum(f.stat().st_size for n in inbound_names() for f in lake.files(n))
    folder = spill_folder()
    if size > IN_MEMORY:
        folder.mkdir()
    connection = ibis.duckdb.connect(
        folder / ROWS if size > IN_MEMORY else ":memory:", memory_limit=memory, threads=threads
    )
    goes_with(connection, folder)
    connection.raw_sql("SET TimeZone='UTC'; SET preserve_insertion_order=false;")
    with suppress(
        duckdb.InvalidInputException
    ):  # in a notebook without widgets there is no bar to switch off
        connection.raw_sql("SET enable_progress_bar=false")
    connection.raw_sql(spills(folder))
    names = [n for n in inbound_names() if lake.files(n)]
    for name in names:
        sql = lake.scan_sql(contract(name), as_of)
        if name in EVENTS:
            sql += f" AND {contract(name).received} >= TIMESTAMP '{(as_of - LOOKBACK).isoformat(sep=' ')}'"
        connection.raw_sql(f"CREATE TABLE {name} AS {sql}")
    if "room_minutes" not in names and set(NEEDED) <= set(names):
        missing, sql = room_minutes(set(names))
        for name in missing:
            columns = ", ".join(f'"{c.name}" {c.type}' for c in contract(name).columns)
            connection.raw_sql(f"CREATE TABLE {name} ({columns})")
        connection.raw_sql(f"CREATE TABLE room_minutes AS {sql}")
        for name in missing:
            connection.raw_sql(f"DROP TABLE {name}")
        names.append("room_minutes")
    return {name: connection.table(name) for name in names}


def frame_tables(frames: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Ibis tables over pandas frames; absent nullable columns become null, types become the contract's."""
    tables = {}
    for name, given in frames.items():
        frame = given.reset_index(drop=True)
        schema = {c.name: ARROW[c.type] for c in contract(name).columns}
        whole = pd.DataFrame(
            {n: frame[n] if n in frame else pd.Series([None] * len(frame)) for n in schema}
        )
        arrow = pa.Table.from_arrays(
            [
                pa.array(whole[n], type=t, from_pandas=True) if len(whole) else pa.array([], type=t)
                for n, t in schema.items()
            ],
            names=list(schema),
        )
        tables[name] = ibis.memtable(arrow)
    return tables


def named_views(views: Any) -> Any:
    """Views with a `view_id`: their session and their place among its views in order of joining, account, device, leaving and the way in.

    Views have no identifier of their own; those that are equal in all of these are interchangeable.
    """
    order = (
        "joined_at",
        "account_id",
        "device_id",
        "left_at",
        "ip_prefix",
        "app_version",
        "entry_source",
    )
    place = ibis.row_number().over(group_by=views.session_id, order_by=[views[c] for c in order])
    return views.mutate(view_id=views.session_id + "#" + place.cast("string"))


def _inputs(source: Relation, tables: Tables, only: Any | None, cut: dict[str, Any]) -> list[Any]:
    """Tables of a relation; for local relations only the rows of the wanted entities, and whole ones where it asks for them.

    What is left of a table is kept in `cut`, for most relations of an entity read the same: a night wants one row of views in twenty-five.
    """
    key = SCOPE[source.entity]
    given = []
    for name in source.reads:
        table = tables[name]
        wanted, named = (
            only is not None and source.local and key in table.columns,
            name == "views" and source.entity == VIEW,
        )
        if name not in cut and (wanted or named):
            rows = table.semi_join(only, key) if wanted else table
            cut[name] = kept(named_views(rows) if named else rows, f"cut_{id(cut):x}_{name}")
        given.append(cut[name] if wanted or named else table)
    return (
        given
        + [tables[name] for name in source.whole]
        + [derived_table(d, tables) for d in source.needs]
    )


def derived_table(wanted: Derived, tables: Tables) -> Any:
    """A derived table over these tables, made once: it is kept among them under its name with a mark in front."""
    name = MADE + wanted.name
    if name not in tables:
        made = (
            wanted.build(tables)
            if wanted.from_all
            else wanted.build(*(tables[n] for n in wanted.reads))
        )
        if not isinstance(made, pd.DataFrame):
            rows = made.select(**{c: made[c].cast(t) for c, t in wanted.columns.items()})
            rows = kept(rows, f"made_{id(tables):x}_{wanted.name}")
            tables[name] = rows if is_kept(rows) else ibis.memtable(rows.to_pyarrow())  # type: ignore[index]
            return tables[name]
        hold(tables, wanted, made)
    return tables[name]


def holds(tables: Tables, wanted: Derived) -> bool:
    """Whether a derived table is among these tables already."""
    return MADE + wanted.name in tables


def held(tables: Tables, wanted: Derived) -> pd.DataFrame:
    """A derived table that is among these tables, as a frame."""
    return tables[MADE + wanted.name].to_pandas()


def hold(tables: Tables, wanted: Derived, made: pd.DataFrame) -> None:
    """Keep what is a derived table's content among these tables, so that it is not made again."""
    schema = pa.schema([(c, pa.type_for_alias(t)) for c, t in wanted.columns.items()])
    arrow = pa.Table.from_pandas(made[list(wanted.columns)], schema=schema, preserve_index=False)
    tables[MADE + wanted.name] = ibis.memtable(arrow)  # type: ignore[index]


def _relational(
    source: Relation, signals: list[Signal], tables: Tables, only: Any | None, cut: dict[str, Any]
) -> pd.DataFrame:
    """Values of all signals of one relation, indexed by entity."""
    key = KEY[source.entity]
    base = source.build(*_inputs(source, tables, only, cut))
    if only is not None and source.entity == VIEW:
        base = base.semi_join(only, SCOPE[VIEW])
    columns = {s.name: s.compute(base).cast("float64") for s in signals}
    result = (
        base.group_by(key).aggregate(**columns) if source.grouped else base.select(key, **columns)
    )
    if only is not None and not source.local and source.entity != VIEW:
        result = result.semi_join(only, key)
    frame = result.filter(result[key].notnull()).to_pandas()
    return frame.set_index(key)


def _batches(ids: list[str] | None, entity: str) -> list[list[str] | None]:
    """Entities wanted, as many at a time as the engine holds the rows of: what gathers all rows of a session, a median, does not spill."""
    if ids is None or SCOPE[entity] != KEY[SESSION] or len(ids) <= AT_ONCE:
        return [ids]
    return [ids[i : i + AT_ONCE] for i in range(0, len(ids), AT_ONCE)]


def _parts(
    tables: Tables,
    groups: dict[str, tuple[Relation | None, list[Signal]]],
    entity: str,
    batches: list[list[str] | None],
    progress: Callable[[str], None],
) -> list[pd.DataFrame]:
    """A frame for each group of signals that share a relation, over all batches of entities."""
    found: dict[str, list[pd.DataFrame]] = {name: [] for name in groups}
    for ids in batches if groups else []:
        scope = None if ids is None else scope_of(tables, ids, entity)
        cut: dict[str, Any] = {}
        try:
            for name, (source, members) in groups.items():
                progress(name)
                found[name].append(
                    _relational(source, members, tables, scope, cut)
                    if source
                    else of_minutes(members, tables, scope)
                )
        finally:
            dropped(cut.values())
    return [pd.concat(frames) if len(frames) > 1 else frames[0] for frames in found.values()]


def compute(
    tables: Tables,
    signals: Iterable[Signal],
    entity: str = SESSION,
    only: Iterable[str] | None = None,
    progress: Callable[[str], None] = lambda name: None,
) -> pd.DataFrame:
    """Values of signals of one kind of entity.

    `tables`: Ibis tables, or pandas frames in the contracts' columns. `only`: entity ids wanted (all when None); for
    views the ids of their sessions.
    Returns float64, indexed by entity id (sorted), one column a signal; NaN is unknown. A signal whose tables are
    absent is unknown for every entity. Entities are those that any signal knows, and all of `only`.
    """
    wanted = [s for s in signals if s.entity == entity]
    framed = any(isinstance(t, pd.DataFrame) for t in tables.values())
    if framed:
        tables = frame_tables(tables)
    key = KEY[entity]
    ids = None if only is None else sorted(set(only))
    groups: dict[str, tuple[Relation | None, list[Signal]]] = {}
    for s in wanted:
        name = s.source.name if s.source else "minutes"
        groups.setdefault(name, (s.source, []))[1].append(s)
    known = {name: group for name, group in groups.items() if set(group[1][0].reads) <= set(tables)}
    batches, parts = _batches(ids, entity), []
    alone = {
        n: g
        for n, g in known.items()
        if len(batches) > 1 and g[0] is not None and g[0].local and not g[0].whole
    }
    try:
        for some, of in (
            (batches, alone),
            ([ids], {n: g for n, g in known.items() if n not in alone}),
        ):
            parts += _parts(tables, of, entity, some, progress)
    finally:
        dropped(t for name, t in tables.items() if framed and name.startswith(MADE))
    index = pd.Index(ids, name=key) if ids is not None and entity != VIEW else None
    if index is None:
        named = [pa.table({key: pa.array(p.index, pa.string())}) for p in parts]
        index = pd.Index(
            pa.concat_tables(named)[key].unique().sort().to_pandas() if named else [],
            name=key,
            dtype="str",
        )
    frame = (
        pd.concat([p.reindex(index) for p in parts], axis=1) if parts else pd.DataFrame(index=index)
    )
    return frame.reindex(columns=[s.name for s in wanted]).astype("float64")


def scope_of(tables: Tables, ids: list[str], entity: str) -> Any:
    """A relation of the wanted entities, on the engine that holds the tables."""
    key = SCOPE[entity]
    frame = pd.DataFrame({key: pd.Series(ids, dtype="str")})
    backend = next(iter(tables.values())).get_backend()
    return (
        ibis.memtable(frame)
        if backend.name == "duckdb"
        else backend.create_view(f"scope_{key}", ibis.memtable(frame), overwrite=True)
    )
