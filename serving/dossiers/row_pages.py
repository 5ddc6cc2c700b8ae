"""Pages of long lists: which rows are shown, and of how many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from serving.dossiers.night_tables import NightTables, Row

ROWS_PER_PAGE = 50


@dataclass(frozen=True)
class RowPage:
    """Some rows of a list that may be longer.

    Attributes
    ----------
    rows
        The rows of this page.
    total
        Rows of the whole list.
    number
        Number of the page, from 1.
    size
        Rows of a full page.
    """

    rows: tuple[Row, ...]
    total: int
    number: int = 1
    size: int = ROWS_PER_PAGE

    @property
    def pages(self) -> int:
        """Number of pages, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        """Place of the first row of the page, from 1; 0 where the list is empty."""
        return (self.number - 1) * self.size + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """Place of the last row of the page."""
        return self.first + len(self.rows) - 1 if self.rows else 0

    @property
    def is_cut(self) -> bool:
        """Whether the list has rows that this page lacks."""
        return len(self.rows) < self.total


def page_of(rows: Sequence[Row], number: int = 1, size: int = ROWS_PER_PAGE) -> RowPage:
    """A page of rows that are all at hand; a number beyond the last page shows the last."""
    number = _within(number, len(rows), size)
    start = (number - 1) * size
    return RowPage(tuple(rows[start : start + size]), len(rows), number, size)


def queried_page(
    tables: NightTables,
    sql: str,
    order: str,
    *parameters: Any,
    number: int = 1,
    size: int = ROWS_PER_PAGE,
) -> RowPage:
    """A page of a query over the night's tables, in an order that is the same each time."""
    number = max(1, number)
    page = f"""SELECT *, count(*) OVER () AS rows_in_all FROM ({sql})
               ORDER BY {order} LIMIT {size}"""
    found = tables.rows(f"{page} OFFSET {(number - 1) * size}", *parameters)
    if not found and number > 1:  # beyond the last page
        number = _within(number, tables.count(f"SELECT count(*) FROM ({sql})", *parameters), size)
        found = tables.rows(f"{page} OFFSET {(number - 1) * size}", *parameters)
    total = int(found[0]["rows_in_all"]) if found else 0
    for row in found:
        del row["rows_in_all"]
    return RowPage(tuple(found), total, number, size)


def _within(number: int, total: int, size: int) -> int:
    return min(max(1, number), max(1, -(-total // size)))
