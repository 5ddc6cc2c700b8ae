"""Windows of a session by minute: bursts without a granted cause, and the expected band."""

from __future__ import annotations

import numpy as np
import pandas as pd


def suspicious_minutes(minutes: pd.DataFrame) -> pd.DataFrame:
    """Windows in which a series exceeds five times its median without a granted cause.

    Series are joins, likes and orders; the bound is at least five, as in the LIVE signals. Columns
    start, stop (minutes), series.
    """
    windows = []
    for series in ("joins", "likes", "orders"):
        x = minutes[series].to_numpy(dtype=float)
        if not np.isfinite(x).any():
            continue
        hot = (x > max(5.0, 5.0 * float(np.nanmedian(x)))) & (minutes["granted"].to_numpy() == 0)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], hot.astype(int), [0]])))
        at = minutes["minute"].to_numpy()
        windows += [
            (int(at[a]), int(at[b - 1]) + 1, series)
            for a, b in zip(edges[::2], edges[1::2], strict=True)
        ]
    return pd.DataFrame(windows, columns=["start", "stop", "series"])


def expected_band(minutes: pd.DataFrame, peers: pd.DataFrame) -> pd.DataFrame | None:
    """The band of viewers that comparable sessions suggest; None below ten of them.

    Tenth and ninetieth percentile of viewers over a session's median, by twentieth of its run,
    times this session's median. Columns minute, low, high.
    """
    shape = peers.assign(
        level=peers["viewers"]
        / peers.groupby("session_id")["viewers"].transform("median").replace(0, np.nan),
        part=(
            20 * peers["minute"] / (peers.groupby("session_id")["minute"].transform("max") + 1)
        ).astype(int),
    ).dropna(subset=["level"])
    if shape["session_id"].nunique() < 10:
        return None
    ends = shape.groupby("part")["level"].quantile([0.1, 0.9]).unstack()
    part = (20 * minutes["minute"] / (minutes["minute"].max() + 1)).astype(int)
    level = float(minutes["viewers"].median())
    return pd.DataFrame(
        {
            "minute": minutes["minute"],
            "low": level * part.map(ends[0.1]),
            "high": level * part.map(ends[0.9]),
        }
    )
