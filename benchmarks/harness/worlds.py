"""Simulated worlds for measuring, kept between runs beside the repository's ignored output, and their truth."""

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
    """Lake of a world, simulated when it is not there yet."""
    lake = OUTPUT_FOLDER / f"{size}-{seed}"
    if not (truth_folder(lake) / "world.json").exists():
        write_world(lake, truth_folder(lake), WorldSpec(seed, size, START))
    return lake


def second_platform_lake(seed: int, cheating: float = CHEATING_OPERATOR_SHARE) -> Path:
    """Lake of a market of the second simulator, made when it is not there yet: 500 operators, a share of which cheats, 28 days."""
    lake = OUTPUT_FOLDER / f"market-{seed}"
    if not (truth_folder(lake) / "world.json").exists():
        spec = PlatformSpec(seed, 500, 50_000, 28, START, cheating)
        write_platform(lake, truth_folder(lake), spec)
    return lake


def honest_lake(seed: int) -> Path:
    """Lake of a small world of the first simulator in which nobody cheats, made when it is not there yet: 160 operators, 28 days."""
    lake = OUTPUT_FOLDER / f"honest-{seed}"
    if not (truth_folder(lake) / "world.json").exists():
        write_world(lake, truth_folder(lake), WorldSpec(seed, "small", START, 28, ()))
    return lake


def training_lake() -> Path:
    """Lake of the world whose verdicts models of the pages learn from."""
    return simulated_lake("wide", TRAINING_SEED)


def ground_truth(lake: Path, name: str) -> pd.DataFrame:
    """A table of planted truth."""
    folder = truth_folder(lake)
    single = folder / f"{name}.parquet"
    files = [single] if single.exists() else sorted((folder / name).glob("*.parquet"))
    return pd.concat([pq.read_table(p).to_pandas() for p in files], ignore_index=True)


def fraudulent_sessions(lake: Path) -> pd.DataFrame:
    """Sessions with inflated views or engagement: index session_id; scheme, intensity, evasion of the first planted."""
    t = ground_truth(lake, "sessions")
    t = t[t["scheme"].map(TYPOLOGY).isin(["view_fraud", "engagement_fraud"])]
    return t.drop_duplicates("session_id").set_index("session_id")


def cheating_operators(lake: Path) -> set[str]:
    """Operators that cheat for themselves; victims of hostile brushing are not among them, nor are rivals for that alone."""
    t = ground_truth(lake, "operators")
    return set(t.loc[t["scheme"] != "hostile_brushing", "operator_id"])


def honest_and_cheats(lake: Path, tiers: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Tiers by operator: of those in whom nothing was planted, and of those that cheat for themselves."""
    planted = set(ground_truth(lake, "operators")["operator_id"])
    return tiers[~tiers.index.isin(planted)], tiers[tiers.index.isin(cheating_operators(lake))]
