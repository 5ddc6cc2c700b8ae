"""Ids that lost their last digits on the way: in a spreadsheet, or in a floating-point column."""

from __future__ import annotations

import duckdb

MIN_IDS = 20
# A spreadsheet keeps 15 digits and writes zeros behind them.
SPREADSHEET_DIGITS = 15
MIN_ROUNDED_SHARE = 0.9
# A double keeps 53 bits, so large integers in one step by a power of two. Ids that step by large
# powers of two themselves, such as those with an empty sequence, are multiples of more.
FLOAT_BITS, MAX_COARSER_SHARE = 52, 0.5


def digits_lost(connection: duckdb.DuckDBPyConnection, rows: str, column: str) -> str | None:
    """Reason to believe that a column of ids lost digits, None where there is none.

    Parameters
    ----------
    connection
        Connection that has the rows.
    rows
        SQL of a relation.
    column
        SQL of its column.
    """
    found = connection.execute(
        "SELECT count(*), "
        f"avg(CAST(regexp_matches(id, '^.{{{SPREADSHEET_DIGITS}}}0+$') AS INTEGER)), "
        "avg(CAST(n % step = 0 AS INTEGER)), avg(CAST(n % (8 * step) = 0 AS INTEGER)), min(step) "
        f"FROM (SELECT *, CAST(pow(2, floor(log2(n)) - {FLOAT_BITS}) AS HUGEINT) AS step FROM "
        "(SELECT DISTINCT id, CAST(id AS HUGEINT) AS n FROM "
        f"(SELECT CAST({column} AS VARCHAR) AS id FROM {rows} LIMIT 200000) "
        "WHERE regexp_matches(id, '^[1-9][0-9]{16,19}$')))"
    ).fetchone()
    assert found is not None
    count, rounded, stepped, coarser, step = found
    if count < MIN_IDS:
        return None
    if rounded >= MIN_ROUNDED_SHARE:
        return f"{rounded:.0%} end in zeros beyond {SPREADSHEET_DIGITS} digits, as in a spreadsheet"
    if stepped >= MIN_ROUNDED_SHARE and coarser <= MAX_COARSER_SHARE:
        return f"{stepped:.0%} are multiples of {step}, as after a floating-point column"
    return None
