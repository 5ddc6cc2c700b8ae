"""A folder of exports of orders, its map, and the lake that it is ingested into."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from data_contracts.intake.delivery import Delivery, TableIntake
from data_contracts.intake.ingestion import ingest
from data_contracts.intake.map_file import parse_map
from data_contracts.lake import Lake
from data_contracts.parquet import digest_file

NOW = datetime(2026, 2, 1)
FIRST_ID = 1_234_567_890_123_456_000
HEADER = "订单号,店铺ID,买家,下单时间,付款时间,实付金额,备注"
GOOD = [
    f"{FIRST_ID + 37 * i},s{i % 3},b{i % 7},2026-01-0{1 + i % 5} 1{i % 10}:00:00,"
    f"2026-01-0{1 + i % 5} 1{i % 10}:05:00,{1990 + i},"
    for i in range(40)
]
BAD = [
    "1.23E+18,s1,b1,2026-01-01 10:00:00,,100,",
    "5,s1,b1,0000-00-00 00:00:00,,100,",
    "6,s1,b1,2026/1/2 3:04,1970-01-01 08:00:00,abc,",
    "7,s1",
]
COLUMNS = {
    "order_id": "订单号",
    "operator_id": "店铺ID",
    "buyer_id": "买家",
    "placed_at": "下单时间",
    "paid_at": "付款时间",
    "paid_amount": "实付金额",
}


def orders_map(**changes) -> dict:
    table = {
        "source": "orders",
        "zone": "Asia/Shanghai",
        "money": "cents",
        "received_at": "event_time",
        "columns": dict(COLUMNS),
        "left_out": ["备注"],
    }
    source = {"path": "orders*.csv", "format": "csv"}
    return {"sources": {"orders": source}, "tables": {"orders": table | changes}}


class Exports:
    """A folder of exports, and the lake that they are ingested into."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.lake = folder, Lake(folder / "lake")

    def write(self, rows: list[str], name: str = "orders.csv", header: str = HEADER) -> None:
        (self.folder / name).write_bytes("\n".join([header, *rows, ""]).encode("gbk"))

    def ingest(self, document: dict, **choices) -> TableIntake:
        done = ingest(parse_map(document, "map"), self.lake, Delivery(NOW, self.folder, **choices))
        return done[0]

    def rows(self, table: str = "orders") -> pd.DataFrame:
        files = [str(f) for f in self.lake.files(table)]
        return pq.ParquetDataset(files, partitioning=None).read().to_pandas()

    def digests(self) -> dict[str, str]:
        files = sorted(p for p in self.lake.root.rglob("*.parquet"))
        return {self.lake.relative(p): digest_file(p) for p in files if "quarantine" not in str(p)}

    def quarantine(self) -> set[tuple]:
        found = pq.read_table(self.lake.quarantine / "intake" / "orders.parquet").to_pandas()
        return {tuple(r) for r in found[["file", "row_key", "rule", "value"]].to_numpy().tolist()}
