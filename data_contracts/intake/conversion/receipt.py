"""The moment at which a row was received, where the map gives a word instead of a column."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from data_contracts.contract import Contract
from data_contracts.intake.mapping import FILE_TIME, INGEST_TIME, MappedTable
from data_contracts.intake.sources.relation import FILE, ROW, OpenSource, literal, quote

PROBLEMS = "__problems"


def with_receipt(
    inner: str,
    table: Contract,
    given: MappedTable,
    sources: Mapping[str, OpenSource],
    moment: datetime,
    received: str,
) -> str:
    """Add the moment of receipt that the map names by a word."""
    if given.received_at == INGEST_TIME:
        value = f"TIMESTAMP '{moment}'"
    elif given.received_at == FILE_TIME:
        times = sources[str(given.source)].modified if given.source else {}
        pairs = ", ".join(
            f"{literal(f)}: TIMESTAMP '{t}'" for f, t in times.items() if t is not None
        )
        value = f"MAP {{{pairs}}}[{FILE}]" if pairs else "CAST(NULL AS TIMESTAMP)"
    else:
        events = [
            quote(c.name)
            for c in table.columns
            if c.time_role == "occurred" and c.name in given.columns
        ]
        value = f"greatest({', '.join(events)})"
    names = ", ".join(
        f"CAST({value} AS TIMESTAMP) AS {quote(received)}" if c.name == received else quote(c.name)
        for c in table.columns
    )
    return f"SELECT {names}, {FILE}, {ROW}, {PROBLEMS} FROM ({inner})"
