"""Simulated worlds and their ground truth, kept between runs in an ignored folder."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from simulation.schemes import TYPOLOGY
from simulation.second_platform.platform import (
    CHEATING_OPERATOR_SHARE,
    PlatformSpec,
    write_platform,
)
from simulation.world import WorldSpec, write_world

START = date(2026, 1, 5)
TRAINING_SEED = 101
OUTPUT_FOLDER = Path(os.environ.get("STEELYARD_BENCH", "out/bench"))


def truth_folder(lake: Path) -> Path:
    """Folder of a lake's ground truth."""
    return lake.with_name(lake.name + ".truth")


def simulated_lake(size: str, seed: int) -> Path:
    """Lake of a world, simulated when absent."""
    lake = OUTPUT_FOLDER / f"{size}-{seed}"
    if not (truth_folder(lake) / "world.json").exists():
        write_world(lake, truth_folder(lake), WorldSpec(seed, size, START))
    return lake


def second_platform_lake(seed: int, cheating: float = CHEATING_OPERATOR_SHARE) -> Path:
    """Lake of the second platform: 500 operators, 28 days; simulated when absent."""
    lake = OUTPUT_FOLDER / f"market-{seed}"
    if not (truth_folder(lake) / "world.json").exists():
        spec = PlatformSpec(seed, 500, 50_000, 28, START, cheating)
        write_platform(lake, truth_folder(lake), spec)
    return lake


def honest_lake(seed: int) -> Path:
    """Lake of a small world without fraud: 160 operators, 28 days; simulated when absent."""
    lake = OUTPUT_FOLDER / f"honest-{seed}"
    if not (truth_folder(lake) / "world.json").exists():
        write_world(lake, truth_folder(lake), WorldSpec(seed, "small", START, 28, ()))
    return lake


def training_lake() -> Path:
    """Lake of the world whose verdicts train the models of the pages."""
    return simulated_lake("wide", TRAINING_SEED)


def ground_truth(lake: Path, name: str) -> pd.DataFrame:
    """A table of ground truth."""
    folder = truth_folder(lake)
    single = folder / f"{name}.parquet"
    files = [single] if single.exists() else sorted((folder / name).glob("*.parquet"))
    return pd.concat([pq.read_table(p).to_pandas() for p in files], ignore_index=True)


def fraudulent_sessions(lake: Path) -> pd.DataFrame:
    """Sessions with inflated views or engagement, by session_id, with the first scheme planted."""
    t = ground_truth(lake, "sessions")
    t = t[t["scheme"].map(TYPOLOGY).isin(["view_fraud", "engagement_fraud"])]
    return t.drop_duplicates("session_id").set_index("session_id")


def cheating_operators(lake: Path) -> set[str]:
    """Operators that cheat for themselves; hostile brushing makes neither victim nor rival one."""
    t = ground_truth(lake, "operators")
    return set(t.loc[t["scheme"] != "hostile_brushing", "operator_id"])


def honest_and_cheats(lake: Path, tiers: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Tiers of operators without planted fraud, and of operators that cheat for themselves."""
    planted = set(ground_truth(lake, "operators")["operator_id"])
    return tiers[~tiers.index.isin(planted)], tiers[tiers.index.isin(cheating_operators(lake))]
