"""What the parts of a run found, kept as Parquet and JSON between runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from benchmarks.generalisation.real_sets.carriers import Carried, Ranking
from benchmarks.harness.worlds import OUTPUT_FOLDER

FOLDER = OUTPUT_FOLDER / "generalisation"
FRAMES = {"worlds": ("records", "entities"), "nights": ("tiers", "figures")}
CARRIERS = FOLDER / "carriers.json"


def keep(part: str, found: Sequence[Any]) -> None:
    """Keep what the pieces of a part found; None where the product refused a piece.

    Parameters
    ----------
    part
        worlds, nights or carriers.
    found
        Of worlds pairs of records and entities, of nights pairs of tiers and figures, each a frame;
        of carriers `Carried`.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    if part == "carriers":
        CARRIERS.write_text(
            json.dumps([asdict(c) for c in found], indent=1, default=float), "utf-8"
        )
        return
    pairs = [pair for pair in found if pair is not None]
    for name, frames in zip(FRAMES[part], zip(*pairs, strict=True), strict=True):
        pd.concat(frames, ignore_index=True).to_parquet(FOLDER / f"{name}.parquet")


def kept_frame(name: str) -> pd.DataFrame:
    """A frame of the last run: records, entities, tiers or figures."""
    return pd.read_parquet(FOLDER / f"{name}.parquet")


def kept_carriers() -> list[Carried]:
    """Rows and rankings of the carriers of the last run."""
    return [
        Carried(c["rows"], [Ranking(**r) for r in c["rankings"]])
        for c in json.loads(CARRIERS.read_text("utf-8"))
    ]
