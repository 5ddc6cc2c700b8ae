"""Rows of a source before and after a map, so that a person sees what it does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from data_contracts.intake.conversion.table_query import PROBLEMS, table_query
from data_contracts.intake.map_file import answer_questions
from data_contracts.intake.mapping import Map
from data_contracts.intake.sources.relation import OpenSource, ReadContext

SAMPLE_ROWS = 5


def samples(
    context: ReadContext, given: Map, opened: Mapping[str, OpenSource], moment: datetime
) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Five rows of each table as the source has them and as the lake would, with what is wrong.

    Parameters
    ----------
    context
        Where the sources were opened.
    given
        The map, whose guesses stand for open answers.
    opened
        The opened sources.
    moment
        Stands for the moment of ingestion, UTC.
    """
    known = {q.sets for q in given.questions if q.guess is None and q.answer is None}
    tables = {n for n in given.tables if not any(s.startswith(f"tables.{n}.") for s in known)}
    shortened = given.model_copy(
        update={
            "tables": {n: t for n, t in given.tables.items() if n in tables},
            "questions": [q for q in given.questions if q.sets.split(".")[1] in tables],
        }
    )
    made = {}
    for name, table in answer_questions(shortened, accept_guesses=True).tables.items():
        query = table_query(context.connection, name, table, opened, moment)
        if query.problems:
            continue
        before = _rows(context, f"SELECT * FROM ({query.rows}) LIMIT {SAMPLE_ROWS}")
        after = _rows(
            context, f"SELECT * EXCLUDE ({PROBLEMS}) FROM ({query.sql}) LIMIT {SAMPLE_ROWS}"
        )
        made[name] = {"before": before, "after": after}
    return made


def _rows(context: ReadContext, sql: str) -> list[dict[str, Any]]:
    """Rows of a query, without columns that are null in all of them."""
    result = context.connection.execute(f"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ({sql})")
    names = [d[0] for d in result.description or []]
    rows = result.fetchall()
    kept = [i for i, n in enumerate(names) if any(r[i] is not None for r in rows) and n[:2] != "__"]
    return [{names[i]: r[i] for i in kept} for r in rows]
