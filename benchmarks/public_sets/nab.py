"""Burst alarms on NAB's tweets and ads, scored by its standard profile (Lavin and Ahmad, 2015)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.harness.figures import row
from benchmarks.harness.intervals import DRAWS, middle
from benchmarks.public_sets.burst_alarm import alarms, burst_scores

COMMAND = "make bench-detection"
PROBATION_SHARE = 0.15
FALSE_ALARM_COST, MISS_COST = 0.11, 1.0
REST_ROWS = 36  # rows after an alarm in which none is raised again, for both methods


def _sigmoid(y: np.ndarray) -> np.ndarray:
    return 2.0 / (1.0 + np.exp(5.0 * y)) - 1.0


def score(at: np.ndarray, windows: list[tuple[int, int]], first: int) -> float:
    """NAB's raw score of one series: alarms (row numbers) against windows (first and last row)."""
    total, seen = 0.0, set()
    for i in at[at >= first]:
        inside = [k for k, (a, b) in enumerate(windows) if a <= i <= b]
        if inside:
            k = inside[0]
            if k not in seen:
                a, b = windows[k]
                total += float(_sigmoid(np.array((i - b) / max(b - a, 1)))) / float(
                    _sigmoid(np.array(-1.0))
                )
                seen.add(k)
            continue
        before = [(a, b) for a, b in windows if b < i]
        if not before:
            total -= FALSE_ALARM_COST
        else:
            a, b = before[-1]
            y = (i - b) / max(b - a, 1)
            total += FALSE_ALARM_COST * (float(_sigmoid(np.array(y))) if y < 3 else -1.0)
    return total - MISS_COST * (len(windows) - len(seen))


def _gaussian(x: np.ndarray, window: int = 288) -> np.ndarray:
    """NAB's windowed Gaussian baseline: -log10 of the tail of the past window's normal."""
    from scipy.stats import norm

    s = pd.Series(x.astype(float)).shift(1)
    mean, sd = s.rolling(window, min_periods=30).mean(), s.rolling(window, min_periods=30).std()
    z = np.abs((x - mean) / sd.clip(lower=1e-6))
    return np.nan_to_num(-norm.logsf(z.to_numpy()) / np.log(10), nan=0.0, posinf=300.0)


def rows(data: Path, say: Any) -> list[dict[str, Any]]:
    """NAB's normalised scores of our alarm and of the windowed Gaussian, one threshold for all."""
    say("NAB")
    windows_of = json.loads((data / "nab" / "combined_windows.json").read_text())
    out = []
    for family in ("realTweets", "realAdExchange"):
        series = []
        for path in sorted((data / "nab" / family).glob("*.csv")):
            frame = pd.read_csv(path, parse_dates=["timestamp"])
            t = frame["timestamp"]
            spans = [
                (int(t.searchsorted(pd.Timestamp(a))), int(t.searchsorted(pd.Timestamp(b))))
                for a, b in windows_of[f"{family}/{path.name}"]
            ]
            series.append((frame["value"].to_numpy(dtype=float), spans))
        for name, scorer in (
            ("burst alarm", lambda x: burst_scores(x, both_sides=True)),
            ("windowed Gaussian", _gaussian),
        ):
            scored = [(scorer(x), spans) for x, spans in series]
            levels = np.unique(
                np.quantile(np.concatenate([s for s, _ in scored]), np.linspace(0.9, 0.99995, 120))
            )
            raw = np.array(
                [
                    [
                        score(alarms(s, level, REST_ROWS), spans, int(PROBATION_SHARE * len(s)))
                        for s, spans in scored
                    ]
                    for level in levels
                ]
            )
            many = np.array([len(spans) for _, spans in scored])
            draws = np.random.default_rng(7).integers(0, len(many), (DRAWS, len(many)))
            found = [normalised(raw[:, i], many[i]) for i in draws if many[i].sum()]
            what = (
                f"NAB `{family}` ({len(series)} series), {name}: standard score at the one best "
                "threshold, as NAB sets it (interval over series, the threshold set anew for each "
                "draw)"
            )
            out.append(
                row(
                    f"nab-{family}-{name}",
                    what,
                    normalised(raw, many),
                    COMMAND,
                    interval=middle(found),
                )
            )
    return out


def normalised(raw: np.ndarray, windows: np.ndarray) -> float:
    """NAB's score at the best of all thresholds, 100 for a perfect detector and 0 for a silent one.

    `raw`: (thresholds, series), raw scores; `windows`: (series,), how many windows each has.
    """
    null, perfect = -MISS_COST * windows.sum(), windows.sum()
    return float(100.0 * (raw.sum(axis=1).max() - null) / (perfect - null))
