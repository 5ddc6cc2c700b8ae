"""Worlds of all families with their frames, kept between runs in an ignored folder."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks.harness.worlds import OUTPUT_FOLDER
from features import catalogue
from features.declaration import OPERATOR, ORDER, SESSION
from simulation.families.registry import FAMILIES, Family, truth_folder
from training.prior.world_frames import TYPOLOGIES, WorldFrame, frames_of, read_frame

TEACHING_SEEDS = (1, 2, 3)
JUDGED_SEEDS = (11, 12, 13)  # of families left out; they teach nothing anywhere
# Its operators are a handful of rooms, or windows that stand for operators (ADR-0193).
NO_TEACHERS = {OPERATOR: ("watched_rooms",)}
JUDGED_ENTITIES = (SESSION, ORDER, OPERATOR)


def lake_of(family: Family, seed: int) -> Path:
    """Lake of a world, written when absent; its truth lies beside it."""
    lake = OUTPUT_FOLDER / "families" / f"{family.name}-{seed}"
    done = truth_folder(lake) / "world.json"
    if not done.exists():
        shutil.rmtree(lake, ignore_errors=True)
        shutil.rmtree(truth_folder(lake), ignore_errors=True)
        family.write(lake, truth_folder(lake), seed)
    return lake


def frames_of_world(family: Family, seed: int) -> list[WorldFrame]:
    """Frames of a world, computed when the catalogue has changed."""
    kinds = JUDGED_ENTITIES if seed in JUDGED_SEEDS else tuple(TYPOLOGIES)
    lake = lake_of(family, seed)
    folder = OUTPUT_FOLDER / "frames" / catalogue.digest()[:12] / lake.name
    if not (folder / "done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for frame in frames_of(lake, truth_folder(lake), family.name, kinds):
            frame.write(folder / f"{frame.entity}.parquet")
        (folder / "done").touch()
    return [read_frame(p) for p in sorted(folder.glob("*.parquet"))]


def frames(seeds: Iterable[int], entities: Iterable[str] = TYPOLOGIES) -> list[WorldFrame]:
    """Frames of some kinds of entities, of all families with some seeds."""
    wanted, out = set(entities), []
    for family in FAMILIES:
        for seed in seeds:
            out += [f for f in frames_of_world(family, seed) if f.entity in wanted]
    return out


def teaching(given: Iterable[WorldFrame], entity: str) -> list[WorldFrame]:
    """The frames of one kind of entity that teach a prior."""
    return [f for f in given if f.entity == entity and f.family not in NO_TEACHERS.get(entity, ())]


def main() -> None:
    """Write all worlds with their frames, which takes longest, before anything is measured."""
    for seed in (*TEACHING_SEEDS, *JUDGED_SEEDS):
        for family in FAMILIES:
            frames_of_world(family, seed)
            sys.stderr.write(f"{family.name}-{seed}\n")


if __name__ == "__main__":
    main()
