"""Public sets whose tables a map makes, as it makes those of a company (ADR-0361)."""

from __future__ import annotations

import tempfile
from datetime import datetime
from functools import partial
from pathlib import Path

import pandas as pd

from data_contracts.adapters.source import require
from data_contracts.contract import contract
from data_contracts.errors import LakeProblem
from data_contracts.intake.delivery import Delivery
from data_contracts.intake.ingestion import ingest
from data_contracts.intake.map_file import load_map
from data_contracts.intake.mapping import Map
from data_contracts.lake import Lake
from data_contracts.parquet import connect

# Nothing of a public set counts by the moment of its ingestion.
MOMENT = datetime(2030, 1, 1)


def map_of(name: str) -> Map:
    """The map that ships for a public set."""
    return load_map(Path(__file__).with_name("maps") / f"{name}.yaml")


def tables(name: str, source: Path) -> dict[str, pd.DataFrame]:
    """Contract tables of a public set, with the columns that its map makes.

    Raises
    ------
    LakeProblem
        A file is absent, or a row cannot be taken.
    """
    given, out = map_of(name), {}
    for file in given.sources.values():
        require(source / file.path)
    with tempfile.TemporaryDirectory() as folder, connect() as connection:
        lake = Lake(Path(folder))
        for done in ingest(given, lake, Delivery(MOMENT, base=source)):
            if done.set_aside:
                reasons = ", ".join(done.reasons)
                raise LakeProblem(
                    f"{done.table}: {done.set_aside} of {done.read} rows cannot be taken: {reasons}"
                )
            table = contract(done.table)
            made = [*given.tables[done.table].columns, table.received]
            columns = ", ".join(c.name for c in table.columns if c.name in made)
            rows = lake.scan_sql(table, None)
            out[done.table] = connection.execute(
                f"SELECT {columns} FROM ({rows}) ORDER BY {', '.join(table.key)}"
            ).df()
    return out


shopee_orders = partial(tables, "shopee-orders")
retail_baskets = partial(tables, "retail-baskets")
