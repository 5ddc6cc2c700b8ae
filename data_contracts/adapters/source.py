"""Reading the files of a public data set."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from data_contracts.errors import LakeProblem


def read(path: Path) -> pd.DataFrame:
    """Read a Parquet file of a data set.

    Raises
    ------
    LakeProblem
        The file does not exist.
    """
    require(path)
    return pd.read_parquet(path)


def require(path: Path) -> None:
    """Refuse a data set that lacks a file.

    Raises
    ------
    LakeProblem
        The file does not exist.
    """
    if not path.exists():
        raise LakeProblem(f"{path} does not exist; the data set is not complete in {path.parent}")
