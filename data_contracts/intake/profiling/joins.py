"""Columns of different sources that name the same things, by the values that they share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import duckdb

from data_contracts.intake.profiling.columns import ColumnProfile
from data_contracts.intake.sources.relation import literal, quote

MIN_CONTAINED_SHARE, MIN_DISTINCT_VALUES = 0.5, 3
MAX_VALUES_COMPARED = 20_000
VALUES = "__values"


class Join(NamedTuple):
    """Share of the distinct values of one column that another one has."""

    source: str
    column: str
    other_source: str
    other_column: str
    containment: float


def find_joins(
    connection: duckdb.DuckDBPyConnection, profiles: Mapping[str, Mapping[str, ColumnProfile]]
) -> list[Join]:
    """Find pairs of columns of different sources that share their values, the closest first.

    Parameters
    ----------
    connection
        Connection that has a view for each source.
    profiles
        Source → column → its profile.
    """
    ids = [
        (source, p)
        for source, columns in profiles.items()
        for p in columns.values()
        if p.distinct >= MIN_DISTINCT_VALUES and not p.is_time and not _is_measure(p)
    ]
    if not ids:
        return []
    values = " UNION ALL ".join(
        f"(SELECT DISTINCT {literal(source)} AS source, {literal(p.name)} AS name, "
        f"clean_text({quote(p.name)}) AS v FROM {quote(source)} LIMIT {MAX_VALUES_COMPARED})"
        for source, p in ids
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {VALUES} AS FROM ({values}) WHERE v IS NOT NULL"
    )
    rows = connection.execute(
        f"WITH sizes AS (SELECT source, name, count(*) AS n FROM {VALUES} GROUP BY ALL) "
        "SELECT a.source, a.name, b.source, b.name, count(*) / any_value(s.n) AS share "
        f"FROM {VALUES} a JOIN {VALUES} b ON a.v = b.v AND a.source <> b.source "
        "JOIN sizes s ON s.source = a.source AND s.name = a.name "
        "GROUP BY a.source, a.name, b.source, b.name "
        f"HAVING share >= {MIN_CONTAINED_SHARE} "
        "ORDER BY share DESC, a.source, a.name, b.source, b.name"
    ).fetchall()
    return [Join(*row) for row in rows]


def _is_measure(found: ColumnProfile) -> bool:
    """Whether values are small numbers, which are in every other column of small numbers."""
    return found.is_number and (found.wholes < 1 or (found.high or 0) < 100_000)
