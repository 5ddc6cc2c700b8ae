"""Pandas frames that stand for inbound tables: converted where nothing is lost, else refused."""

from __future__ import annotations

import decimal
import difflib
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from data_contracts.contract import Column, Contract, contract, inbound_names
from data_contracts.errors import StructuralBreak
from data_contracts.storage.stored_types import fits

# Doubles beyond this magnitude skip integers, so an id in one has lost its last digits.
MAX_EXACT_INTEGER = 2**53


class FrameNote(UserWarning):
    """A note on a part of a frame that was passed over."""

    in_words = True


class _NotConvertible(Exception):
    """Values that cannot become those of the contract; says why, and how to mend it."""

    def __init__(self, found: str, mend: str) -> None:
        super().__init__(found)
        self.found, self.mend = found, mend


def accept_frames(frames: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Frames in the contracts' columns and types.

    Nullable columns may be left out: they are unknown. The column of receipt may be left out too,
    because a frame in hand is known already. Types of other systems are converted where nothing is
    lost: whole ids to text, zones to UTC, decimals and numbers in text to numbers. Columns that no
    contract names are passed over with a warning.

    Raises
    ------
    StructuralBreak
        Names the table, the column, what was expected, what was found, and how to mend it.
    """
    accepted = {}
    for name, frame in frames.items():
        if name not in inbound_names():
            near = difflib.get_close_matches(str(name), inbound_names(), n=1)
            mend = f"name it {near[0]}" if near else f"use one of {', '.join(inbound_names())}"
            raise StructuralBreak(str(name), "(table)", "an inbound table", "no such table", mend)
        if not isinstance(frame, pd.DataFrame):
            found = type(frame).__name__
            raise StructuralBreak(name, "(table)", "a pandas DataFrame", found, "hand in a frame")
        accepted[name] = accept_frame(contract(name), frame)
    return accepted


def accept_frame(table: Contract, frame: pd.DataFrame) -> pd.DataFrame:
    """A frame in the contract's columns and types; raises StructuralBreak on the first misfit."""
    contracted = [c.name for c in table.columns]
    strangers = [str(n) for n in frame.columns if n not in contracted]
    for column in table.columns:
        absent = column.name not in frame.columns
        near = difflib.get_close_matches(column.name, strangers, n=1) if absent else []
        if absent and column.required and column.name != table.received:
            mend = f"rename {near[0]} to {column.name}" if near else "add the column"
            raise StructuralBreak(table.name, column.name, column.type, "no such column", mend)
        if near:
            raise StructuralBreak(
                table.name,
                near[0],
                "a column of the contract",
                "another column",
                f"rename it to {column.name}, or drop it",
            )
    if strangers:
        warnings.warn(
            f"{table.name}: columns that no contract names are passed over: {', '.join(strangers)}",
            FrameNote,
            stacklevel=4,
        )
    kept = [c for c in table.columns if c.name in frame.columns]
    made = {c.name: _converted(table.name, c, frame[c.name]) for c in kept}
    return pd.DataFrame(made, index=frame.index)


def _converted(table: str, column: Column, values: pd.Series) -> pd.Series:
    """Values as the contract has them; raises StructuralBreak where something would be lost."""
    if column.required and (missing := int(values.isna().sum())):
        found = f"{missing} missing values"
        raise StructuralBreak(table, column.name, "no missing value", found, "drop these rows")
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if values.isna().all():
        return values
    try:
        found_type = pa.array(values, from_pandas=True).type
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        found_type = pa.null()  # values of several types
    naive = not (pa.types.is_timestamp(found_type) and found_type.tz is not None)
    if not pa.types.is_null(found_type) and naive and fits(column, found_type):
        whole = column.type == "VARCHAR[]" or not pa.types.is_decimal(found_type)
        return values if whole else values.astype(float)
    try:
        return CONVERSIONS[column.type](values)
    except _NotConvertible as refused:
        raise StructuralBreak(
            table, column.name, column.type, refused.found, refused.mend
        ) from refused


def _kind(values: pd.Series) -> str:
    """Type of values in words."""
    if values.dtype != object:
        return str(values.dtype)
    return "values of type " + ", ".join(sorted({type(v).__name__ for v in values.dropna()}))


def _example(values: pd.Series, wrong: pd.Series) -> str:
    """The first wrong value."""
    return repr(values[wrong.to_numpy(dtype=bool)].iloc[0])


def _to_text(values: pd.Series) -> pd.Series:
    """Ids as text; those that a float cut short are refused."""
    known = values.dropna()
    if pd.api.types.is_float_dtype(values.dtype):
        cut = (known % 1 != 0) | (known.abs() >= MAX_EXACT_INTEGER)
        if cut.any():
            raise _NotConvertible(
                f"numbers with a fraction or more digits than a float keeps: {known[cut].iloc[0]}",
                "read the column as text, such as dtype=str",
            )
        known = known.astype("int64")
    elif not all(isinstance(v, str | int | np.integer) and not isinstance(v, bool) for v in known):
        raise _NotConvertible(_kind(values), "convert the column to text")
    return known.map(str).reindex(values.index).astype(object)


def _to_number(values: pd.Series) -> pd.Series:
    """Decimals and numbers in text as floats."""
    if pd.api.types.is_bool_dtype(values.dtype) or not all(
        isinstance(v, str | int | float | np.number | decimal.Decimal) for v in values.dropna()
    ):
        raise _NotConvertible(_kind(values), "convert the column to numbers")
    numbers = pd.to_numeric(values.map(_stripped), errors="coerce")
    if (wrong := numbers.isna() & values.notna()).any():
        raise _NotConvertible(f"no number: {_example(values, wrong)}", "use pd.to_numeric")
    return numbers.astype("float64")


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _to_whole(values: pd.Series) -> pd.Series:
    """Whole numbers; pandas holds integers with gaps as floats."""
    numbers = _to_number(values)
    if ((numbers % 1 != 0) & numbers.notna()).any():
        wrong = (numbers % 1 != 0) & numbers.notna()
        raise _NotConvertible(f"no whole number: {_example(values, wrong)}", "round the column")
    return numbers.astype("Int64")


def _to_time(values: pd.Series) -> pd.Series:
    """Times in UTC without a zone. Text is read as ISO 8601; numbers have no unit and no origin."""
    if pd.api.types.is_numeric_dtype(values.dtype):
        raise _NotConvertible(
            _kind(values), "use pd.to_datetime with its unit, such as unit='s' or unit='ms'"
        )
    text = values.dropna().map(lambda v: isinstance(v, str)).any()
    try:
        form = {"format": "ISO8601"} if text else {}
        times = pd.to_datetime(values, utc=True, errors="coerce", **form)
    except (TypeError, ValueError) as error:
        raise _NotConvertible(str(error).splitlines()[0], "use pd.to_datetime") from error
    if (wrong := times.isna() & values.notna()).any():
        raise _NotConvertible(
            f"no time in ISO 8601: {_example(values, wrong)}", "use pd.to_datetime"
        )
    return times.dt.tz_localize(None)


def _to_date(values: pd.Series) -> pd.Series:
    """Dates; a time of day would be lost."""
    times = _to_time(values)
    if ((times != times.dt.normalize()) & times.notna()).any():
        raise _NotConvertible("times of a day", "use the date alone, such as .dt.date")
    return times.dt.date


def _to_boolean(values: pd.Series) -> pd.Series:
    """True and false; 1 and 0 are taken too."""
    known = values.dropna()
    if not known.isin([0, 1]).all() or known.map(lambda v: isinstance(v, str)).any():
        raise _NotConvertible(_kind(values), "convert the column to true and false")
    return values.map(lambda v: None if pd.isna(v) else bool(v)).astype(object)


def _to_list(values: pd.Series) -> pd.Series:
    """Lists of ids as text."""
    known = values.dropna()
    if not known.map(lambda v: isinstance(v, list | tuple | set | np.ndarray)).all():
        raise _NotConvertible(_kind(values), "hand in a list of ids in each row")
    return known.map(lambda v: sorted(map(str, v)) if isinstance(v, set) else [str(i) for i in v])


CONVERSIONS: dict[str, Callable[[pd.Series], pd.Series]] = {
    "VARCHAR": _to_text,
    "DOUBLE": _to_number,
    "BIGINT": _to_whole,
    "TIMESTAMP": _to_time,
    "DATE": _to_date,
    "BOOLEAN": _to_boolean,
    "VARCHAR[]": _to_list,
}
