"""Published nights: the run of each date, and its tables."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_contracts.contract import contract
from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.storage.durable_files import write_durably
from data_contracts.verification.json_file import read_text_values
from data_contracts.verification.published_run import PublishedRun
from data_contracts.verification.run_opening import open_run


@contextmanager
def locked(lake: Lake) -> Iterator[None]:
    """Hold the lake's lock.

    Raises
    ------
    LakeProblem
        A night or an ingestion is running. This one is refused, not queued.
    """
    lake.runs.mkdir(exist_ok=True)
    with lake.run_lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LakeProblem(
                f"another night or ingestion is running on {lake}; wait for it to end"
            ) from error
        yield


def published_runs(folder: LakeOrFolder) -> dict[str, str]:
    """Date → run id of every published night.

    Raises
    ------
    LakeProblem
        The pointer is no object of dates and run ids.
    """
    pointer = Lake.open(folder).published_pointer
    mend = "Publish a night again: steelyard nightly"
    found = read_text_values(pointer, mend) if pointer.exists() else {}
    for night in found:
        try:
            date.fromisoformat(night)
        except ValueError as error:
            raise LakeProblem(f"{pointer}: {night!r} is not a date. {mend}") from error
    return found


def publish(lake: Lake, run_id: str, night: date) -> None:
    """Point a date at a complete run. A reader sees the old run or the new one, never half."""
    nights = published_runs(lake) | {night.isoformat(): run_id}
    text = json.dumps(dict(sorted(nights.items())), indent=1)
    write_durably(lake.published_pointer, text.encode())


def run_before(lake: Lake, night: date) -> str | None:
    """Run id of the last night published before a date, None when there is none."""
    earlier = {d: r for d, r in published_runs(lake).items() if d < night.isoformat()}
    return earlier[max(earlier)] if earlier else None


def published_run(
    folder: LakeOrFolder, night: str | None = None, *, damaged: bool = False
) -> PublishedRun:
    """The run published for a date, the latest when none is given; its manifest is verified.

    `damaged` opens it although files are missing or of another size.

    Raises
    ------
    LakeProblem
        No night is published, or none of that date.
    NightRefused
        The run is not what was recorded.
    """
    lake = Lake.open(folder)
    return open_run(lake, *_published_run_id(lake, night), damaged=damaged)


def run_folder(folder: LakeOrFolder, night: str | None = None) -> Path:
    """Folder of the run published for a date, the latest when none is given.

    Nothing in it is verified: read it through `published_run`. Raises LakeProblem as that does.
    """
    lake = Lake.open(folder)
    return lake.run(_published_run_id(lake, night)[0])


def _published_run_id(lake: Lake, night: str | None) -> tuple[str, str]:
    """Run id and date of a published night."""
    nights = published_runs(lake)
    if not nights:
        raise LakeProblem(f"{lake} has no published night. Run: steelyard nightly {lake} --date D")
    wanted = night or max(nights)
    if wanted not in nights:
        raise LakeProblem(f"no night of {wanted} is published. Published: {', '.join(nights)}")
    return nights[wanted], wanted


def read_outbound(folder: LakeOrFolder, name: str, night: str | None = None) -> pd.DataFrame:
    """Read an outbound table of a published night.

    Parameters
    ----------
    folder
        The lake, or its folder.
    name
        An outbound table.
    night
        Date of the night as YYYY-MM-DD; the latest when none is given. `quarantine` and
        `boost_decisions` belong to no night and are read whole.

    Returns
    -------
    pandas.DataFrame
        The rows, or no rows with the contract's columns when the table was not written. Columns of
        earlier versions have their current names.

    Raises
    ------
    LakeProblem
        The table is inbound or unknown, or the night is not published.
    NightRefused
        The file is not the one that was published.
    """
    lake, table = Lake.open(folder), contract(name)
    if table.inbound:
        raise LakeProblem(f"{name} is an inbound table; it lies in {lake.root / name}")
    lasting = {"quarantine": lake.quarantine, "boost_decisions": lake.boost_decisions}.get(name)
    if lasting is None:
        read = published_run(lake, night).table(name)
        tables = [] if read is None else [read]
    else:
        tables = [_read_lasting(path) for path in sorted(lasting.rglob("*.parquet"))]
    if not tables:
        return table.arrow_schema().empty_table().to_pandas()
    return pa.concat_tables(tables).to_pandas().rename(columns=table.former_names)


def _read_lasting(path: Path) -> pa.Table:
    """Rows of a file that belongs to no night."""
    try:
        return pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise LakeProblem(
            f"{path} is no readable Parquet file ({str(error).splitlines()[0]}). "
            "Remove it and write it again: steelyard check, or steelyard journal export"
        ) from error
