"""What each table brings, measured on families left out of the prior: `steelyard doctor` ships it.

Worlds of families that taught nothing are judged by the product without verdicts, once for each
set of tables. A signal that reads a table outside the set is unknown. A gain compares the same
worlds with and without the table, so it is measured on worlds that delivered it. ADR-0263.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.generalisation.learn_prior import progress
from benchmarks.generalisation.learning.left_out_priors import folder_without
from benchmarks.generalisation.left_out import (
    JUDGED_MODELS,
    MIN_POSITIVES,
    figures,
    scored,
    without_labels,
)
from benchmarks.generalisation.verdict_draws import judged_half, operators_of
from benchmarks.generalisation.worlds import JUDGED_SEEDS, frames_of_world, lake_of
from benchmarks.harness.command_line import refuse_arguments
from benchmarks.harness.judgement import rank_scores
from data_contracts.lake import Lake
from features import catalogue
from features.declaration import OPERATOR
from serving.scoring.operator_history import evidence_columns
from simulation.families.registry import FAMILIES, family_named
from training.estimator.prior import prior_in
from training.models.registry import BY_NAME
from training.prior.world_frames import WorldFrame

FOLDER = Path(__file__).resolve().parents[2] / "serving" / "doctor"
# Tables that are measured together, because they are delivered together.
GROUPS = {
    "sessions": ("sessions", "session_totals"),
    "room_minutes": ("room_minutes",),
    "views": ("views",),
    "interactions": ("interactions",),
    "accounts": ("accounts",),
    "orders": ("orders",),
    "after_sales": ("parcels", "refunds", "reviews"),
}
OTHERS = ("operators", "room_links", "mcns", "boosts", "complaints")  # never counted on
NEEDS = {
    "room_minutes": ("sessions",),
    "views": ("sessions", "room_minutes"),  # minutes are made from views
    "interactions": ("sessions",),
    "after_sales": ("orders",),
}
WORKERS = 2
NOTE = ""  # what a reader must know of the priors that were used


def sets_of_tables() -> Iterator[frozenset[str]]:
    """Every set of groups that a platform may deliver."""
    for size in range(1, len(GROUPS) + 1):
        for chosen in itertools.combinations(GROUPS, size):
            found = frozenset(chosen)
            complete = all(set(NEEDS.get(g, ())) <= found for g in found)
            events = found & {"room_minutes", "views", "interactions", "orders"}
            if complete and events:
                yield found


def unknown_signals(entity: str, lost: set[str]) -> list[str]:
    """Signals that cannot be known without some tables.

    Those that are made from everything at once are unknown in every set, the full one too: here
    they were computed with all tables, and would tell of tables that a set does not have.
    """
    out = []
    for signal in catalogue.of_entity(entity):
        needs = signal.source.needs if signal.source else ()
        reads = set(signal.reads).union(*(d.reads for d in needs))
        if reads & lost or any(d.from_all for d in needs):
            out.append(signal.name)
    return out


def delivered_groups(lake: Lake) -> frozenset[str]:
    """The groups of which a lake has a table."""
    names = set(lake.delivered())
    found = {g for g, tables in GROUPS.items() if names & set(tables)}
    if {"sessions", "views"} <= names:
        found.add("room_minutes")
    return frozenset(found)


def judge_tables(work: tuple[str, int]) -> list[dict[str, Any]]:
    """Recall and average precision of a world for each set of tables that it delivered."""
    name, seed = work
    family = family_named(name)
    frames = {f.entity: f for f in frames_of_world(family, seed)}
    has = delivered_groups(Lake.open(lake_of(family, seed)))
    records: list[dict[str, Any]] = []
    with prior_in(folder_without(name)):
        for tables in sets_of_tables():
            if not tables <= has:
                continue
            lost = {t for g, names in GROUPS.items() if g not in tables for t in names}
            lost |= set(OTHERS)
            there = {
                e: f
                for e, f in frames.items()
                if (needs := {"session": "sessions", "order": "orders"}.get(e)) is None
                or needs in tables
            }
            key = {"tables": ",".join(sorted(tables))}
            records += [key | r for r in judge_frames(there, partial(unknown_signals, lost=lost))]
    progress(f"{name}-{seed}: {len(records)} records")
    return records


def judge_frames(
    frames: Mapping[str, WorldFrame], blank: Callable[[str], list[str]]
) -> Iterator[dict[str, Any]]:
    """Recall and average precision of a world without verdicts, by the prior in force.

    Parameters
    ----------
    frames
        Kind of entity → its frame.
    blank
        Signals of a kind of entity that are unknown.
    """
    said: list[pd.DataFrame] = []
    for model in (BY_NAME[m] for m in JUDGED_MODELS):
        if model.entity not in frames:
            continue
        frame = frames[model.entity]
        signals = frame.signals.copy()
        signals[[n for n in blank(model.entity) if n in signals]] = float("nan")
        one = scored(replace(frame, signals=signals), model, said)
        if one is None:
            continue
        raw, probability = without_labels(one)
        if model.entity != OPERATOR and one.frame.owner is not None:
            by_id = pd.Series(probability, one.frame.signals.index)
            said.append(evidence_columns(model.entity, by_id, operators_of(one.frame)))
        truth, half = one.frame.any_fraud, judged_half(operators_of(one.frame))
        judged = half & (truth == truth)
        if truth[judged].sum() < MIN_POSITIVES or truth[judged].all():
            continue
        score = rank_scores(one.published(probability), raw)
        place = {"family": frame.family, "world": frame.world, "entity": model.entity}
        yield place | figures(truth, score, judged)


def summary(records: pd.DataFrame) -> dict[str, Any]:
    """Recall by entity and set of tables, and the gain of each further group; families weigh alike.

    A group comes with the tables that it needs. A gain is the mean over families of the paired difference, with the families and worlds that
    it was measured on.
    """
    keys = ["entity", "tables", "family", "world"]
    recall = records.set_index(keys)["recall"].sort_index()
    out: dict[str, Any] = {}
    for (entity, tables), found in recall.groupby(level=["entity", "tables"]):
        by_world = found.droplevel(["entity", "tables"])
        here = set(str(tables).split(","))
        gains = {}
        for group in GROUPS:
            wider = ",".join(sorted({*here, group, *NEEDS.get(group, ())}))
            if group in here or (entity, wider) not in recall.index.droplevel([2, 3]):
                continue
            more = recall.loc[(entity, wider)]
            paired = (more - by_world).dropna()
            if len(paired):
                by_family = paired.groupby(level="family").mean()
                before = by_world.reindex(paired.index).groupby(level="family").mean()
                gains[group] = {
                    "from": round(float(before.mean()), 3),
                    "gain": round(float(by_family.mean()), 3),
                    "families": len(by_family),
                    "worlds": len(paired),
                }
        by_family = by_world.groupby(level="family").mean()
        out.setdefault(str(entity), {})[str(tables)] = {
            "recall": round(float(by_family.mean()), 3),
            "families": len(by_family),
            "worlds": len(by_world),
            "gains": gains,
        }
    return out


def measure(work: Iterable[tuple[str, int]]) -> pd.DataFrame:
    """Records of all worlds, each in one of two processes."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
        return pd.DataFrame([r for found in pool.map(judge_tables, work) for r in found])


def main() -> None:
    """Measure, and write the table that ships with the product."""
    refuse_arguments(__doc__, "python -m benchmarks.generalisation.table_gains")
    families = [f.name for f in FAMILIES if (folder_without(f.name) / "prior.json").exists()]
    records = measure([(name, seed) for name in families for seed in JUDGED_SEEDS])
    document = {
        "measured": "recall at 1 % false alarms without verdicts, on families left out of the prior",
        "note": NOTE,
        "families": families,
        "groups": GROUPS,
        "needs": NEEDS,
        "entities": summary(records),
    }
    path = FOLDER / "table_gains.json"
    path.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", "utf-8")
    progress(f"{path.name}: {len(records)} records")


if __name__ == "__main__":
    main()
