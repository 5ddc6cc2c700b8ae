"""Tiers after one night, by models and by share of operators that cheat."""

from __future__ import annotations

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.end_to_end import DAYS
from benchmarks.harness import worlds
from benchmarks.harness.figures import share_row
from data_contracts.runs import read_outbound
from serving.nightly.pipeline import nightly
from serving.policy.load import load_policy

OTHER_PLATFORM = (
    "Models and their honest reference are of another platform; verdicts of its own mend it."
)
UNUSUAL_OPERATORS = (
    "A review without models takes two evidence groups and eighteen points of anomaly score; "
    "some honest operators are as unusual."
)
GROUPS = {
    "BCD": "Nights: share of honest operators reviewed (B or worse)",
    "D": "Nights: share of honest operators rejected (D)",
}


def night(models: Path | None, lake: Path, who: str, command: str) -> list[dict[str, Any]]:
    """Shares of honest operators reviewed and rejected, and of cheating operators reviewed."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / lake.name
        shutil.copytree(lake, copy, ignore=shutil.ignore_patterns("runs"))
        nightly(copy, worlds.START + timedelta(days=DAYS - 1), models, load_policy())
        tiers = read_outbound(copy, "tier_decisions").set_index("operator_id")["tier"]
    honest, bad = worlds.honest_and_cheats(lake, tiers)
    out = []
    for group, words, which, goal in (
        (honest, "honest operators", "BCD", "<= 0.01"),
        (honest, "honest operators", "D", "<= 0.001"),
        (bad, "operators that cheat", "BCD", None),
    ):
        if not len(group):
            continue
        hits, said = (
            group.isin(list(which)),
            "rejected (D)" if which == "D" else "reviewed (B or worse)",
        )
        id_ = f"{lake.name}-night-{who}-{words}-{which}".replace(" ", "-")
        what = f"A night on {lake.name}, {who}: share of {len(group)} {words} {said}"
        out.append(
            share_row(
                id_,
                what,
                hits,
                command,
                goal,
                why=OTHER_PLATFORM if models else UNUSUAL_OPERATORS,
                group=GROUPS[which] if goal else None,
            )
        )
    return out


def prevalences(models: Path, lake: Path, where: str, command: str) -> list[dict[str, Any]]:
    """Nights by carried models and by none, where another share of operators cheats."""
    return [
        row
        for which, who in ((models, "models of the first simulator"), (None, "no models"))
        for row in night(which, lake, f"{where}, {who}", command)
    ]
