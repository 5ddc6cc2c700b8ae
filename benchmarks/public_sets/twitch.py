"""Inflation injected into real Twitch broadcasts and chat minutes, of several shapes and sizes.

The carriers are real and unlabelled; what is injected is known. Counters of whole broadcasts only:
who watched is not there. A few hundred broadcasts are inflated, and the rest of July 2019 is
left as it was published. All of them are judged together, as a night would.

Three kinds of scores are compared: the odds of forgery (`features/detectors/counter_forgery.py`),
the deviation from the channel's own past, and PyOD's detectors on the same deviations.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.harness.figures import share_row
from features.detectors import counter_forgery, inflation_shapes
from features.signals.live.regularity import unexplained_level_shift
from features.signals.live.viewer_series import unexplained_step_max

COMMAND = "make bench-detection"
INFLATIONS = (0.1, 0.2, 0.5, 1.0, 2.0)
SEEDS = range(1, 6)
BROADCASTS_PER_FORGERY = 60  # broadcasts of each shape and size that are inflated at once
MIN_PAST_BROADCASTS = 4  # broadcasts before it that a channel must have


def ramp(t: pd.DataFrame, size: np.ndarray) -> dict[str, pd.Series]:
    """Bots that join one by one; the detector is not trained on this shape."""
    bots = size * t["viewers"]
    return {
        "viewers": t["viewers"] + 0.5 * bots,
        "peak": t["peak"] + bots,
        "views": t["views"] + bots,
    }


SHAPES: tuple[inflation_shapes.Forge, ...] = (
    inflation_shapes.idle,
    inflation_shapes.peak,
    inflation_shapes.flash,
    ramp,
    inflation_shapes.follow,
)


def totals(data: Path) -> pd.DataFrame:
    """Broadcasts with their counters, by channel and time, as `injected.odds` takes them."""
    b = pd.read_parquet(data / "twitch_broadcasts" / "broadcasts.parquet")
    b = (
        b[b["views"] > 0]
        .sort_values(["channel", "start", "length_min"])
        .drop_duplicates(["channel", "start"], keep="last")
    )
    nothing = np.full(len(b), np.nan)
    frame = {
        "operator_id": b["channel"],
        "category": b["games"].str.split(",").str[0],
        "hours": b["length_min"] / 60.0,
        "viewers": b["avg_viewers"],
        "peak": b["peak_viewers"].astype(float),
        "views": b["views"].astype(float),
        "follows": b["followers_gained"].astype(float),
        "likes": nothing,
        "comments": nothing,
    }
    return pd.DataFrame(frame).reset_index(drop=True)


def _deviations(t: pd.DataFrame, able: np.ndarray) -> np.ndarray:
    """Deviation of ratios from the channel's past median, shape (broadcasts, 5); rows of `able`."""
    now = counter_forgery.ratios(t)[:, :4]
    frame = pd.DataFrame(now).assign(channel=t["operator_id"])
    median = (
        frame.groupby("channel").transform(lambda s: s.shift(1).expanding().median()).to_numpy()
    )
    deviations = (now - median)[able]
    deviations = deviations / (1.4826 * np.nanmedian(np.abs(deviations), axis=0))
    return np.nan_to_num(deviations)


