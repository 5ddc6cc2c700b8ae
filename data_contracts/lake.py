"""A lake: one folder that holds delivered tables, published nights and the ledger.

A delivered table is `LAKE/<table>.parquet` or any Parquet files below `LAKE/<table>/`. The
simulator and the adapters write one folder for each day of receipt. `Lake` is the only place
that spells a path inside that folder, with `LedgerPaths` for the ledger and the gate.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa

from data_contracts.contract import Contract, contract, inbound_names
from data_contracts.errors import LakeProblem
from data_contracts.parquet import (
    file_list,
    good_row,
    row_fits,
    to_arrow,
    typed_columns,
    write_file,
)
from data_contracts.storage.ledger_paths import LedgerPaths
from data_contracts.storage.repeated_keys import latest_of_each_key, repeats_a_key


@dataclass(frozen=True)
class Lake(LedgerPaths):
    """The folder of a lake and every path in it.

    Parameters
    ----------
    root
        The folder. `Lake(root)` accepts a folder that does not exist yet; `Lake.open` does not.

    Examples
    --------
    >>> Lake(Path("demo/lake")).run("3f2a").as_posix()
    'demo/lake/runs/3f2a'
    """

    root: Path

    @classmethod
    def open(cls, folder: Lake | str | Path) -> Lake:
        """Return the lake in an existing folder.

        Raises
        ------
        LakeProblem
            The folder does not exist.
        """
        if isinstance(folder, Lake):
            return folder
        path = Path(folder)
        if not path.is_dir():
            raise LakeProblem(
                f"{path} is not a folder. A lake is a folder with one folder of Parquet a table."
            )
        return cls(path)

    def __str__(self) -> str:
        """Return the folder as it was given, for messages."""
        return str(self.root)

    # Delivered tables.

    def files(self, table: str) -> list[Path]:
        """Parquet files of a table, sorted; empty when the table was not delivered."""
        single = self.root / f"{table}.parquet"
        files = [single] if single.is_file() else []
        return files + sorted((self.root / table).rglob("*.parquet"))

    def delivered(self) -> list[str]:
        """Inbound tables that have at least one file."""
        return [name for name in inbound_names() if self.files(name)]

    def newest_day(self) -> date | None:
        """Newest day of receipt that a folder of an inbound table names; None where none does."""
        days = []
        for folder in (f for n in inbound_names() for f in (self.root / n).glob("day=*")):
            with suppress(ValueError):
                days.append(date.fromisoformat(folder.name.removeprefix("day=")))
        return max(days, default=None)

    def relative(self, path: Path) -> str:
        """Path of a file below the lake's folder, as logs and digests name it."""
        return str(path.relative_to(self.root))

    def scan_sql(self, table: Contract, as_of: datetime | None) -> str:
        """SELECT over the good rows of a table that were received before `as_of`.

        Of rows that share a key the last received counts. It ends in a WHERE clause that may be
        narrowed. No other code cuts by time for the DuckDB engine.
        """
        files = file_list(self.files(table.name))
        typed = (
            f"SELECT {typed_columns(table)} FROM "
            f"read_parquet({files}, hive_partitioning=false, union_by_name=true) "
            f"WHERE {row_fits(table)}"
        )
        cut = (
            f" AND {table.received} < TIMESTAMP '{as_of.isoformat(sep=' ')}'"
            if as_of and table.received
            else ""
        )
        rows = f"SELECT * FROM ({typed}) WHERE {good_row(table)}{cut}"
        repeated = repeats_a_key(table, self.files(table.name))
        return latest_of_each_key(table, rows) if repeated else rows

    def append_day(
        self, name: str, day: date, frame: pd.DataFrame | pa.Table, part: int = 0
    ) -> None:
        """Write the rows of an inbound table that were received on one day."""
        write_file(self.day_file(name, day, part), to_arrow(contract(name), frame))

    def day_file(self, name: str, day: date, part: int = 0) -> Path:
        """File of rows of an inbound table that were received on one day."""
        return self.root / name / f"day={day.isoformat()}" / f"part-{part}.parquet"

    def write_by_day(self, name: str, frame: pd.DataFrame) -> None:
        """Write a frame of an inbound table, one file for each day of receipt.

        Raises
        ------
        LakeProblem
            Rows have no moment of receipt, so that no day holds them. Nothing is written.
        """
        days = pd.to_datetime(frame["received_at"]).dt.date
        if undated := int(days.isna().sum()):
            raise LakeProblem(
                f"{name}: {undated} of {len(frame)} rows have no received_at. "
                "Give them a moment of receipt, or leave them out of the delivery."
            )
        for day, rows in frame.groupby(days, sort=True):
            self.append_day(name, day, rows)

    # Rows set aside and answers exported: outbound tables that outlive a night.

    @property
    def quarantine(self) -> Path:
        """Folder of delivered rows that break a rule of their contract."""
        return self.root / "quarantine"

    @property
    def boost_decisions(self) -> Path:
        """Folder of the gate's answers, exported as a table."""
        return self.root / "boost_decisions"

    @property
    def intake(self) -> Path:
        """Folder of the log of ingestions, and of tables that are being replaced."""
        return self.root / "intake"

    # Published nights.

    @property
    def runs(self) -> Path:
        """Folder of all runs."""
        return self.root / "runs"

    @property
    def published_pointer(self) -> Path:
        """File that names the published run of each date."""
        return self.runs / "published.json"

    @property
    def run_lock(self) -> Path:
        """File whose lock a running night holds."""
        return self.runs / ".lock"

    def run(self, run_id: str) -> Path:
        """Folder of one run: its tables, manifest, policy and report."""
        return self.runs / run_id

    def unfinished_run(self, run_id: str) -> Path:
        """Folder that a run is written into before it is complete."""
        return self.runs / f".{run_id}.writing"

    @property
    def run_heads(self) -> Path:
        """Folder with a copy of each run's head of the chain of decisions."""
        return self.runs / ".heads"


LakeOrFolder = Lake | str | Path
"""A lake, or the folder of one; public entry points open it once."""
