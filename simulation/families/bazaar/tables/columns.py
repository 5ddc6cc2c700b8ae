"""Columns of tables from integer codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa


def names(prefix: str, code: Any) -> pa.Array:
    """Pseudonyms: a scrambled code, the same wherever it appears; -1 is null."""
    known, where = np.unique(np.asarray(code, np.int64), return_inverse=True)
    salt = int.from_bytes(prefix.encode().ljust(4, b"_")[:4], "big")
    mixed = (known.astype(np.uint64) + np.uint64(salt)) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    text = pa.array(
        [
            None if k < 0 else f"{prefix}{m:016x}"
            for k, m in zip(known.tolist(), mixed.tolist(), strict=True)
        ],
        pa.string(),
    )
    return text.take(pa.array(where.ravel()))


def times(seconds: Any, clock: int = 1) -> pa.Array:
    """Timestamps truncated to the clock; negative seconds are null."""
    seconds = np.asarray(seconds, np.int64)
    return pa.array(seconds // clock * clock * 1_000_000, pa.int64(), mask=seconds < 0).cast(
        pa.timestamp("us")
    )


def labels(values: Sequence[str] | np.ndarray, code: Any) -> pa.Array:
    """Labels at integer positions; a negative position is null."""
    code = np.asarray(code)
    return pa.array(list(values), pa.string()).take(pa.array(code, pa.int64(), mask=code < 0))


def numbers(x: Any, unknown: np.ndarray | None = None) -> pa.Array:
    """Numbers, null where unknown."""
    return pa.array(np.asarray(x), mask=unknown)
