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
    """Date → run id of every published night."""
    pointer = Lake.open(folder).published_pointer
    return json.loads(pointer.read_text()) if pointer.exists() else {}


def publish(lake: Lake, run_id: str, night: date) -> None:
    """Point a date at a complete run. A reader sees the old run or the new one, never half."""
    nights = published_runs(lake) | {night.isoformat(): run_id}
    text = json.dumps(dict(sorted(nights.items())), indent=1)
    write_durably(lake.published_pointer, text.encode())


def run_before(lake: Lake, night: date) -> str | None:
    """Run id of the last night published before a date, None when there is none."""
    earlier = {d: r for d, r in published_runs(lake).items() if d < night.isoformat()}
    return earlier[max(earlier)] if earlier else None


def run_folder(folder: LakeOrFolder, night: str | None = None) -> Path:
    """Folder of the run published for a date, the latest when none is given.

    Raises
    ------
    LakeProblem
        No night is published, or none of that date.
    """
    lake = Lake.open(folder)
    nights = published_runs(lake)
    if not nights:
        raise LakeProblem(f"{lake} has no published night. Run: steelyard nightly {lake} --date D")
    wanted = night or max(nights)
    if wanted not in nights:
        raise LakeProblem(f"no night of {wanted} is published. Published: {', '.join(nights)}")
    return lake.run(nights[wanted])


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
    """
    lake, table = Lake.open(folder), contract(name)
    if table.inbound:
        raise LakeProblem(f"{name} is an inbound table; it lies in {lake.root / name}")
    lasting = {"quarantine": lake.quarantine, "boost_decisions": lake.boost_decisions}.get(name)
    files = (
        sorted(lasting.rglob("*.parquet"))
        if lasting
        else [run_folder(lake, night) / f"{name}.parquet"]
    )
    files = [f for f in files if f.exists()]
    if not files:
        return table.arrow_schema().empty_table().to_pandas()
    return (
        pa.concat_tables([pq.read_table(f) for f in files])
        .to_pandas()
        .rename(columns=table.former_names)
    )