def _scores(t: pd.DataFrame, able: np.ndarray) -> dict[str, np.ndarray]:
    """Scores of the broadcasts that can be judged, by each method."""
    z = _deviations(t, able)
    out = {
        "odds of forged views": counter_forgery.forgery_log_odds(t, inflation_shapes.VIEW_SHAPES)[
            able
        ],
        "odds of forged follows": counter_forgery.forgery_log_odds(
            t, inflation_shapes.ENGAGEMENT_SHAPES
        )[able],
        "largest departure": np.abs(z).max(axis=1),
        "squared departures": np.clip(z**2, None, 50).sum(axis=1),
    }
    if find_spec("pyod"):
        from pyod.models.ecod import ECOD
        from pyod.models.iforest import IForest

        for name, model in (("PyOD ECOD", ECOD()), ("PyOD IForest", IForest(random_state=7))):
            out[name] = model.fit(z[:: max(1, len(z) // 20_000)]).decision_function(z)
    return out


def rows(data: Path, say: Any) -> list[dict[str, Any]]:
    """Recall at 1 % false alarms by shape and size."""
    t = totals(data)
    known = (
        (t["viewers"] >= counter_forgery.MIN_AVERAGE_VIEWERS)
        & (t["hours"] >= counter_forgery.MIN_HOURS)
        & (t.groupby("operator_id").cumcount() >= MIN_PAST_BROADCASTS)
    )
    able = np.flatnonzero(known)
    found: list[pd.DataFrame] = []
    for seed in SEEDS:
        say(f"Twitch broadcasts, draw {seed}")
        rng = np.random.default_rng(seed)
        hit = rng.choice(
            len(able), BROADCASTS_PER_FORGERY * len(SHAPES) * len(INFLATIONS), replace=False
        )
        cell = np.repeat(np.arange(len(SHAPES) * len(INFLATIONS)), BROADCASTS_PER_FORGERY)
        shape, size = cell // len(INFLATIONS), np.array(INFLATIONS)[cell % len(INFLATIONS)]
        forged = t.copy()
        for i, forge in enumerate(SHAPES):
            at = able[hit[shape == i]]
            forged.loc[at, list(inflation_shapes.COUNTERS)] = inflation_shapes.forged(
                t.loc[at], forge, size[shape == i]
            )[list(inflation_shapes.COUNTERS)]
        honest = np.setdiff1d(np.arange(len(able)), hit)
        for name, score in _scores(forged, able).items():
            bar = np.nanquantile(score[honest], 0.99)
            found.append(
                pd.DataFrame(
                    {"method": name, "shape": shape, "size": size, "found": score[hit] > bar}
                )
            )
    return _table(pd.concat(found)) + minutes(data, say)


def _table(found: pd.DataFrame) -> list[dict[str, Any]]:
    out = []
    for (shape, size, method), g in found.groupby(["shape", "size", "method"]):
        name = SHAPES[shape].__name__
        if method.startswith("odds") and method.endswith("follows") != (name == "follow"):
            continue  # each asks about its own counters
        mine = method == "odds of forged views" and name == "idle"
        out.append(
            share_row(
                f"twitch-{name}-{int(size * 100)}-{method}",
                f"Real Twitch broadcasts, {name} inflation of {size:.0%} injected into {len(g)}, "
                f"{method}: recall at 1 % false alarms",
                g["found"],
                COMMAND,
                {0.2: ">= 0.60", 0.5: ">= 0.90"}.get(size) if mine else None,
                why="A channel's honest average varies by a log-sd of 0.3 between broadcasts, as "
                "much as bots of 35 % add.",
            )
        )
    return out


def minutes(data: Path, say: Any) -> list[dict[str, Any]]:
    """Recall of bots that join real minute-by-minute viewers at once or over ten minutes."""
    say("Twitch chat minutes")
    m = pd.read_parquet(data / "twitch_chat_minutes" / "messages.parquet")
    series = [
        g.drop_duplicates("minute")["viewers"].to_numpy(dtype=float)
        for _, g in m.groupby("session")
    ]
    cut = [(k, x[i : i + 60]) for k, x in enumerate(series) for i in range(0, len(x) - 60, 10)]
    whose, pieces = [k for k, _ in cut], [piece for _, piece in cut]
    rng, out = np.random.default_rng(7), []

    def values(pieces_: list[np.ndarray], kernel: Any) -> np.ndarray:
        frames = [np.column_stack([p, *[np.zeros(len(p))] * 14]) for p in pieces_]
        return np.array([kernel(np.ascontiguousarray(f)) for f in frames])

    for name, kernel in (
        ("step", unexplained_step_max.compute),
        ("level shift", unexplained_level_shift.compute),
    ):
        bar = float(np.nanquantile(values(pieces, kernel), 0.99))
        for size in INFLATIONS:
            for shape in ("at once", "over ten minutes"):
                botted = []
                for p in pieces:
                    start = rng.integers(22, 40)
                    ramp = np.clip(
                        (np.arange(len(p)) - start) / (1 if shape == "at once" else 10), 0, 1
                    )
                    botted.append(p + size * p.mean() * ramp)
                out.append(
                    share_row(
                        f"minutes-{name}-{int(size * 100)}-{shape}",
                        f"Real Twitch minutes ({len(pieces)} overlapping hours of "
                        f"{len(set(whose))} sessions), bots of {size:.0%} joining {shape}, "
                        f"{name}: recall at 1 % false alarms",
                        values(botted, kernel) > bar,
                        COMMAND,
                        cluster=whose,
                    )
                )
    return out
