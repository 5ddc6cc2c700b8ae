"""Values of a source as values of a contract: SQL that converts, and SQL that says why it cannot.

Nothing is guessed here: zone, unit and words come from the map. A value that cannot be read is
null and has a reason; `table_query` decides whether its row is set aside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import duckdb

from data_contracts.contract import Column
from data_contracts.intake.mapping import MappedColumn
from data_contracts.intake.sources.relation import literal

LOST_DIGITS, UNREADABLE, SENTINEL = "lost_digits", "unreadable", "sentinel_time"
UNKNOWN_WORD = "unknown_word"
# A time before or after is a stand-in for "none": year one, 1970, 9999.
MIN_YEAR, MAX_YEAR = 1990, 2090
# Doubles beyond this magnitude skip integers, so an id in one has lost its last digits.
MAX_EXACT_INTEGER = 2**53
CENTS_PER_YUAN = 100
# Tab and no-break blanks keep a spreadsheet from reading an id as a number.
BLANKS = " \t\r\n\u3000\ufeff\u00a0"
NO_VALUE = ("", "null", "none", "nan", "nat", "n/a", "#n/a", "-", "--", "—", "无", "\\n")
TRUE_WORDS = ("1", "true", "t", "yes", "y", "是", "真", "已认证")
FALSE_WORDS = ("0", "false", "f", "no", "n", "否", "假", "未认证")
TIME_FORMATS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y.%m.%d %H:%M:%S",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M",
    "%Y年%m月%d日 %H时%M分%S秒",
    "%Y%m%d%H%M%S",
    "%Y%m%d %H:%M:%S",
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y年%m月%d日",
    "%Y%m%d",
)
WITH_OFFSET = (
    r"[0-9][T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)? ?(Z|z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)$"
)
MAGNITUDES = "万亿wWkK"
Kind = Literal["text", "whole", "float", "time", "zoned", "date", "boolean", "list", "other"]


@dataclass(frozen=True)
class Converted:
    """SQL of a value of the contract's type, and SQL of the reason why it could not be read."""

    value: str
    reason: str


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


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the functions that conversions and expressions of a map use.

    `clean_text` drops blanks, quotes of spreadsheets and words for "no value"; `read_time` reads a
    time from text without regard to zones; `read_number` reads a number.
    """
    none = ", ".join(literal(t) for t in NO_VALUE)
    formats = ", ".join(literal(f) for f in TIME_FORMATS)
    connection.execute(
        "CREATE OR REPLACE MACRO strip_text(x) AS regexp_replace(trim(CAST(x AS VARCHAR), "
        f"{literal(BLANKS)}), '^(?:=\"(.*)\"|[''`](.*))$', '\\1\\2');"
        "CREATE OR REPLACE MACRO clean_text(x) AS CASE WHEN lower(strip_text(x)) "
        f"IN ({none}) THEN NULL ELSE strip_text(x) END;"
        "CREATE OR REPLACE MACRO read_epoch(x) AS CASE WHEN abs(x) < 1e11 THEN make_timestamp("
        "CAST(x * 1000000 AS BIGINT)) WHEN abs(x) < 1e14 THEN make_timestamp(CAST(x * 1000 AS "
        "BIGINT)) WHEN abs(x) < 1e17 THEN make_timestamp(CAST(x AS BIGINT)) "
        "WHEN abs(x) < 9e18 THEN make_timestamp(CAST(x // 1000 AS BIGINT)) END;"
        "CREATE OR REPLACE MACRO read_time(x) AS COALESCE("
        "CASE WHEN regexp_matches(strip_text(x), '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]') "
        "THEN TRY_CAST(strip_text(x) AS TIMESTAMP) END, "
        f"try_strptime(regexp_replace(strip_text(x), '[.][0-9]+$', ''), [{formats}]));"
        "CREATE OR REPLACE MACRO bare_number(x) AS regexp_replace(clean_text(x), "
        "'[,，￥¥$元 ]|CNY|RMB', '', 'g');"
        "CREATE OR REPLACE MACRO read_number(x) AS COALESCE(TRY_CAST(bare_number(x) AS DOUBLE), "
        f"TRY_CAST(rtrim(bare_number(x), '{MAGNITUDES}') AS DOUBLE) "
        "* CASE right(bare_number(x), 1) "
        "WHEN '万' THEN 1e4 WHEN 'w' THEN 1e4 WHEN 'W' THEN 1e4 WHEN '亿' THEN 1e8 "
        "WHEN 'k' THEN 1e3 WHEN 'K' THEN 1e3 END);"
    )


def convert(
    column: Column, given: MappedColumn, raw: str, kind: Kind, zone: str | None, money: str | None
) -> Converted:
    """SQL that converts one value.

    Parameters
    ----------
    column
        The contract's column.
    given
        Its entry in the map.
    raw
        SQL of the source's value.
    kind
        Kind of its type.
    zone
        Zone of times without an offset.
    money
        `cents` or `yuan`, for amounts.
    """
    if column.type == "TIMESTAMP":
        return _time(raw, kind, zone or "UTC", given.format)
    if column.type == "DOUBLE":
        number = _number(raw, kind)
        scaled = f"{number} / {CENTS_PER_YUAN}" if money == "cents" else number
        return Converted(scaled, _unread(raw, number))
    if column.type == "BIGINT":
        number = _whole(raw, kind)
        return Converted(number, _unread(raw, number))
    if column.type == "BOOLEAN":
        value = raw if kind == "boolean" else _boolean(raw)
        return Converted(value, _unread(raw, value))
    if column.type == "VARCHAR[]":
        value = (
            f"CAST({raw} AS VARCHAR[])"
            if kind == "list"
            else f"string_split_regex(clean_text(trim({raw}, '[]')), '\\s*[,;、|，；]\\s*')"
        )
        return Converted(value, "NULL")
    return _word(column, given, raw, kind)


def _unread(raw: str, value: str) -> str:
    return f"CASE WHEN {value} IS NULL AND clean_text({raw}) IS NOT NULL THEN '{UNREADABLE}' END"


def _number(raw: str, kind: Kind) -> str:
    if kind in ("whole", "float", "boolean"):
        return f"CAST({raw} AS DOUBLE)"
    return f"read_number({raw})"


def _whole(raw: str, kind: Kind) -> str:
    if kind in ("whole", "boolean"):
        return f"TRY_CAST({raw} AS BIGINT)"
    number = _number(raw, kind)
    exact = (
        f"WHEN regexp_matches(bare_number({raw}), '^[+-]?[0-9]+$') "
        f"THEN TRY_CAST(bare_number({raw}) AS BIGINT) "
        if kind == "text"
        else ""
    )
    return (
        f"CASE {exact}WHEN {number} = trunc({number}) AND abs({number}) < {MAX_EXACT_INTEGER} "
        f"THEN CAST({number} AS BIGINT) END"
    )


def _boolean(raw: str) -> str:
    true, false = (", ".join(literal(w) for w in words) for words in (TRUE_WORDS, FALSE_WORDS))
    text = f"lower(regexp_replace(clean_text({raw}), '[.]0$', ''))"
    return f"CASE WHEN {text} IN ({true}) THEN TRUE WHEN {text} IN ({false}) THEN FALSE END"


def _time(raw: str, kind: Kind, zone: str, format_: str | None) -> Converted:
    """A moment in UTC; stand-ins for "none" are null, with their own reason."""
    local = f"AT TIME ZONE {literal(zone)} AT TIME ZONE 'UTC'"
    if kind == "zoned":
        moment = f"({raw} AT TIME ZONE 'UTC')"
    elif kind in ("time", "date"):
        moment = f"(CAST({raw} AS TIMESTAMP) {local})"
    elif kind in ("whole", "float"):
        moment = f"read_epoch({raw})"
    else:
        text = f"strip_text({raw})"
        named = f"try_strptime({text}, {literal(format_)})" if format_ else f"read_time({text})"
        moment = (
            f"CASE WHEN regexp_matches({text}, '{WITH_OFFSET}') "
            f"THEN TRY_CAST({text} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' "
            f"WHEN regexp_matches({text}, '^([0-9]{{10}}|[0-9]{{13}}|[0-9]{{16}})([.][0-9]+)?$') "
            f"THEN read_epoch(TRY_CAST({text} AS DOUBLE)) "
            f"ELSE {named} {local} END"
        )
    stand_in = f"NOT isfinite({moment}) OR year({moment}) NOT BETWEEN {MIN_YEAR} AND {MAX_YEAR}"
    none = f"regexp_matches(CAST({raw} AS VARCHAR), '^(0000-00-00.*|-?[01])$')"
    return Converted(
        f"CASE WHEN NOT ({stand_in}) THEN {moment} END",
        f"CASE WHEN {stand_in} OR {none} THEN '{SENTINEL}' "
        f"WHEN {moment} IS NULL AND clean_text({raw}) IS NOT NULL THEN '{UNREADABLE}' END",
    )


def _word(column: Column, given: MappedColumn, raw: str, kind: Kind) -> Converted:
    """An id or a word; ids that a spreadsheet or a float cut short are null."""
    lost = "FALSE"
    if kind == "float":
        whole = f"{raw} = trunc({raw}) AND abs({raw}) < {MAX_EXACT_INTEGER}"
        text = f"CASE WHEN {whole} THEN CAST(CAST({raw} AS BIGINT) AS VARCHAR) END"
        lost = f"abs({raw}) >= {MAX_EXACT_INTEGER}"
        text = f"COALESCE({text}, CASE WHEN NOT {lost} THEN CAST({raw} AS VARCHAR) END)"
    elif kind in ("whole", "boolean", "date", "time", "zoned"):
        text = f"CAST({raw} AS VARCHAR)"
    else:
        clean = f"clean_text({raw})"
        text = f"regexp_replace({clean}, '^([0-9]+)[.]0+$', '\\1')"
        lost = (
            f"regexp_matches({clean}, '^[0-9]([.][0-9]+)?[eE][+]?[0-9]+$') OR "
            f"regexp_matches({clean}, '^[0-9]{{17,}}[.]0+$')"
        )
    if column.values is None:
        value = f"CASE WHEN {lost} THEN NULL ELSE {text} END"
        return Converted(value, f"CASE WHEN {lost} THEN '{LOST_DIGITS}' END")
    cases = " ".join(f"WHEN {literal(k)} THEN {literal(v)}" for k, v in given.values.items())
    said = f"CASE {text} {cases} ELSE lower({text}) END" if cases else f"lower({text})"
    known = ", ".join(literal(v) for v in column.values)
    value = f"CASE WHEN {said} IN ({known}) THEN {said} END"
    return Converted(
        value, f"CASE WHEN {value} IS NULL AND {text} IS NOT NULL THEN '{UNKNOWN_WORD}' END"
    )
