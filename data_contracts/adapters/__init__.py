"""Public data sets as contract tables. What a set does not have is absent, not invented.

A set that needs only names, prefixes and units is a map in `maps/`, others are code (ADR-0361).

`received_at` is the moment of the event itself where the set does not say when a row was received.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from data_contracts.adapters import by_map, github_stars, twitch_broadcasts, twitch_chat
from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake

ADAPTERS: dict[str, Callable[[Path], dict[str, pd.DataFrame]]] = {
    "shopee-orders": by_map.shopee_orders,
    "twitch-broadcasts": twitch_broadcasts.tables,
    "twitch-chat": twitch_chat.tables,
    "github-stars": github_stars.tables,
    "retail-baskets": by_map.retail_baskets,
}


def ingest(name: str, source: Path, folder: Path) -> dict[str, int]:
    """Write a public data set as a lake. A second run writes the same files.

    Parameters
    ----------
    name
        Name of an adapter.
    source
        Folder of the data set.
    folder
        Folder of the lake, which may be new.

    Returns
    -------
    dict
        Rows of each table.

    Raises
    ------
    LakeProblem
        There is no such adapter or folder.
    """
    if name not in ADAPTERS:
        raise LakeProblem(f"no adapter is called {name!r}. Adapters: {', '.join(ADAPTERS)}")
    if not source.exists():
        raise LakeProblem(
            f"{source} does not exist. "
            "FROM is the folder of the data set, as its provenance describes it."
        )
    lake, tables = Lake(folder), ADAPTERS[name](source)
    for table, frame in tables.items():
        lake.write_by_day(table, frame)
    return {table: len(frame) for table, frame in tables.items()}
