"""The medium world with a published night, as a service reads it."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.harness import worlds
from benchmarks.speed.night import night_in_own_process
from data_contracts.lake import Lake

NOT_SERVED = ("views", "interactions", "online", "journal")


def copy_published_world(folder: Path, models: Path) -> Path:
    """Copy what a service reads of the medium world; its night is published where it was not."""
    world = worlds.simulated_lake("medium", worlds.TRAINING_SEED)
    if not Lake(world).published_pointer.exists():
        night_in_own_process(world, models)
    lake = folder / "lake"
    shutil.copytree(world, lake, ignore=shutil.ignore_patterns(*NOT_SERVED))
    return lake
