"""Minutes of a session as bytes with a checksum; they are checked before they are believed."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from features.engine.minute_kernels import COLUMNS

COLUMN_INDEX = {name: i for i, name in enumerate(COLUMNS)}
ROW_WIDTH = 1 + len(COLUMNS)  # the minute, then its counters
ROW_BYTES = 8 * ROW_WIDTH
CHECKSUM_BYTES = 4
MAX_MINUTE = 2880
MAX_BLOB_BYTES = (MAX_MINUTE + 1) * ROW_BYTES + CHECKSUM_BYTES


class MinutesInvalid(Exception):
    """Stored minutes are not the bytes that were stored; what they said is unknown."""


def minute_to_row(minute: dict[str, Any]) -> np.ndarray:
    """A minute as the kernels read it, shape (15,); counters that were not sent are NaN."""
    row = np.full(len(COLUMNS), np.nan)
    for name, place in COLUMN_INDEX.items():
        value = minute.get(name)
        if value is not None:
            row[place] = float(value)
    return row


def rows_from_blob(blob: bytes) -> np.ndarray:
    """Minutes of a blob in order, float64 of shape (minutes, 15). Raises MinutesInvalid.

    The array is writable: a read-only one is another type to the compiled kernels, which would
    compile again on a request.
    """
    return _checked(blob)[:, 1:].copy()


def merge_minutes(blob: bytes, rows: list[tuple[int, np.ndarray]]) -> bytes:
    """A blob with minutes added or replaced, in order of minutes.

    A blob that is not what was stored is replaced: its minutes are lost either way.
    """
    try:
        stored = _checked(blob) if blob else np.empty((0, ROW_WIDTH))
    except MinutesInvalid:
        stored = np.empty((0, ROW_WIDTH))
    rows_by_minute = {row[0]: row for row in stored}
    rows_by_minute |= {
        float(minute): np.concatenate([[float(minute)], row]) for minute, row in rows
    }
    body = np.concatenate([rows_by_minute[m] for m in sorted(rows_by_minute)]).tobytes()
    return body + zlib.crc32(body).to_bytes(CHECKSUM_BYTES, "little")


def _checked(blob: bytes) -> np.ndarray:
    """Rows of a blob, shape (minutes, 16). Raises MinutesInvalid."""
    if not isinstance(blob, bytes):  # SQLite keeps any type in any column
        raise MinutesInvalid("the value is not bytes")
    body = memoryview(blob)[:-CHECKSUM_BYTES]
    if len(blob) > MAX_BLOB_BYTES or not body or len(body) % ROW_BYTES:
        raise MinutesInvalid(f"{len(blob)} bytes are no whole minutes")
    if zlib.crc32(body) != int.from_bytes(blob[-CHECKSUM_BYTES:], "little"):
        raise MinutesInvalid("the checksum does not match")
    rows = np.frombuffer(body, dtype=np.float64).reshape(-1, ROW_WIDTH)
    minute = rows[:, 0]
    in_order = minute[0] >= 0 and minute[-1] <= MAX_MINUTE and (np.diff(minute) > 0).all()
    if not in_order or np.isinf(rows).any():  # NaN in the first column is in no order
        raise MinutesInvalid("a minute is out of range, out of order or infinite")
    return rows
