"""Checks of a pandas frame that stands for an inbound table, before any value is computed."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from data_contracts.contract import Column, Contract, contract, inbound_names
from data_contracts.errors import StructuralBreak
from data_contracts.file_checks import fits


def check_frames(frames: Mapping[str, Any]) -> None:
    """Refuse frames that do not have the shape of the tables they are named for.

    Nullable columns may be left out: they are unknown. The column of receipt may be left out too,
    because a frame in hand is known already.

    Raises
    ------
    StructuralBreak
        Names the table, the column, what was expected, what was found, and how to mend it.
    """
    for name, frame in frames.items():
        if name not in inbound_names():
            near = difflib.get_close_matches(str(name), inbound_names(), n=1)
            mend = f"name it {near[0]}" if near else f"use one of {', '.join(inbound_names())}"
            raise StructuralBreak(str(name), "(table)", "an inbound table", "no such table", mend)
        if not isinstance(frame, pd.DataFrame):
            found = type(frame).__name__
            raise StructuralBreak(name, "(table)", "a pandas DataFrame", found, "hand in a frame")
        check_frame(contract(name), frame)


def check_frame(table: Contract, frame: pd.DataFrame) -> None:
    """Raise StructuralBreak on the first column that does not fit the contract."""
    contracted = [c.name for c in table.columns]
    strangers = [str(n) for n in frame.columns if n not in contracted]
    for column in table.columns:
        if column.name in frame.columns:
            _check_values(table.name, column, frame[column.name])
        elif column.required and column.name != table.received:
            near = difflib.get_close_matches(column.name, strangers, n=1)
            mend = f"rename {near[0]} to {column.name}" if near else "add the column"
            raise StructuralBreak(table.name, column.name, column.type, "no such column", mend)
    if strangers:
        near = difflib.get_close_matches(strangers[0], contracted, n=1)
        mend = f"rename it to {near[0]}, or drop it" if near else "drop it"
        raise StructuralBreak(
            table.name, strangers[0], "a column of the contract", "another column", mend
        )


def _check_values(table: str, column: Column, values: pd.Series) -> None:
    """Raise StructuralBreak when the values cannot be read as the contract's type."""
    try:
        found = pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        reason = str(error).splitlines()[0]
        mend = f"convert the column to {column.type}"
        raise StructuralBreak(table, column.name, column.type, reason, mend) from error
    if column.required and found.null_count:
        missing = f"{found.null_count} missing values"
        raise StructuralBreak(table, column.name, "no missing value", missing, "drop these rows")
    if len(found) == found.null_count or fits(column, found.type):
        return
    whole = column.type == "BIGINT" and pa.types.is_floating(found.type)
    if whole and (values.dropna() % 1 == 0).all():  # pandas holds integers with gaps as floats
        return
    mend = "use pd.to_datetime" if column.type == "TIMESTAMP" else f"convert it to {column.type}"
    raise StructuralBreak(table, column.name, column.type, str(found.type), mend)
