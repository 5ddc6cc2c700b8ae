"""The map: which source fills which contract table, column by column, as a file that people edit.

ADR-0260 says why each choice of the file is spelt out and what an open question holds back.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Format = Literal[
    "csv",
    "json",
    "parquet",
    "excel",
    "duckdb",
    "sqlite",
    "postgresql",
    "mysql",
    "iceberg",
    "delta",
    "frame",
]
# What `received_at` may say besides a column or an expression.
FILE_TIME, INGEST_TIME, EVENT_TIME = "file_time", "ingest_time", "event_time"
RECEIPTS = (FILE_TIME, INGEST_TIME, EVENT_TIME)
TAKE_THE_GUESS, LEAVE_OUT = "yes", "none"


class Part(BaseModel):
    """A part of the map; a key that it does not know is refused."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Source(Part):
    """A source of rows, and the format of its bytes.

    Parameters
    ----------
    path
        File, glob, folder, URL or connection. `${NAME}` is taken from the environment.
    table
        Table of a database, or sheet of a workbook.
    encoding
        Of text files; a name that Python knows.
    delimiter
        Between the columns of a CSV file.
    skip_rows
        Lines above the header, such as a title.
    """

    path: str
    format: Format
    table: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    skip_rows: int = 0


class MappedColumn(Part):
    """The mapping of one contract column from a source.

    Parameters
    ----------
    from_
        Name of a column, or an SQL expression over the columns of the source (`from` in the file).
    unit
        `cents` or `yuan`, where it differs from the table's `money`.
    zone
        Time zone of times without an offset, where it differs from the table's.
    format
        Format of times in text, as strptime has it.
    values
        Their word → the contract's word, for columns with a closed list.
    """

    from_: str = Field(alias="from")
    unit: Literal["cents", "yuan"] | None = None
    zone: str | None = None
    format: str | None = None
    values: dict[str, str] = {}


class MappedTable(Part):
    """The mapping of one contract table.

    Parameters
    ----------
    source, query
        Name of a source, or an SQL query over the sources by name; one of the two.
    zone
        Time zone of times without an offset.
    money
        Unit of the amounts.
    received_at
        A column or an expression; or `file_time`, `ingest_time` or `event_time`, the time of the
        row's last event.
    where
        SQL condition of the rows that are wanted.
    key
        Contract columns by which a row delivered again replaces the earlier one, for tables whose
        contract has no key.
    columns
        Contract column → source column, expression or `MappedColumn`.
    left_out
        Source columns that nothing is made of, so that a new column is noticed.
    """

    source: str | None = None
    query: str | None = None
    zone: str | None = None
    money: Literal["cents", "yuan"] | None = None
    received_at: str | None = None
    where: str | None = None
    key: list[str] = []
    columns: dict[str, MappedColumn]
    left_out: list[str] | None = None

    @field_validator("columns", mode="before")
    @classmethod
    def _short_form(cls, given: Any) -> Any:
        """A column that is only a text stands for its `from`."""
        if not isinstance(given, dict):
            return given
        return {
            k: v if isinstance(v, dict | MappedColumn) else {"from": str(v)}
            for k, v in given.items()
        }


class Question(Part):
    """A guess that a person must confirm or overrule before rows are written.

    Parameters
    ----------
    sets
        Place in the map that the answer fills, such as `tables.orders.zone`.
    asks
        The question in words.
    guess
        What is taken when the answer is `yes`.
    confidence
        Of the guess, 0 to 1.
    why
        What the guess rests on.
    choices
        Further answers that make sense.
    answer
        `yes`, or another value; open while it is null.
    """

    sets: str
    asks: str
    guess: str | None = None
    confidence: float = 0.0
    why: str = ""
    choices: list[str] = []
    answer: str | None = None

    @field_validator("answer", "guess", mode="before")
    @classmethod
    def _as_text(cls, given: Any) -> Any:
        """YAML reads `yes` as true."""
        if given is True:
            return TAKE_THE_GUESS
        return None if given is None else str(given)


class Map(Part):
    """Sources, the contract tables made of them, and the questions that are still open."""

    version: Literal[1] = 1
    sources: dict[str, Source]
    tables: dict[str, MappedTable]
    questions: list[Question] = []

    def open_questions(self) -> list[Question]:
        """Questions without an answer, or whose `yes` has no guess to take."""
        return [
            q
            for q in self.questions
            if q.answer is None or (q.answer == TAKE_THE_GUESS and q.guess is None)
        ]
