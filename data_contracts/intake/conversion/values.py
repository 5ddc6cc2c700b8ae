"""Values of a source as values of a contract: SQL that converts, and SQL that says why it cannot.

Nothing is guessed here: zone, unit and words come from the map. A value that cannot be read is
null and has a reason; `table_query` decides whether its row is set aside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from data_contracts.contract import Column
from data_contracts.intake.conversion.macros import EPOCH
from data_contracts.intake.mapping import MappedColumn
from data_contracts.intake.sources.relation import literal, quote

LOST_DIGITS, UNREADABLE, SENTINEL = "lost_digits", "unreadable", "sentinel_time"
UNKNOWN_WORD = "unknown_word"
# A time before or after is a stand-in for "none": year one, 1970, 9999.
MIN_YEAR, MAX_YEAR = 1990, 2090
# Doubles beyond this magnitude skip integers, so an id in one has lost its last digits.
MAX_EXACT_INTEGER = 2**53
CENTS_PER_YUAN = 100
TRUE_WORDS = ("1", "true", "t", "yes", "y", "是", "真", "已认证")
FALSE_WORDS = ("0", "false", "f", "no", "n", "否", "假", "未认证")
WITH_OFFSET = (
    r"[0-9][T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)? ?(Z|z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)$"
)
# A number with an exponent, or a long one with a fraction: what is left of a long id.
CUT_SHORT = r"^([0-9]([.][0-9]+)?[eE][+]?[0-9]+|[0-9]{17,}[.]0+)$"
Kind = Literal["text", "whole", "float", "time", "zoned", "date", "boolean", "list", "other"]


@dataclass(frozen=True)
class Converted:
    """SQL that converts a column in steps, so that nothing is computed twice.

    Parameters
    ----------
    parsed
        SQL over `raw`, `bare` (its text without blanks) and `text` (null for words of no value).
    value, reason
        SQL over these and `parsed`: the contract's value, and why it could not be read.
    """

    parsed: str
    value: str
    reason: str


@dataclass(frozen=True)
class Steps:
    """Names of the columns of one conversion: as it was, as text, and as it was parsed."""

    raw: str
    bare: str
    text: str
    parsed: str

    @classmethod
    def of(cls, column: str) -> Steps:
        """Names for a contract column."""
        return cls(*(quote(f"{step} {column}") for step in ("raw", "bare", "text", "parsed")))


def kind_of(duckdb_type: str) -> Kind:
    """Kind of a DuckDB type, as far as conversion cares."""
    name = duckdb_type.upper()
    if name.endswith("[]"):
        return "list"
    if name.startswith(("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")):
        return "zoned"
    if name.startswith(("TIMESTAMP", "DATETIME")):
        return "time"
    if name.startswith("DECIMAL") and name.endswith(",0)"):
        return "whole"
    if name in ("DOUBLE", "FLOAT", "REAL") or name.startswith("DECIMAL"):
        return "float"
    if name.endswith(("INTEGER", "BIGINT", "INT", "SMALLINT", "TINYINT", "HUGEINT")):
        return "whole"
    if name == "DATE":
        return "date"
    if name == "BOOLEAN":
        return "boolean"
    return "text" if name.startswith(("VARCHAR", "JSON", "UUID", "ENUM")) else "other"


def convert(
    column: Column, given: MappedColumn, kind: Kind, zone: str | None, money: str | None
) -> Converted:
    """SQL that converts the values of one column.

    Parameters
    ----------
    column
        The contract's column.
    given
        Its entry in the map.
    kind
        Kind of the source's type.
    zone
        Zone of times without an offset.
    money
        `cents` or `yuan`, for amounts.
    """
    at = Steps.of(column.name)
    if column.type == "TIMESTAMP":
        return _time(at, kind, zone or "UTC", given.format)
    if column.type == "DOUBLE":
        scaled = f"{at.parsed} / {CENTS_PER_YUAN}" if money == "cents" else at.parsed
        return Converted(_number(at, kind), scaled, _unread(at))
    if column.type == "BIGINT":
        return Converted(_whole(at, kind), at.parsed, _unread(at))
    if column.type == "BOOLEAN":
        parsed = at.raw if kind == "boolean" else _boolean(at)
        return Converted(parsed, at.parsed, _unread(at))
    if column.type == "VARCHAR[]":
        parsed = (
            f"CAST({at.raw} AS VARCHAR[])"
            if kind == "list"
            else f"string_split_regex(trim({at.text}, '[]'), '\\s*[,;、|，；]\\s*')"
        )
        return Converted(parsed, at.parsed, "NULL")
    return _word(column, given, at, kind)


def _unread(at: Steps) -> str:
    return f"CASE WHEN {at.parsed} IS NULL AND {at.text} IS NOT NULL THEN '{UNREADABLE}' END"


def _number(at: Steps, kind: Kind) -> str:
    if kind in ("whole", "float", "boolean"):
        return f"CAST({at.raw} AS DOUBLE)"
    return f"read_number({at.text})"


def _whole(at: Steps, kind: Kind) -> str:
    """A whole number; text of digits is read as it is, anything else must have no fraction."""
    if kind in ("whole", "boolean"):
        return f"TRY_CAST({at.raw} AS BIGINT)"
    number = _number(at, kind)
    exact = (
        f"WHEN regexp_matches({at.text}, '^[+-]?[0-9]+$') THEN TRY_CAST({at.text} AS BIGINT) "
        if kind == "text"
        else ""
    )
    return (
        f"CASE {exact}WHEN {number} = trunc({number}) AND abs({number}) < {MAX_EXACT_INTEGER} "
        f"THEN CAST({number} AS BIGINT) END"
    )


def _boolean(at: Steps) -> str:
    true, false = (", ".join(literal(w) for w in words) for words in (TRUE_WORDS, FALSE_WORDS))
    text = f"lower(regexp_replace({at.text}, '[.]0$', ''))"
    return f"CASE WHEN {text} IN ({true}) THEN TRUE WHEN {text} IN ({false}) THEN FALSE END"


def _time(at: Steps, kind: Kind, zone: str, format_: str | None) -> Converted:
    """A moment in UTC; stand-ins for "none" are null, with their own reason."""
    local = f"AT TIME ZONE {literal(zone)} AT TIME ZONE 'UTC'"
    if kind == "zoned":
        moment = f"({at.raw} AT TIME ZONE 'UTC')"
    elif kind in ("time", "date"):
        moment = f"(CAST({at.raw} AS TIMESTAMP) {local})"
    elif kind in ("whole", "float"):
        moment = f"read_epoch({at.raw})"
    else:
        named = (
            f"try_strptime({at.bare}, {literal(format_)})" if format_ else f"parse_time({at.bare})"
        )
        moment = (
            f"CASE WHEN regexp_matches({at.bare}, '{WITH_OFFSET}') "
            f"THEN TRY_CAST({at.bare} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' "
            f"WHEN regexp_matches({at.bare}, '{EPOCH}') THEN parse_time({at.bare}) "
            f"ELSE {named} {local} END"
        )
    real = f"isfinite({at.parsed}) AND year({at.parsed}) BETWEEN {MIN_YEAR} AND {MAX_YEAR}"
    none = f"regexp_matches({at.bare}, '^(0000-00-00.*|-?[01])$')"
    return Converted(
        moment,
        f"CASE WHEN {real} THEN {at.parsed} END",
        f"CASE WHEN NOT ({real}) OR {none} THEN '{SENTINEL}' "
        f"WHEN {at.parsed} IS NULL AND {at.text} IS NOT NULL THEN '{UNREADABLE}' END",
    )


def _word(column: Column, given: MappedColumn, at: Steps, kind: Kind) -> Converted:
    """An id or a word; ids that a spreadsheet or a float cut short are null."""
    lost = "FALSE"
    if kind == "float":
        lost = f"abs({at.raw}) >= {MAX_EXACT_INTEGER}"
        parsed = (
            f"CASE WHEN {lost} THEN NULL WHEN {at.raw} = trunc({at.raw}) "
            f"THEN CAST(CAST({at.raw} AS BIGINT) AS VARCHAR) ELSE {at.bare} END"
        )
    elif kind in ("whole", "boolean", "date", "time", "zoned"):
        parsed = at.bare
    else:
        lost = f"regexp_matches({at.text}, '{CUT_SHORT}')"
        parsed = f"regexp_replace({at.text}, '^([0-9]+)[.]0+$', '\\1')"
    if column.values is None:
        value = f"CASE WHEN {lost} THEN NULL ELSE {at.parsed} END"
        return Converted(parsed, value, f"CASE WHEN {lost} THEN '{LOST_DIGITS}' END")
    cases = " ".join(f"WHEN {literal(k)} THEN {literal(v)}" for k, v in given.values.items())
    word = f"CASE {parsed} {cases} ELSE lower({parsed}) END" if cases else f"lower({parsed})"
    known = ", ".join(literal(v) for v in column.values)
    return Converted(
        f"CASE WHEN {word} IN ({known}) THEN {word} END",
        at.parsed,
        f"CASE WHEN {at.parsed} IS NULL AND {at.text} IS NOT NULL THEN '{UNKNOWN_WORD}' END",
    )
