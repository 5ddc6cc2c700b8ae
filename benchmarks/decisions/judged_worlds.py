"""Results of single worlds, kept so that a run that was cut off goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.harness import worlds
from serving.policy.load import load_policy
from training.release.code_version import sources_digest
from training.release.store import champions


@dataclass(frozen=True)
class One:
    """Operators, figures with their truth, and replayed decisions of one world."""

    operators: pd.DataFrame
    figures: pd.DataFrame
    decisions: int
    replayed: int


def result_folder(name: str, models: Path) -> Path:
    """Folder of a world's result; code, policy and models that decide it are in its name."""
    decided_by = [sources_digest(), load_policy().sha256, champions(models)]
    digest = hashlib.sha256(json.dumps(decided_by, sort_keys=True).encode()).hexdigest()[:12]
    return worlds.OUTPUT_FOLDER / "judged" / f"{name}-{digest}"


def read_result(folder: Path) -> One | None:
    """The result of a world; None where it was not judged."""
    if not folder.is_dir():
        return None
    counts = json.loads((folder / "counts.json").read_text("utf-8"))
    frames = (pd.read_parquet(folder / f"{name}.parquet") for name in ("operators", "figures"))
    return One(*frames, **counts)


def keep_result(folder: Path, one: One) -> None:
    """Keep the result of a world; the folder appears when it is whole."""
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    one.operators.to_parquet(partial / "operators.parquet")
    one.figures.to_parquet(partial / "figures.parquet")
    counts = {"decisions": one.decisions, "replayed": one.replayed}
    (partial / "counts.json").write_text(json.dumps(counts), "utf-8")
    partial.rename(folder)
