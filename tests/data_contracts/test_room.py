"""Memory or disk that runs out is one message; other errors keep their traceback."""

from __future__ import annotations

import errno
import os

import duckdb
import pyarrow as pa
import pytest

from data_contracts.contract import contract
from data_contracts.errors import LakeProblem, StructuralBreak
from data_contracts.file_checks import named_by_file
from data_contracts.lake import Lake
from data_contracts.parquet import connect, file_list, write_file
from data_contracts.row_checks import check_rows
from data_contracts.storage.room import (
    MEMORY_VARIABLE,
    OutOfRoom,
    memory_limit,
    room_said_in_words,
)
from serving.cli.main import mendable_words

ERRORS = [
    (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
    (OSError(errno.EFBIG, "File too large"), "the disk is full"),
    (FileNotFoundError(errno.ENOENT, "No usable temporary directory found"), "the disk is full"),
    (duckdb.IOException("Could not write file: No space left on device"), "the disk is full"),
    (duckdb.OutOfMemoryException("'max_temp_directory_size' reached"), "the disk is full"),
    (duckdb.OutOfMemoryException("failed to allocate data"), "memory ran out"),
    (pa.ArrowMemoryError("malloc of size 64 failed"), "memory ran out"),
    (MemoryError(), "memory ran out"),
    (RuntimeError("std::bad_alloc"), "memory ran out"),
]


@pytest.mark.parametrize(("error", "words"), ERRORS, ids=lambda e: repr(e)[:40])
def test_what_ran_out_is_said_with_sizes_and_a_way_on(tmp_path, error, words):
    """What, how much there is, and how to go on; nothing was published."""
    with pytest.raises(OutOfRoom, match=words) as refused, room_said_in_words(tmp_path):
        raise error
    assert "Nothing was published" in str(refused.value) and " GB" in str(refused.value)


def test_other_errors_are_left_as_they_are(tmp_path):
    """An error of the code is no lack of room."""
    with pytest.raises(ValueError, match="a bug"), room_said_in_words(tmp_path):
        raise ValueError("a bug")
    with pytest.raises(LakeProblem, match="ours"), room_said_in_words(tmp_path):
        raise LakeProblem("ours: No space left")
    assert mendable_words(ValueError("a bug")) is None
    assert "gone: No such file" in str(
        mendable_words(FileNotFoundError(errno.ENOENT, "No such file", "gone"))
    )


@pytest.mark.parametrize("code", [errno.EIO, errno.EROFS])
def test_a_failing_disk_is_said_where_no_file_is_named(code):
    """Arrow, and writes and syncs of open files, name no file."""
    assert "the disk failed" in str(mendable_words(OSError(code, os.strerror(code))))


def test_the_memory_of_an_engine_follows_the_variable(monkeypatch):
    """A size that is none is refused in words."""
    assert memory_limit("8GB") == "8GB"
    monkeypatch.setenv(MEMORY_VARIABLE, "1MB")
    with connect() as connection, pytest.raises(duckdb.OutOfMemoryException):
        connection.execute("CREATE TABLE t AS SELECT range AS i FROM range(2000000)")
    monkeypatch.setenv(MEMORY_VARIABLE, "lots; DROP TABLE t")
    with pytest.raises(LakeProblem, match="is no size"):
        memory_limit("8GB")


def test_the_broken_file_of_a_delivery_is_named(tmp_path):
    """A bit within a page is found by the engine, which does not say in which of many files."""
    lake, table = Lake(tmp_path), contract("operators")
    values = {f.name: pa.array([None] * 9, f.type) for f in table.arrow_schema()}
    values |= {k: pa.array([f"{k}{i}" for i in range(9)]) for k in table.key}
    for day in ("a", "b"):
        schema = pa.schema([pa.field(n, v.type) for n, v in values.items()])
        write_file(tmp_path / "operators" / f"{day}.parquet", pa.table(values, schema=schema))
    broken = tmp_path / "operators" / "b.parquet"
    body = bytearray(broken.read_bytes())
    body[8:60] = bytes(52)
    broken.write_bytes(body)
    with pytest.raises(StructuralBreak, match=r"b\.parquet.*readable Parquet file.*again"):
        check_rows(lake, table, None)


def test_an_engine_error_of_sound_files_is_said_too(tmp_path):
    """No file is blamed that can be read."""
    write_file(tmp_path / "one.parquet", pa.table({"a": [1]}))
    with (
        pytest.raises(LakeProblem, match="could not read the delivery"),
        named_by_file([tmp_path / "one.parquet"]),
        connect() as connection,
    ):
        connection.execute(f"SELECT b FROM read_parquet({file_list([tmp_path / 'one.parquet'])})")
