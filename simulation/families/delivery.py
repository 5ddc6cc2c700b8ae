"""How tables of a family reach its lake: clocks, delays of receipt, nulls and files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_contracts.contract import contract
from data_contracts.parquet import to_arrow, write_file
from simulation.identifiers import make_ids, to_timestamps

ID_BLOCK = 100_000_000


def ids(kind: str, index: np.ndarray, seed: int) -> pa.Array:
    """Identifiers that differ between seeds; a negative index becomes null."""
    index = np.asarray(index, dtype=np.int64)
    return make_ids(kind, np.where(index >= 0, index + (seed % 10_000) * ID_BLOCK, -1))


def clocked(seconds: np.ndarray, resolution: float) -> np.ndarray:
    """Times as a clock of some resolution in seconds records them; 0 keeps milliseconds."""
    return np.floor(seconds / resolution) * resolution if resolution else seconds


def received(
    r: np.random.Generator, occurred: np.ndarray, *, median: float, sigma: float, late: float
) -> np.ndarray:
    """Moments of receipt: a lognormal delay in seconds, of which a share comes days late."""
    delay = median * np.exp(r.normal(0.0, sigma, len(occurred)))
    is_late = r.random(len(occurred)) < late
    return occurred + delay + np.where(is_late, r.uniform(0.2, 2.5, len(occurred)) * 86_400, 0.0)


def hidden(values: pa.Array, mask: np.ndarray) -> pa.Array:
    """Values with null where `mask` is true."""
    return pc.if_else(pa.array(mask), pa.scalar(None, values.type), values)


def write_inbound(
    lake: Path, name: str, columns: Mapping[str, Any], at: np.ndarray, until: float
) -> np.ndarray:
    """Write the rows of a table that were received before `until`, in order of receipt.

    Parameters
    ----------
    lake
        Folder of the lake.
    name
        Inbound table.
    columns
        Columns but `received_at`, each an array of the same length.
    at
        float64, shape (rows,). Moment of receipt, seconds since the epoch.
    until
        End of the lake, seconds since the epoch.

    Returns
    -------
    bool, shape (rows,): rows that were delivered.
    """
    delivered = at < until
    order = np.flatnonzero(delivered)
    order = order[np.argsort(at[order], kind="stable")]
    table = pa.table({**columns, "received_at": to_timestamps(at)})
    write_file(lake / f"{name}.parquet", to_arrow(contract(name), table.take(pa.array(order))))
    return delivered


def write_truth(truth: Path, name: str, columns: Mapping[str, Any]) -> None:
    """Write one table of the truth."""
    write_file(truth / f"{name}.parquet", pa.table(dict(columns)))
