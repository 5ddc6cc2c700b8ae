"""The answers of the gate, one by its request or all as an outbound table."""

from __future__ import annotations

from typing import Any

import msgspec
import pandas as pd
import pyarrow.parquet as pq

from data_contracts.contract import contract
from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.parquet import to_arrow, write_file
from serving.ledger.answer_segments import all_segments
from serving.ledger.hash_chain import read_records


def recorded_answer(lake: Lake, request_id: str) -> dict[str, Any]:
    """The line of the ledger that answers a request. Raises LakeProblem."""
    wanted = msgspec.json.encode(request_id)
    for path in reversed(all_segments(lake.answers)):
        if wanted in path.read_bytes():
            for record in read_records(path):
                if record["request_id"] == request_id:
                    return record
    raise LakeProblem(f"{lake} has no answer to request {request_id}")


def export_answers(lake: LakeOrFolder) -> int:
    """Write the answers as the outbound table `boost_decisions`; returns the number of rows.

    A sealed segment is written once; the file that is written now is exported anew.
    """
    lake, rows = Lake.open(lake), 0
    for path in all_segments(lake.answers):
        target = lake.boost_decisions / f"{path.stem}.parquet"
        if path != lake.answers and target.exists():
            rows += pq.read_metadata(target).num_rows
            continue
        records = read_records(path)
        if not records:
            continue
        columns = {c.name for c in contract("boost_decisions").columns}
        frame = pd.DataFrame(records)
        frame = frame[[c for c in frame.columns if c in columns]]
        frame["answered_at"] = pd.to_datetime(frame["answered_at"])
        write_file(target, to_arrow(contract("boost_decisions"), frame))
        rows += len(frame)
    if not lake.answers.exists():  # its lines are in a sealed segment now
        (lake.boost_decisions / f"{lake.answers.stem}.parquet").unlink(missing_ok=True)
    return rows
