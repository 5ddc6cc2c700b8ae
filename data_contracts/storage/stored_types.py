"""Stored types of delivered columns: what fits a contract, and what is converted losslessly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data_contracts.contract import Column, Contract

UTC_NAMES = (None, "UTC", "Etc/UTC", "+00:00")


@dataclass(frozen=True)
class Conversion:
    """A column that is stored as another type than its contract's, and read without loss."""

    table: str
    column: str
    found: str
    read_as: str
    files: int


def _is_text(found: pa.DataType) -> bool:
    return (
        pa.types.is_string(found)
        or pa.types.is_large_string(found)
        or pa.types.is_string_view(found)
    )


def fits(column: Column, found: pa.DataType) -> bool:
    """Whether a stored type is the contract's, whatever its width."""
    if pa.types.is_dictionary(found):
        found = found.value_type
    if pa.types.is_null(found):
        return not column.required
    if column.type == "VARCHAR":
        return _is_text(found)
    if column.type == "BIGINT":
        return pa.types.is_integer(found)
    if column.type == "DOUBLE":
        return (
            pa.types.is_floating(found) or pa.types.is_integer(found) or pa.types.is_decimal(found)
        )
    if column.type == "TIMESTAMP":
        return pa.types.is_timestamp(found) and found.tz in UTC_NAMES
    if column.type == "DATE":
        return pa.types.is_date(found)
    if column.type == "BOOLEAN":
        return pa.types.is_boolean(found)
    return pa.types.is_list(found) or pa.types.is_large_list(found)


def read_as(column: Column, found: pa.DataType) -> str | None:
    """Words on how a stored type is read as the contract's; None where it is not read."""
    if pa.types.is_dictionary(found):
        found = found.value_type
    whole = pa.types.is_integer(found) or (pa.types.is_decimal(found) and found.scale == 0)
    if column.type == "VARCHAR" and whole:
        return "the text of its digits"
    if column.type == "DOUBLE" and pa.types.is_decimal(found):
        return "floating-point numbers"
    if column.type == "BIGINT" and pa.types.is_floating(found):
        return "whole numbers; a row with a fraction is set aside"
    if column.type == "TIMESTAMP" and pa.types.is_timestamp(found) and found.tz not in UTC_NAMES:
        return "the same moments in UTC"
    is_list = pa.types.is_list(found) or pa.types.is_large_list(found)
    if column.type == "VARCHAR[]" and is_list and pa.types.is_integer(found.value_type):
        return "lists of the text of their digits"
    return None


def how_to_mend(column: Column, found: pa.DataType) -> str:
    """Advice on a type that is not read."""
    if pa.types.is_dictionary(found):
        found = found.value_type
    if column.type == "VARCHAR" and pa.types.is_floating(found):
        return "export the column as text; a floating-point number keeps 15 digits of an id"
    if column.type == "TIMESTAMP" and (_is_text(found) or pa.types.is_integer(found)):
        return (
            "write the column as TIMESTAMP, naive or in UTC, or let a map say its format and zone: "
            "steelyard map FILES"
        )
    zone = ", naive or with a zone" if column.type == "TIMESTAMP" else ""
    return f"write the column as {column.type}{zone}"


def conversions(table: Contract, files: Sequence[Path]) -> Iterator[Conversion]:
    """Columns of readable files that are converted, once for each type that is found."""
    columns = {c.name: c for c in table.columns}
    found: dict[tuple[str, str, str], int] = {}
    for path in files:
        try:
            schema = pq.read_schema(path)
        except (pa.ArrowException, OSError):  # the structural checks name it
            continue
        for field in schema:
            column = columns.get(field.name)
            words = read_as(column, field.type) if column else None
            if words is not None:
                key = (field.name, str(field.type), words)
                found[key] = found.get(key, 0) + 1
    for (name, kind, words), count in sorted(found.items()):
        yield Conversion(table.name, name, kind, words, count)
