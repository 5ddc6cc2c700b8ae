"""Inflation injected into real Twitch broadcasts and chat minutes, of several shapes and sizes.

The carriers are real and unlabelled; what is injected is known. Counters of whole broadcasts only: who watched is not
there. Each broadcast is judged by its departure from its own channel's others and from the usual ratios between counters,
and by PyOD's detectors on the same ratios, where they are installed.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.page import row
from features.series import unexplained_step_max
from features.shape import unexplained_level_shift

COMMAND = "make bench-detection"
SIZES = (0.1, 0.2, 0.5, 1.0, 2.0)
LEAST = 8  # broadcasts of a channel below which it has no past to be compared with


def broadcasts(data: Path) -> pd.DataFrame:
    """Broadcasts of thirty minutes and ten viewers or more, of channels with a past."""
    b = pd.read_parquet(data / "twitch_broadcasts" / "broadcasts.parquet")
    b = b[(b["avg_viewers"] >= 10) & (b["length_min"] >= 30) & (b["views"] > 0)]
    return b[b.groupby("channel")["channel"].transform("size") >= LEAST].reset_index(drop=True)


def inflated(b: pd.DataFrame, shape: str, size: float) -> pd.DataFrame:
    """Counters as they would have been published. `idle`: bots for the whole broadcast. `peak`: bots for a tenth of it.
    `flash`: views that leave at once. `follow`: followers bought by the size of the honest views' hundredth.
    """
    out = b.copy()
    bots = size * b["avg_viewers"]
    if shape == "idle":
        out["avg_viewers"] += bots
        out["peak_viewers"] += bots
        out["watch_min"] += bots * b["length_min"]
        out["views"] += bots
    elif shape == "peak":
        out["avg_viewers"] += 0.1 * bots
        out["peak_viewers"] += bots
        out["watch_min"] += 0.1 * bots * b["length_min"]
        out["views"] += bots
    elif shape == "flash":
        out["views"] += size * b["views"]
    else:
        out["followers_gained"] += size * 0.02 * b["views"]
    return out


def ratios(b: pd.DataFrame) -> pd.DataFrame:
    """Logs of levels and of ratios between counters."""
    hours = b["length_min"] / 60.0
    return pd.DataFrame(
        {
            "viewers": np.log(b["avg_viewers"]),
            "peak": np.log(b["peak_viewers"].clip(lower=1) / b["avg_viewers"]),
            "views": np.log(b["views"] / (b["avg_viewers"] * hours)),
            "watch": np.log(b["watch_min"].clip(lower=1) / b["views"]),
            "follow": np.arcsinh(1000.0 * b["followers_gained"] / b["views"]),
        }
    )


def rows(data: Path, say: Any) -> list[dict[str, Any]]:
    """Recall at 1 % false alarms by shape and size."""
    say("Twitch broadcasts")
    b = broadcasts(data)
    base = ratios(b)
    # departures from the channel's own median, over the pooled spread of such departures
    usual = base.groupby(b["channel"]).transform("median")
    spread = 1.4826 * (base - usual).abs().median()
    honest = (base - usual) / spread
    rng = np.random.default_rng(7)
    picked = rng.choice(len(b), min(5000, len(b)), replace=False)
    scorers: dict[str, Any] = {
        "largest departure": lambda z: z.abs().max(axis=1).to_numpy(),
        "squared departures": lambda z: (z**2).clip(upper=50).sum(axis=1).to_numpy(),
    }
    if find_spec("pyod"):
        from pyod.models.ecod import ECOD
        from pyod.models.iforest import IForest

        sample = honest.iloc[rng.choice(len(b), min(20_000, len(b)), replace=False)]
        for name, model in (("PyOD ECOD", ECOD()), ("PyOD IForest", IForest(random_state=7))):
            fitted = model.fit(sample.to_numpy())
            scorers[name] = lambda z, m=fitted: m.decision_function(z.to_numpy())
    bars = {name: float(np.quantile(score(honest), 0.99)) for name, score in scorers.items()}
    out = []
    for shape in ("idle", "peak", "flash", "follow"):
        for size in SIZES:
            z = (ratios(inflated(b.iloc[picked], shape, size)) - usual.iloc[picked]) / spread
            for name, score in scorers.items():
                value = float((score(z) > bars[name]).mean())
                goal = {0.2: 0.60, 0.5: 0.90}.get(size) if name == "squared departures" and shape == "idle" else None
                out.append(
                    row(
                        f"twitch-{shape}-{int(size * 100)}-{name}".replace(" ", "-"),
                        f"Real Twitch broadcasts, {shape} inflation of {size:.0%} injected, {name}: recall at 1 % false alarms",
                        value,
                        COMMAND,
                        goal=None if goal is None else f">= {goal}",
                        holds=None if goal is None else value >= goal,
                        why="a channel's honest average varies by a log-sd of 0.3 from one broadcast to the next, as much as bots of 35 % add; counters of whole broadcasts cannot tell them apart"
                        if goal is not None and value < goal
                        else None,
                    )
                )
    return out + minutes(data, say)


def minutes(data: Path, say: Any) -> list[dict[str, Any]]:
    """Bots added to real minute-by-minute viewers: the step of a block that joins at once, against honest half hours."""
    say("Twitch chat minutes")
    m = pd.read_parquet(data / "twitch_chat_minutes" / "messages.parquet")
    series = [g.drop_duplicates("minute")["viewers"].to_numpy(dtype=float) for _, g in m.groupby("session")]
    pieces = [x[i : i + 60] for x in series for i in range(0, len(x) - 60, 10)]
    rng, out = np.random.default_rng(7), []

    def values(pieces_: list[np.ndarray], kernel: Any) -> np.ndarray:
        frames = [np.column_stack([p, *[np.zeros(len(p))] * 14]) for p in pieces_]
        return np.array([kernel(np.ascontiguousarray(f)) for f in frames])

    for name, kernel in (("step", unexplained_step_max.compute), ("level shift", unexplained_level_shift.compute)):
        bar = float(np.nanquantile(values(pieces, kernel), 0.99))
        for size in SIZES:
            for shape in ("at once", "over ten minutes"):
                botted = []
                for p in pieces:
                    start = rng.integers(22, 40)
                    ramp = np.clip((np.arange(len(p)) - start) / (1 if shape == "at once" else 10), 0, 1)
                    botted.append(p + size * p.mean() * ramp)
                out.append(
                    row(
                        f"minutes-{name}-{int(size * 100)}-{shape}".replace(" ", "-"),
                        f"Real Twitch minutes ({len(pieces)} overlapping hours of {len(series)} sessions), bots of {size:.0%} joining {shape}, {name}: recall at 1 % false alarms",
                        float((values(botted, kernel) > bar).mean()),
                        COMMAND,
                    )
                )
    return out
