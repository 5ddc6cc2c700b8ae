"""One compared statistic, and how lakes are read for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq


@dataclass(frozen=True)
class Statistic:
    """A statistic with its value on public sets, in simulation, and a remark."""

    name: str
    measured: str
    simulated: str
    remark: str = ""


def read_table(lake: Path, name: str, columns: list[str]) -> pd.DataFrame:
    """Columns of a table of a lake or of a ground truth, all days."""
    files = sorted((lake / name).rglob("*.parquet"))
    return pd.concat(
        [pq.read_table(p, columns=columns).to_pandas() for p in files], ignore_index=True
    )


def quantiles(x: pd.Series | np.ndarray, *at: float) -> str:
    """Quantiles to three digits, separated by slashes; NaN is left out."""
    return "/".join(f"{v:.3g}" for v in np.nanquantile(np.asarray(x, dtype=float), at))
