"""What single columns bring, measured on families left out of the prior as tables are.

A world is judged without verdicts twice: as it is, and with one column unknown in every row. Its
signals are computed anew, so whatever reads the column changes, also by derived tables. ADR-0364.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.generalisation.learn_prior import progress
from benchmarks.generalisation.learning.left_out_priors import folder_without
from benchmarks.generalisation.table_gains import FOLDER, judge_frames
from benchmarks.generalisation.worlds import (
    JUDGED_ENTITIES,
    JUDGED_SEEDS,
    frames_of_world,
    lake_of,
)
from data_contracts.contract import contract, inbound_names
from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from simulation.families.registry import FAMILIES, family_named, truth_folder
from training.estimator.prior import prior_in
from training.prior.world_frames import WorldFrame, frames_of

WHOLE = ""  # the column of a world as it is


def columns_of(names: Sequence[str]) -> list[tuple[str, str]]:
    """Tables and columns of names such as `orders.payer_id`.

    Raises
    ------
    LakeProblem
        There is no such column, or it cannot be unknown.
    """
    out = []
    for name in names:
        table, _, column = name.partition(".")
        known = {c.name: c for c in contract(table).columns} if table in inbound_names() else {}
        if column not in known:
            raise LakeProblem(f"{name} is no column of a table that platforms deliver")
        if known[column].required:
            raise LakeProblem(f"{name} is never unknown, so its gain cannot be measured")
        out.append((table, column))
    return out


def has_values(lake: Path, table: str, column: str) -> bool:
    """Whether any row of a lake has the column."""
    files = Lake.open(lake).files(table)
    return any(pq.read_table(f, columns=[column])[column].null_count < _rows(f) for f in files)


def _rows(path: Path) -> int:
    return pq.read_metadata(path).num_rows


def lake_without(lake: Path, table: str, column: str, folder: Path) -> Path:
    """A copy of a lake in which one column is unknown in every row; other files are linked."""
    copied = folder / lake.name
    shutil.copytree(
        lake, copied, copy_function=os.link, ignore=shutil.ignore_patterns("runs", "online")
    )
    for path in Lake.open(copied).files(table):
        rows = pq.read_table(path, partitioning=None)
        place = rows.schema.get_field_index(column)
        rows = rows.set_column(
            place, rows.schema.field(place), pa.nulls(len(rows), rows.schema.field(place).type)
        )
        path.unlink()  # it is a link
        pq.write_table(rows, path)
    return copied


def changed_signals(whole: pd.DataFrame, without: pd.DataFrame) -> list[str]:
    """Signals that differ for some entity once a column is unknown: those that read it."""
    other = without.reindex(index=whole.index, columns=whole.columns)
    return [
        name
        for name in whole.columns
        if not np.array_equal(
            whole[name].to_numpy(dtype=float), other[name].to_numpy(dtype=float), equal_nan=True
        )
    ]


def judge_columns(
    family: str, seed: int, columns: Sequence[tuple[str, str]]
) -> Iterator[dict[str, Any]]:
    """Recall of one world as it is, and with each column unknown that it has."""
    lake = lake_of(family_named(family), seed)
    whole = {f.entity: f for f in frames_of_world(family_named(family), seed)}
    with prior_in(folder_without(family)):
        yield from _records(whole, WHOLE, {})
        for table, column in columns:
            if not has_values(lake, table, column):
                continue
            with tempfile.TemporaryDirectory() as folder:
                copied = lake_without(lake, table, column, Path(folder))
                found = frames_of(copied, truth_folder(lake), family, JUDGED_ENTITIES)
            frames = {f.entity: f for f in found}
            signals = {
                e: changed_signals(whole[e].signals, f.signals)
                for e, f in frames.items()
                if e in whole
            }
            progress(f"{family}-{seed}: {table}.{column}")
            yield from _records(frames, f"{table}.{column}", signals)


def _records(
    frames: Mapping[str, WorldFrame], column: str, signals: Mapping[str, list[str]]
) -> Iterator[dict[str, Any]]:
    for record in judge_frames(frames, lambda _entity: []):
        yield record | {"column": column, "signals": len(signals.get(record["entity"], []))}


def summary(records: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Gain of each column by entity: with it less without it, by world; families weigh alike."""
    keys = ["entity", "family", "world"]
    whole = records[records["column"] == WHOLE].set_index(keys)["recall"]
    out: dict[str, dict[str, Any]] = {}
    for (entity, column), found in records.groupby(["entity", "column"]):
        if column == WHOLE:
            continue
        without = found.set_index(keys)["recall"]
        paired = (whole.reindex(without.index) - without).dropna()
        if len(paired):
            by_family = paired.groupby(level="family").mean()
            out.setdefault(str(entity), {})[str(column)] = {
                "gain": round(float(by_family.mean()), 3),
                "families": len(by_family),
                "worlds": len(paired),
                "signals": int(found["signals"].max()),
            }
    return out


def main() -> None:
    """Measure columns, and add them to the table that ships with the product."""
    command = "python -m benchmarks.generalisation.column_gains"
    parser = ArgumentParser(
        prog=command, description=__doc__, epilog=f"Example: {command} orders.payer_id"
    )
    parser.add_argument("columns", nargs="+", metavar="TABLE.COLUMN")
    columns = columns_of(parser.parse_args().columns)
    families = [f.name for f in FAMILIES if (folder_without(f.name) / "prior.json").exists()]
    records = pd.DataFrame(
        [
            r
            for name in families
            for seed in JUDGED_SEEDS
            for r in judge_columns(name, seed, columns)
        ]
    )
    path = FOLDER / "table_gains.json"
    document = json.loads(path.read_text("utf-8"))
    for entity, found in summary(records).items():
        document.setdefault("columns", {}).setdefault(entity, {}).update(found)
    path.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", "utf-8")
    progress(f"{path.name}: {len(records)} records of columns")


if __name__ == "__main__":
    main()
