"""Lakes larger than the simulator can hold: copies of one world under other identifiers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from benchmarks.harness import worlds
from data_contracts.lake import Lake


def _renamed(path: Path, tile: int) -> str:
    """Expressions that give every id of a file the name of its tile."""
    out = []
    for field in pq.read_schema(path):
        name = f'"{field.name}"'
        if field.name.endswith("_id"):
            out.append(f"'{tile}-' || {name} AS {name}")
        elif field.name.endswith("_ids"):
            out.append(f"list_transform({name}, lambda x: '{tile}-' || x) AS {name}")
    return f"* REPLACE ({', '.join(out)})" if out else "*"


def tiled(size: str, seed: int, tiles: int, say: Any = print) -> Path:
    """Lake of copies of a world, written when absent; copies share regions, networks and texts."""
    lake = worlds.simulated_lake(size, seed)
    target = lake.with_name(f"{lake.name}-x{tiles}")
    if (target / "tiled").exists():
        return target
    with duckdb.connect() as engine:
        engine.execute(
            "SET threads=1; SET enable_progress_bar=false; SET preserve_insertion_order=true"
        )
        for table in Lake(lake).delivered():
            say(f"{table}: {tiles} tiles")
            for path in Lake(lake).files(table):
                folder = (
                    target / path.parent.relative_to(lake)
                    if path.parent != lake
                    else target / table
                )
                folder.mkdir(parents=True, exist_ok=True)
                for tile in range(tiles):
                    engine.execute(
                        f"COPY (SELECT {_renamed(path, tile)} FROM read_parquet('{path}', "
                        "hive_partitioning=false)) "
                        f"TO '{folder / f'{path.stem}-{tile}.parquet'}' (FORMAT parquet, "
                        "COMPRESSION zstd, COMPRESSION_LEVEL 1)"
                    )
    (target / "tiled").touch()
    return target
