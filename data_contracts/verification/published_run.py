"""A published run, each file of which is verified before it is read (ADR-0230)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_contracts.errors import NightRefused
from data_contracts.parquet import digest_file
from data_contracts.verification.json_file import parse_json
from data_contracts.verification.manifest import (
    MANIFEST,
    FileRecord,
)

MAX_BYTES_IN_MEMORY = 256 * 1024 * 1024  # larger files are hashed in a stream, then read
RUN_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")


class Assurance(Enum):
    """The part of a run that the record vouches for."""

    VERIFIED = "every file"
    TABLES = "tables only"
    NONE = "nothing"


class UnverifiedNight(UserWarning):
    """A night of an earlier format is read, of which not every file has a digest."""

    in_words = True


@dataclass(frozen=True)
class PublishedRun:
    """A run below `LAKE/runs`, opened by `open_run`.

    Attributes
    ----------
    folder
        Its folder.
    manifest
        Its manifest, which is verified.
    files
        What is recorded of each file; files that are not named here are read as they are only
        where `assurance` says so.
    assurance
        How much the record vouches for.
    mend
        Advice for messages.
    """

    folder: Path
    manifest: dict[str, Any]
    files: Mapping[str, FileRecord] = field(repr=False)
    assurance: Assurance = Assurance.VERIFIED
    mend: str = ""

    @property
    def run_id(self) -> str:
        """The run id."""
        return self.folder.name

    @property
    def reproducible_sha256(self) -> str | None:
        """Digest of all files that a replay gives again bit for bit; None for earlier formats.

        The report is left out: it shows what is set aside today and heads of the record.
        """
        if self.assurance is not Assurance.VERIFIED:
            return None
        digests = {n: r.sha256 for n, r in self.files.items() if not n.endswith(".html")}
        return hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()

    def table(
        self, name: str, columns: list[str] | None = None, filters: Any = None
    ) -> pa.Table | None:
        """Rows of a published table; None where the run has no such table.

        Parameters
        ----------
        name
            An outbound table.
        columns, filters
            As `pyarrow.parquet.read_table` has them.

        Raises
        ------
        NightRefused
            The file is not the one that was published.
        """
        file = f"{name}.parquet"
        if not self.has(file):
            return None
        try:
            source = self._source(file)
            table = pq.read_table(source, columns=columns, filters=filters)
        except (pa.ArrowException, OSError) as error:
            raise self._refusal(file, "a readable table", _first_line(error)) from error
        expected = self.files[file].rows if file in self.files else None
        if filters is None and expected is not None and table.num_rows != expected:
            raise self._refusal(file, f"{expected} rows", f"{table.num_rows}")
        return table

    def rows(
        self, name: str, columns: list[str] | None = None, filters: Any = None
    ) -> pd.DataFrame:
        """Rows of a table that every run has, as `table` reads them. Raises NightRefused."""
        found = self.table(name, columns, filters)
        if found is None:
            raise self._refusal(f"{name}.parquet", "the published table", "no such file")
        return found.to_pandas()

    def column_names(self, name: str) -> list[str]:
        """Columns of a table, which nights of earlier versions may lack. Raises NightRefused."""
        file = f"{name}.parquet"
        return pq.read_schema(self._source(file)).names if self.has(file) else []

    def text(self, file: str) -> str | None:
        """Text of a file; None where the run has no such file. Raises NightRefused."""
        if not self.has(file):
            return None
        try:
            return self._bytes(file).decode("utf-8")
        except UnicodeDecodeError as error:
            raise self._refusal(file, "UTF-8 text", _first_line(error)) from error

    def json(self, file: str) -> Any:
        """Value of a JSON file; None where the run has no such file. Raises LakeProblem."""
        text = self.text(file)
        return None if text is None else parse_json(text, self.folder / file, self.mend)

    def has(self, file: str) -> bool:
        """Whether the run has a file."""
        if self.assurance is Assurance.VERIFIED:
            return file in self.files or file == MANIFEST
        return file in self.files or (self.folder / file).exists()

    def verify(self) -> PublishedRun:
        """Verify every file now, and return the run. Raises NightRefused."""
        for file in self.files:
            self._require(file, digest_file(self.folder / file))
        return self

    def _source(self, file: str) -> Any:
        """The source of a table: its verified bytes, or the path of a large verified file."""
        path = self.folder / file
        if path.stat().st_size <= MAX_BYTES_IN_MEMORY:
            return pa.BufferReader(self._bytes(file))
        self._require(file, digest_file(path))
        return path

    def _bytes(self, file: str) -> bytes:
        """Bytes of a file, verified after they are read so that no later change counts."""
        try:
            body = (self.folder / file).read_bytes()
        except OSError as error:
            raise self._refusal(file, "the published file", error.strerror or "none") from error
        if file in self.files:
            self._require(file, hashlib.sha256(body).hexdigest())
        return body

    def _require(self, file: str, found: str) -> None:
        expected = self.files[file].sha256
        if found != expected:
            raise self._refusal(file, f"SHA-256 {expected[:16]}…", f"{found[:16]}…")

    def _refusal(self, file: str, expected: str, found: str) -> NightRefused:
        return refusal(self.folder / file, expected, found, self.mend)


def refusal(path: Path, expected: str, found: str, mend: str) -> NightRefused:
    """The error for a file that is not the published one."""
    return NightRefused(
        f"{path}: expected {expected}, found {found}: it is not what was published. {mend}"
    )


def unfinished_run(folder: Path) -> PublishedRun:
    """The run that a night is writing, as its own later stages read it."""
    return PublishedRun(folder, {}, {}, Assurance.NONE)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
