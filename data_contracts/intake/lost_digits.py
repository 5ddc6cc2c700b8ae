"""Ids that lost their last digits on the way: in a spreadsheet, or in a floating-point column."""

from __future__ import annotations

import duckdb

MIN_IDS = 20
# A spreadsheet keeps 15 digits and writes zeros behind them.
SPREADSHEET_DIGITS = 15
MIN_ROUNDED_SHARE = 0.9
# A double keeps 53 bits: between 2**59 and 2**63 it steps by at least 128. Ids that count up by
# large powers of two themselves, such as those with an empty sequence, are divisible by more.
FLOAT_STEP, MAX_FINER_SHARE = 128, 0.5


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
        f"avg(CAST(n % {FLOAT_STEP} = 0 AS INTEGER)), "
        f"avg(CAST(n % {FLOAT_STEP * 8} = 0 AS INTEGER)) FROM (SELECT DISTINCT id, "
        f"TRY_CAST(id AS HUGEINT) AS n FROM (SELECT CAST({column} AS VARCHAR) AS id FROM {rows} "
        "LIMIT 200000) WHERE regexp_matches(id, '^[0-9]{17,20}$'))"
    ).fetchone()
    assert found is not None
    count, rounded, stepped, finer = found
    if count < MIN_IDS:
        return None
    if rounded >= MIN_ROUNDED_SHARE:
        return f"{rounded:.0%} end in zeros beyond {SPREADSHEET_DIGITS} digits, as in a spreadsheet"
    if stepped >= MIN_ROUNDED_SHARE and finer <= MAX_FINER_SHARE:
        return f"{stepped:.0%} are multiples of {FLOAT_STEP}, as after a floating-point column"
    return None
