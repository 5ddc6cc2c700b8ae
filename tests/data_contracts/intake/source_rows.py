"""The two rows that every source of these tests has, and how they are read back."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from data_contracts.intake.conversion.macros import create_macros
from data_contracts.intake.mapping import Source
from data_contracts.intake.sources.relation import ReadContext, ReadSince
from data_contracts.intake.sources.staging import open_sources
from data_contracts.parquet import connect

ORDER = 6_921_234_567_890_123_457
AT = "2026-01-10 20:00:00"
FRAME = pd.DataFrame({"id": [ORDER, ORDER + 1], "word": ["推荐", None], "happened": [AT, AT]})
WANTED = [(str(ORDER), "推荐", AT), (str(ORDER + 1), None, AT)]


def rows_of(
    folder: Path,
    source: Source,
    sql: str = "id, word, happened",
    since: ReadSince | None = None,
) -> list[tuple]:
    """Rows of a source as text, with a trailing zone or fraction cut off its times."""
    with connect() as connection:
        create_macros(connection)
        wanted = {} if since is None else {"s": since}
        context = ReadContext(connection, folder, folder / "work", since=wanted)
        open_sources(context, {"s": source})
        return connection.execute(
            f"SELECT CAST(id AS VARCHAR), word, left(CAST(happened AS VARCHAR), 19) "
            f"FROM (SELECT {sql}, __row FROM s) ORDER BY __row"
        ).fetchall()
