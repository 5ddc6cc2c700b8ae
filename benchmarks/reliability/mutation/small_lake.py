"""A small published lake, made without a night: files of every kind that readers verify."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data_contracts.contract import Contract, contract, outbound_names
from data_contracts.lake import Lake
from data_contracts.parquet import to_arrow, write_file
from data_contracts.runs import publish
from data_contracts.verification.manifest import run_id_of, write_manifest
from serving.ledger.decisions import record_night
from serving.policy.load import load_policy

NIGHT, BEFORE = date(2026, 1, 20), date(2026, 1, 19)
ROWS = 40
OF_NO_NIGHT = {"quarantine", "boost_decisions"}


def values_of(table: Contract, run_id: str) -> pd.DataFrame:
    """Rows of a table with values of the right types; they mean nothing."""
    rng, out = np.random.default_rng(len(table.name)), {}
    count = 1 if table.name == "runs" else ROWS
    for column in table.columns:
        values: Any = [f"{column.name}-{i}" for i in range(count)]
        if column.name == "run_id":
            values = [run_id] * count
        elif column.name in ("tier", "previous_tier"):
            values = [("A", "B", "C", "D")[i % 4] for i in range(count)]
        elif column.type == "BIGINT":
            values = np.arange(count)
        elif column.type == "DOUBLE":
            values = rng.random(count)
        elif column.type == "BOOLEAN":
            values = np.arange(count) % 2 == 0
        elif column.type == "TIMESTAMP":
            values = [datetime(2026, 1, 20, 1, i % 60) for i in range(count)]
        elif column.type == "DATE":
            values = [NIGHT] * count
        elif column.type != "VARCHAR":
            values = [[] for _ in range(count)]
        out[column.name] = values
    return pd.DataFrame(out)


def publish_small_lake(folder: Path) -> Lake:
    """Publish and record two nights of small tables."""
    folder.mkdir(parents=True, exist_ok=True)
    lake, before = Lake(folder), None
    for night in (BEFORE, NIGHT):
        identity = {"date": night.isoformat(), "before": before}
        run_id = run_id_of(identity)
        run = lake.run(run_id)
        for name in sorted(set(outbound_names()) - OF_NO_NIGHT):
            table = contract(name)
            write_file(run / f"{name}.parquet", to_arrow(table, values_of(table, run_id)))
        (run / "policy.toml").write_text(load_policy().text, "utf-8")
        (run / "yardsticks.json").write_text(json.dumps({"live": {"ranks": [1.5, 2.5]}}), "utf-8")
        (run / "report.html").write_text("<html>report</html>" * 50, "utf-8")
        manifest = {"run_id": run_id, "identity": identity, "before": before, "models": {}}
        write_manifest(run, manifest)
        record_night(lake, run_id, night, run)
        publish(lake, run_id, night)
        before = run_id
    return lake


def write_delivery(lake: Lake) -> None:
    """Write a delivery of sessions and orders with few rows."""
    for name in ("sessions", "orders"):
        table = contract(name)
        rows = values_of(table, "")
        write_file(lake.root / name / "day=2026-01-20" / "part-0.parquet", to_arrow(table, rows))
