"""A snapshot: the tables known at a moment, and the derived tables made from them so far."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa

from data_contracts.lake import LakeOrFolder
from features.declaration import KEY, SESSION, VIEW, Derived
from features.engine.materialise import drop_materialised, is_materialised, materialise
from features.engine.tables import duckdb_tables, frame_tables, newest_receipt

# A view has no name outside its session: views are asked for by session.
SCOPE_KEY = KEY | {VIEW: KEY[SESSION]}
NEVER = datetime(1970, 1, 1)  # the moment of frames in which nothing was received
_numbers = itertools.count()  # temporary tables of all snapshots on one engine have other names


class Snapshot(Mapping[str, Any]):
    """The tables known at a moment: a mapping of table names to Ibis tables.

    Parameters
    ----------
    tables
        Ibis tables by the names of their contracts; absent tables are unknown.
    as_of
        The moment: only rows received before it are in the tables. Windows are cut from it.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"operator_id": ["o1"], "received_at": pd.to_datetime(["2026-01-02"])})
    >>> with Snapshot.from_frames({"operators": frame}) as snapshot:
    ...     print(snapshot.as_of, list(snapshot), snapshot["operators"].count().to_pandas())
    2026-01-02 00:00:00 ['operators'] 1
    """

    def __init__(self, tables: Mapping[str, Any], as_of: datetime) -> None:
        self.as_of = as_of
        self._tables = dict(tables)
        self._derived: dict[str, Any] = {}

    @classmethod
    def open(
        cls, lake: LakeOrFolder, as_of: datetime, *, memory: str = "4GB", threads: int = 1
    ) -> Snapshot:
        """The good rows of a lake that were received before `as_of`, on DuckDB."""
        return cls(duckdb_tables(lake, as_of, memory, threads), as_of)

    @classmethod
    def from_frames(
        cls, frames: Mapping[str, pd.DataFrame], as_of: datetime | None = None
    ) -> Snapshot:
        """Pandas frames in the contracts' columns.

        The moment is their newest receipt by default.
        """
        moment = as_of or newest_receipt(frames) or NEVER
        return cls(frame_tables(frames), moment)

    def __getitem__(self, name: str) -> Any:
        return self._tables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop the derived tables that were made from this snapshot."""
        drop_materialised(self._derived.values())
        self._derived.clear()

    def without(self, *names: str) -> Snapshot:
        """The same moment with some tables unknown; nothing derived is handed on."""
        return Snapshot({n: t for n, t in self.items() if n not in names}, self.as_of)

    def scope(self, ids: Iterable[str], entity: str) -> Any:
        """The given entities as a table with their key, on the engine of this snapshot."""
        key = SCOPE_KEY[entity]
        rows = ibis.memtable(pd.DataFrame({key: pd.Series(list(ids), dtype="str")}))
        backend = next(iter(self._tables.values())).get_backend()
        if backend.name == "duckdb":
            return rows
        return backend.create_view(f"scope_{key}", rows, overwrite=True)

    def moment(self) -> Any:
        """The moment as an Ibis timestamp, from which relations cut their windows (ADR-0101)."""
        return ibis.literal(self.as_of, type="timestamp")

    def materialise(self, rows: Any, prefix: str) -> Any:
        """Rows as a table of the engine, under a name of its own."""
        return materialise(rows, f"{prefix}_{next(_numbers)}")

    def derived(self, wanted: Derived) -> Any:
        """A derived table as an Ibis table; it is made once and kept."""
        if wanted.name not in self._derived:
            made = (
                wanted.build(self)
                if wanted.from_all
                else wanted.build(*(self[n] for n in wanted.reads))
            )
            if isinstance(made, pd.DataFrame):
                self.add_derived(wanted, made)
            else:
                self._derived[wanted.name] = self._as_declared(wanted, made)
        return self._derived[wanted.name]

    def _as_declared(self, wanted: Derived, made: Any) -> Any:
        columns = {c: made[c].cast(t) for c, t in wanted.columns.items()}
        rows = self.materialise(made.select(**columns), f"derived_{wanted.name}")
        return rows if is_materialised(rows) else ibis.memtable(rows.to_pyarrow())

    def has_derived(self, wanted: Derived) -> bool:
        """Whether a derived table was made or added already."""
        return wanted.name in self._derived

    def derived_frame(self, wanted: Derived) -> pd.DataFrame:
        """A derived table as a pandas frame."""
        return self.derived(wanted).to_pandas()

    def add_derived(self, wanted: Derived, frame: pd.DataFrame) -> None:
        """Take a frame as the content of a derived table, so that it is not made again."""
        schema = pa.schema([(c, pa.type_for_alias(t)) for c, t in wanted.columns.items()])
        columns = frame[list(wanted.columns)]
        arrow = pa.Table.from_pandas(columns, schema=schema, preserve_index=False)
        self._derived[wanted.name] = ibis.memtable(arrow)
