"""Every source of a map, opened as a view of one DuckDB connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from data_contracts.errors import SteelyardError
from data_contracts.intake.map_file import MapProblems
from data_contracts.intake.mapping import Source
from data_contracts.intake.sources.columnar import (
    open_delta,
    open_duckdb,
    open_frame,
    open_iceberg,
    open_parquet,
)
from data_contracts.intake.sources.delimited import open_delimited
from data_contracts.intake.sources.json_lines import open_json
from data_contracts.intake.sources.relation import OpenSource, ReadContext, prepare
from data_contracts.intake.sources.rows import open_server, open_sqlite, open_workbook

READERS: dict[str, Callable[[ReadContext, str, Source], OpenSource]] = {
    "csv": open_delimited,
    "json": open_json,
    "parquet": open_parquet,
    "excel": open_workbook,
    "duckdb": open_duckdb,
    "sqlite": open_sqlite,
    "postgresql": open_server,
    "mysql": open_server,
    "iceberg": open_iceberg,
    "delta": open_delta,
    "frame": open_frame,
}


def open_sources(
    context: ReadContext,
    sources: Mapping[str, Source],
    say: Callable[[str], None] = lambda _text: None,
) -> dict[str, OpenSource]:
    """Open every source.

    Raises
    ------
    MapProblems
        Sources cannot be read; all of them are listed.
    """
    prepare(context.connection)
    opened, problems = {}, []
    for name, source in sources.items():
        say(f"reading {name}")
        try:
            opened[name] = READERS[source.format](context, name, source)
        except SteelyardError as error:
            problems.append(f"sources.{name}: {error}")
    if problems:
        raise MapProblems("sources", problems)
    return opened
