"""Sessions a core-second of LIVE signals, compared with Polars, pandas, catch22 and tsfresh."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from benchmarks.harness.timing import interleaved, repeated_row
from benchmarks.speed import polars_equivalents
from features.catalogue import CATALOGUE
from features.declaration import LIVE
from features.engine.kernel_runner import run_kernels
from features.engine.minute_kernels import COLUMNS

MINUTES, SESSIONS, FEW_SESSIONS = 240, 2000, 40
MAX_DIFFERENCE = 1e-6
PICKED: dict[str, Any] = {  # of tsfresh: the kinds of figures that ours have
    **dict.fromkeys(
        (
            "mean",
            "maximum",
            "median",
            "standard_deviation",
            "variation_coefficient",
            "mean_abs_change",
        )
    ),
    **dict.fromkeys(("absolute_maximum", "longest_strike_above_mean")),
    "autocorrelation": [{"lag": k} for k in (1, 2, 5, 10)],
    "fft_coefficient": [{"coeff": k, "attr": "abs"} for k in (1, 2, 3, 4)],
    "binned_entropy": [{"max_bins": 10}],
    "ratio_beyond_r_sigma": [{"r": 3}],
    "number_peaks": [{"n": 3}],
}


def series() -> tuple[np.ndarray, np.ndarray]:
    """Minutes of sessions with bursts of joins, and their offsets; columns are contiguous."""
    rng = np.random.default_rng(0)
    values = rng.poisson(20, (MINUTES * SESSIONS, len(COLUMNS))).astype(float)
    values[:, COLUMNS.index("granted")] = 0
    values[rng.random(len(values)) < 0.01, COLUMNS.index("joins")] *= 9
    return np.asfortranarray(values), np.arange(SESSIONS + 1, dtype=np.int64) * MINUTES


def rows(say: Any, peers: bool) -> list[dict[str, Any]]:
    """Sessions a core-second; `peers`: whether peer libraries are installed."""
    say("series")
    values, offsets = series()
    live = tuple(s for s in CATALOGUE if s.freshness == LIVE)
    frame = pd.DataFrame(values[:, :3], columns=["a", "b", "c"]).assign(
        session=np.repeat(np.arange(SESSIONS), MINUTES)
    )
    small = frame[frame["session"] < FEW_SESSIONS]
    statistics: dict[str, Any] = {
        "m": np.mean,
        "s": np.std,
        "p": np.ptp,
        "d": lambda x: np.abs(np.diff(x)).max(),
        "e": np.median,
    }
    methods: dict[str, Any] = {
        "ours": lambda: run_kernels(values, offsets, live),
        "pandas": lambda: frame.groupby("session")[["a", "b", "c"]].agg(
            ["mean", "std", "min", "max", "median", "skew"]
        ),
        "pandas apply": lambda: small.groupby("session")[["a", "b", "c"]].apply(
            lambda g: pd.Series(
                {f"{k}{c}": f(g[c].to_numpy()) for c in "abc" for k, f in statistics.items()}
            )
        ),
    }
    many = {"ours": SESSIONS, "pandas": SESSIONS, "pandas apply": FEW_SESSIONS}
    count = {"ours": len(live), "pandas": 18, "pandas apply": 15}
    if peers:
        import polars as pl
        import pycatch22
        from tsfresh.feature_extraction import extract_features

        same, asked = both_ways(pl, live)
        table = pl.DataFrame(values, schema=list(COLUMNS)).with_columns(
            session=pl.Series(frame["session"].to_numpy())
        )
        apart = float(np.nanmax(np.abs(run_kernels(values, offsets, same) - asked(table))))
        if not apart <= MAX_DIFFERENCE:
            raise RuntimeError(f"our signals and Polars' differ by {apart:g}")
        lists = [
            [frame[c].to_numpy()[s * MINUTES : (s + 1) * MINUTES].tolist() for c in "abc"]
            for s in range(FEW_SESSIONS)
        ]
        long = small.assign(t=np.tile(np.arange(MINUTES), FEW_SESSIONS))
        methods |= {
            "ours, the same": lambda: run_kernels(values, offsets, same),
            "Polars": lambda: asked(table),
            "catch22": lambda: [pycatch22.catch22_all(x) for one in lists for x in one],
            "tsfresh": lambda: extract_features(
                long,
                column_id="session",
                column_sort="t",
                default_fc_parameters=PICKED,
                n_jobs=0,
                disable_progressbar=True,
            ),
        }
        many |= {
            "ours, the same": SESSIONS,
            "Polars": SESSIONS,
            "catch22": FEW_SESSIONS,
            "tsfresh": FEW_SESSIONS,
        }
        count |= {"ours, the same": len(same), "Polars": len(same), "catch22": 66, "tsfresh": 57}
    spent = interleaved(methods)
    return _rows_of_rounds({k: many[k] / v for k, v in spent.items()}, count)


def both_ways(pl: Any, live: tuple) -> tuple[tuple, Any]:
    """The signals that Polars can say, and what asks a table of minutes for them in our order."""
    said = polars_equivalents.expressions(pl)
    same = tuple(s for s in live if s.name in said)
    aggregates = [said[s.name].alias(s.name) for s in same]
    return (
        same,
        lambda table: (
            table.group_by("session", maintain_order=True)
            .agg(aggregates)
            .drop("session")
            .to_numpy()
        ),
    )


def _rows_of_rounds(pace: dict[str, np.ndarray], count: dict[str, int]) -> list[dict[str, Any]]:
    """Rows of sessions a core-second, shape (repeats,) each, and of ratios repeat by repeat."""
    slow = "four periods are half of the time; what is left is passes over the series"
    out = [
        repeated_row(
            f"series-{k}".replace(",", ""),
            f"{k}: sessions of {MINUTES} minutes a core-second ({count[k]} figures)",
            v,
            ">= 20000" if k == "ours" else None,
            slow,
        )
        for k, v in pace.items()
    ]
    each = pace["pandas apply"] * count["pandas apply"]
    ratios = [
        (
            "pandas-apply",
            "Figures a core-second: ours over pandas apply",
            pace["ours"] * count["ours"] / each,
            ">= 20",
        )
    ]
    if "Polars" in pace:
        left = ", ".join(f"`{n}`" for n in polars_equivalents.LEFT_OUT)
        ratios += [
            (
                "Polars",
                "Sessions a core-second: ours over Polars, both computing the same "
                f"{count['Polars']} signals, equal to {MAX_DIFFERENCE:g} (all but {left})",
                pace["ours, the same"] / pace["Polars"],
                ">= 3",
            ),
            (
                "catch22",
                f"Sessions a core-second: ours ({count['ours']} signals) over catch22 (its 22 of "
                "three series)",
                pace["ours"] / pace["catch22"],
                ">= 20",
            ),
            (
                "tsfresh",
                f"Sessions a core-second: ours ({count['ours']} signals) over tsfresh (19 kinds "
                "picked, of three series)",
                pace["ours"] / pace["tsfresh"],
                ">= 100",
            ),
        ]
    return out + [
        repeated_row(f"series-ratio-{name}", what, values, goal, slow)
        for name, what, values, goal in ratios
    ]
