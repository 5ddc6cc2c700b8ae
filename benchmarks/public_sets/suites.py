"""Shopee's episodes, and all suites of public sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.harness.figures import row
from benchmarks.harness.intervals import f1
from benchmarks.public_sets.burst_episodes import find_episodes
from benchmarks.public_sets.estimators import COMMAND
from benchmarks.public_sets.payments import s_ffsd
from benchmarks.public_sets.reviewers import yelpchi
from benchmarks.public_sets.stars import stars


def shopee(data: Path, say: Any) -> list[dict[str, Any]]:
    """F1 of episodes against the contest's marks, by shop and by pair; no label is read."""
    say("Shopee")
    o = pd.read_parquet(data / "shopee_orders" / "orders.parquet")
    found = find_episodes(
        pd.DataFrame(
            {
                "shop": o["shop_id"],
                "buyer": o["user_id"],
                "at": o["event_time"].astype("int64") // 10**6,
            }
        )
    )
    marks = pd.read_csv(data / "shopee_orders" / "rule_labels.csv", dtype=str)
    true = {
        (int(r.shop_id), int(u))
        for r in marks.itertuples()
        if r.rule_users != "0"
        for u in r.rule_users.split("&")
    }
    most = found.brushers[found.brushers["most"]]
    said = set(zip(most["shop"], most["buyer"], strict=True))
    out = []
    for name, a, b, shop in (
        ("pairs of shop and buyer", said, true, lambda pair: pair[0]),
        ("shops", {s for s, _ in said}, {s for s, _ in true}, lambda shop: shop),
    ):
        value, interval = f1(a, b, shop)
        out.append(
            row(
                f"shopee-f1-{name.split()[0]}",
                f"Shopee, episodes, {name}: F1 of {len(a)} found against {len(b)} marked (the "
                "marks are this definition, computed by others; interval over shops)",
                value,
                COMMAND,
                ">= 0.97",
                interval,
                why="the definition is not met",
            )
        )
    return out


def rows(data: Path, say: Any) -> list[dict[str, Any]]:
    """Rows of all suites."""
    return shopee(data, say) + stars(data, say) + yelpchi(data, say) + s_ffsd(data, say)
