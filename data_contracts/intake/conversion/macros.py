"""Functions of SQL that read text, for conversions and for the expressions of a map."""

from __future__ import annotations

import duckdb

from data_contracts.intake.sources.relation import literal

# Tab and no-break blanks keep a spreadsheet from reading an id as a number.
BLANKS = " \t\r\n\u3000\ufeff\u00a0"
NO_VALUE = ("", "null", "none", "nan", "nat", "n/a", "#n/a", "-", "--", "—", "无", "\\n")
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
# Formats that `read_time` does not read, because the day may be the month; a map names one of them.
OTHER_TIME_FORMATS = tuple(
    f"{date}{time}"
    for date in ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y")
    for time in (" %H:%M:%S", " %H:%M", "")
)
# Seconds, milliseconds or microseconds since 1970.
EPOCH = r"^1([0-9]{9}|[0-9]{12}|[0-9]{15})([.][0-9]+)?$"
MAGNITUDES = "万亿wWkK"


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
        f"CREATE OR REPLACE MACRO drop_no_value(bare) AS CASE WHEN lower(bare) NOT IN ({none}) "
        "THEN bare END;"
        "CREATE OR REPLACE MACRO clean_text(x) AS drop_no_value(strip_text(x));"
        "CREATE OR REPLACE MACRO read_epoch(x) AS CASE WHEN abs(x) < 1e11 THEN make_timestamp("
        "CAST(x * 1000000 AS BIGINT)) WHEN abs(x) < 1e14 THEN make_timestamp(CAST(x * 1000 AS "
        "BIGINT)) WHEN abs(x) < 1e17 THEN make_timestamp(CAST(x AS BIGINT)) "
        "WHEN abs(x) < 9e18 THEN make_timestamp(CAST(x // 1000 AS BIGINT)) END;"
        "CREATE OR REPLACE MACRO parse_time(bare) AS CASE "
        f"WHEN regexp_matches(bare, '{EPOCH}') THEN read_epoch(TRY_CAST(bare AS DOUBLE)) "
        "WHEN TRY_CAST(bare AS TIMESTAMP) IS NOT NULL AND len(bare) > 9 "
        "THEN TRY_CAST(bare AS TIMESTAMP) "
        f"ELSE try_strptime(regexp_replace(bare, '[.][0-9]+$', ''), [{formats}]) END;"
        "CREATE OR REPLACE MACRO read_time(x) AS parse_time(strip_text(x));"
        "CREATE OR REPLACE MACRO bare_number(x) AS regexp_replace(clean_text(x), "
        "'[,，￥¥$元 ]|CNY|RMB', '', 'g');"
        "CREATE OR REPLACE MACRO parse_number(bare) AS COALESCE(TRY_CAST(bare AS DOUBLE), "
        f"TRY_CAST(rtrim(bare, '{MAGNITUDES}') AS DOUBLE) * CASE right(bare, 1) "
        "WHEN '万' THEN 1e4 WHEN 'w' THEN 1e4 WHEN 'W' THEN 1e4 WHEN '亿' THEN 1e8 "
        "WHEN 'k' THEN 1e3 WHEN 'K' THEN 1e3 END);"
        "CREATE OR REPLACE MACRO read_number(x) AS parse_number(bare_number(x));"
    )
