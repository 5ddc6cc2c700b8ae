"""Operator and trade records of one order, for a consumer in a dispute (Order 117 Art. 18).

They are what was delivered. Scores, suspicions and other buyers are not in them.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake, LakeOrFolder
from serving.export.evidence_package import write_package
from serving.oversight.whole_tables import whole_tables

BY_ORDER = ("orders", "parcels", "refunds", "reviews", "complaints")
OPERATOR_FIELDS = ("operator_id", "kind", "registered_at", "identity_verified_at", "region")
SESSION_FIELDS = ("session_id", "operator_id", "streamer_ids", "started_at", "ended_at")
README = """\
Operator and trade records of order {order}, as delivered before {moment}.
Check it: steelyard evidence check FILE --trust PUBLIC_KEY
订单 {order} 的经营者信息与交易记录。
"""


def order_files(lake: Lake, order: str, now: datetime) -> dict[str, bytes]:
    """Files of the records: name → bytes. Raises LakeProblem where no such order is known."""
    with whole_tables(lake, (*BY_ORDER, "operators", "sessions"), now) as tables:
        found = {name: _rows(tables, name, "order_id", order) for name in BY_ORDER}
        if found["orders"].empty:
            raise LakeProblem(f"{lake} has no order {order}")
        one = found["orders"].iloc[0]
        operator = _rows(tables, "operators", "operator_id", one["operator_id"])
        found["operator"] = operator.reindex(columns=list(OPERATOR_FIELDS))
        session = _rows(tables, "sessions", "session_id", one.get("session_id"))
        found["session"] = session.reindex(columns=list(SESSION_FIELDS))
    out = {
        f"tables/{name}.csv": frame.to_csv(index=False, lineterminator="\n").encode()
        for name, frame in found.items()
        if len(frame)
    }
    text = README.format(order=order, moment=now.isoformat(timespec="seconds"))
    return out | {"README.txt": text.encode()}


def pack_order(folder: LakeOrFolder, order: str, target: Path, now: datetime) -> dict[str, Any]:
    """Write the signed records of an order as a zip; returns its manifest. Raises LakeProblem."""
    lake = Lake.open(folder)
    files = order_files(lake, order, now)
    about = {"order_id": order, "packed_at": now.isoformat(timespec="seconds")}
    return write_package(lake, files, about, target)


def _rows(tables: dict[str, Any], name: str, key: str, value: Any) -> pd.DataFrame:
    """Rows of a table with a value, as delivered; none where the table or the value is not."""
    if name not in tables or value is None or pd.isna(value):
        return pd.DataFrame()
    t = tables[name]
    frame = t.filter(t[key] == value).to_pandas()
    return frame.sort_values("received_at", ignore_index=True)
