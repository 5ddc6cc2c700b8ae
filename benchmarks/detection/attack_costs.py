"""Price of a session whose inflation stays unseen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.detection.label_ablation import AS_OF
from benchmarks.detection.unseen_schemes import MIN_ENTITIES_PER_SCHEME
from benchmarks.harness import worlds
from benchmarks.harness.figures import row
from benchmarks.harness.figures_page import Table
from benchmarks.harness.intervals import DRAWS, middle
from features.engine.snapshot import Snapshot
from serving.policy.load import load_policy
from simulation.schemes import VIEW_SCHEMES

COMMAND = "make bench-detection"
PRICES = load_policy().promotion


def inflation(lake: Path, sessions: pd.Index) -> pd.DataFrame:
    """Views, false views, false viewer-hours, false likes and inflation of each session."""
    tables = Snapshot.open(lake, AS_OF)
    scope = tables.scope(sorted(sessions), "session")
    v = tables["views"].semi_join(scope, "session_id")
    counted = (
        v.group_by("session_id")
        .aggregate(views=v.count())
        .to_pandas()
        .set_index("session_id")["views"]
    )
    fake = worlds.ground_truth(lake, "views")
    fake = fake[fake["session_id"].isin(sessions)]
    named = v.select("session_id", "account_id", "joined_at", "left_at").to_pandas()
    stay = fake.merge(named, on=["session_id", "account_id", "joined_at"], how="left")
    hours = (stay["left_at"] - stay["joined_at"]).dt.total_seconds().groupby(
        stay["session_id"]
    ).sum() / 3600.0
    acts = worlds.ground_truth(lake, "interactions")
    likes = acts[acts["kind"] == "like"].groupby("session_id")["count"].sum()
    frame = pd.DataFrame({"views": counted}).reindex(sessions)
    frame["false"] = fake.groupby("session_id").size().reindex(sessions).fillna(0.0)
    frame["hours"] = hours.reindex(sessions).fillna(0.0)
    frame["likes"] = likes.reindex(sessions).fillna(0.0)
    frame["inflation"] = frame["false"] / (frame["views"] - frame["false"]).clip(lower=1.0)
    return frame


def attacker(
    score: pd.Series, bar: float, size: pd.DataFrame, planted: pd.DataFrame
) -> tuple[list[dict[str, Any]], Table]:
    """Least expected price of an undetected session per 1,000 honest views, and its table."""
    t = (
        planted[planted["scheme"].isin(VIEW_SCHEMES)]
        .join(score.rename("score"), how="inner")
        .join(size)
    )
    t["price"] = (
        (t["hours"] * PRICES.viewer_hour_price + t["likes"] * PRICES.like_price)
        / (t["views"] - t["false"]).clip(lower=1.0)
        * 1000.0
    )
    t["unseen"] = t["score"] <= bar
    t["band"] = pd.cut(
        t["inflation"],
        [0.05, 0.2, 0.5, 1.0, 5.0],
        labels=["5-20 %", "20-50 %", "50-100 %", "above"],
    )
    note = (
        "Expected price in CNY of one session with the given inflation that stays unseen at 1 % "
        "false alarms, per 1,000 honest views: the price of its viewer-hours "
        f"({PRICES.viewer_hour_price:.2f} each) and likes over the share that is missed. "
        "Devices, accounts and proxies are not priced."
    )
    rows, cells = [], []
    for band, group in t.groupby("band", observed=True):
        options = {
            name: g[["price", "unseen"]].to_numpy(dtype=float)
            for name, g in group.groupby(["scheme", "evasion"])
            if len(g) >= MIN_ENTITIES_PER_SCHEME
        }
        if not options:
            continue
        found = {name: expected_price(*g.T) for name, g in options.items()}
        scheme, evasion = min(found, key=found.__getitem__)
        tried, price = options[scheme, evasion], found[scheme, evasion]
        one = float(np.median(tried[:, 0]))
        missed = round(one / price, 2)
        cells.append(
            [band, f"{scheme}, {evasion}", len(tried), missed, round(one, 1), round(price, 1)]
        )
        what = (
            f"Attacker's least expected price of {band} more views unseen, CNY per 1,000 honest "
            f"views ({scheme}, evasion {evasion})"
        )
        rows.append(
            row(
                f"attacker-{str(band).split()[0]}",
                what,
                price,
                COMMAND,
                interval=_least_prices(list(options.values())),
            )
        )
    columns = (
        "inflation of views",
        "cheapest scheme, evasion",
        "sessions",
        "missed",
        "price per session",
        "price per unseen session",
    )
    return rows, Table("The attacker's cost curve", note, columns, cells)


def expected_price(price: np.ndarray, unseen: np.ndarray) -> float:
    """Median price over the share of missed sessions; half a session where none is missed."""
    return float(np.median(price)) / max(float(unseen.mean()), 0.5 / len(unseen))


def _least_prices(options: list[np.ndarray]) -> list[float]:
    """90 % bootstrap interval of the least expected price; each draw chooses the cheapest anew.

    `options`: per scheme and evasion, (sessions, 2) of price and whether unseen.
    """
    rng = np.random.default_rng(7)
    return middle(
        [
            min(expected_price(*g[rng.integers(0, len(g), len(g))].T) for g in options)
            for _ in range(DRAWS)
        ]
    )
