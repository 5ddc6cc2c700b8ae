"""Writes tables of a night, shaped and validated by their contracts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa

from data_contracts.contract import contract
from data_contracts.errors import LakeProblem, SteelyardError
from data_contracts.parquet import connect, good_row, scalar, to_arrow, write_file, write_pieces


class OutputBreaksContract(SteelyardError):
    """An outbound table breaks its own contract. Nothing was published."""

    exit_code = 8


def validated(name: str, frame: pd.DataFrame) -> pa.Table:
    """A frame as the Arrow table of its contract.

    Raises
    ------
    OutputBreaksContract
        A row breaks a rule, or a key repeats.
    """
    table = contract(name)
    try:
        shaped = to_arrow(table, frame)
    except (LakeProblem, pa.ArrowInvalid) as error:
        raise OutputBreaksContract(f"{name}: {error}") from error
    with connect() as connection:
        connection.register("output", shaped)
        bad = scalar(connection, f"SELECT count(*) FROM output WHERE NOT ({good_row(table)})")
        keys = ", ".join(f'"{k}"' for k in table.key)
        double = 0
        if table.key:
            double = scalar(connection, f"SELECT count(*) - count(DISTINCT ({keys})) FROM output")
    if bad or double:
        raise OutputBreaksContract(
            f"{name}: {bad} rows break a rule of their contract and {double} repeat a key"
        )
    return shaped


def write_table(folder: Path, name: str, frame: pd.DataFrame) -> int:
    """Validate and write one outbound table, sorted by its key; returns its rows."""
    if frame.empty:  # a table without rows still has its columns
        frame = contract(name).arrow_schema().empty_table().to_pandas()
    key = [k for k in contract(name).key if k in frame.columns]
    ordered = frame.sort_values(key, ignore_index=True) if key and len(frame) else frame
    write_file(folder / f"{name}.parquet", validated(name, ordered))
    return len(frame)


def write_parts(folder: Path, name: str, parts: Iterable[pd.DataFrame]) -> int:
    """Validate and write a table that is too long to hold at once; returns its rows.

    Raises
    ------
    OutputBreaksContract
        A part breaks the contract, or does not follow the part before in the order of the key.
    """
    key = list(contract(name).key)

    def pieces() -> Iterator[pa.Table]:
        last: list[str] | None = None
        for frame in parts:
            if len(frame):
                first = frame[key].iloc[0].tolist()
                if last is not None and first <= last:
                    raise OutputBreaksContract(
                        f"{name}: a part begins with {first}, which does not come after {last}"
                    )
                last = frame[key].iloc[-1].tolist()
                yield validated(name, frame)

    return write_pieces(folder / f"{name}.parquet", contract(name).arrow_schema(), pieces())
