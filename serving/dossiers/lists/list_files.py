"""Files of lists: CSV that no spreadsheet runs as a formula, and Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BYTE_ORDER_MARK = "\ufeff"  # without it a spreadsheet takes Chinese text for another encoding


def csv_text(rows: pa.Table) -> Iterator[str]:
    """Rows as CSV, piece by piece; every text is quoted.

    A text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, CSV
    injection). So does a text of digits, which would lose digits as a number.
    """
    yield BYTE_ORDER_MARK + _line(rows.column_names)
    for batch in rows.to_batches(max_chunksize=5000):
        columns = [batch.column(i).to_pylist() for i in range(batch.num_columns)]
        yield "".join(_line(row) for row in zip(*columns, strict=True))


def parquet_bytes(rows: pa.Table) -> bytes:
    """Rows as a Parquet file; ids stay texts."""
    sink = io.BytesIO()
    pq.write_table(rows, sink, compression="zstd")
    return sink.getvalue()


def _line(values: Sequence[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n").writerow(
        [_cell(v) for v in values]
    )
    return text.getvalue()


def _cell(value: Any) -> Any:
    """A value as a cell: numbers as they are, moments in ISO form, texts guarded."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) or text.isdecimal() else text
