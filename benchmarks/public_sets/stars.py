"""Fake stars of GitHub: lockstep groups, dense blocks, and actors by their activities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from benchmarks.harness.figures import row, share_row
from benchmarks.public_sets.estimators import COMMAND, figure, fitted
from features.graphs.dense_blocks import DenseBlocks
from features.graphs.lockstep import Lockstep


def stars(data: Path, say: Any) -> list[dict[str, Any]]:
    """Lockstep groups and blocks in timed events, and in the same events with shuffled times."""
    say("GitHub stars")
    folder = data / "github_stars"
    e = pd.read_parquet(folder / "fake_star_events.parquet")
    e["at"] = e["starred_at"].dt.tz_localize(None).astype("datetime64[s]").astype("int64")
    cut = e["at"].quantile(0.5)
    out = []
    shuffled = e.assign(at=np.random.default_rng(7).permutation(e["at"].to_numpy()))
    for name, events in (("real times", e), ("times shuffled: chance", shuffled)):
        groups = Lockstep(window=86400, least=3, null="popularity").fit(
            events[["actor", "repo", "at"]]
        )
        members = (
            set().union(*(set(g.members) for g in groups.groups_)) if groups.groups_ else set()
        )
        several = events.groupby("actor")["repo"].nunique()
        able = several[several >= 3].index
        out.append(
            share_row(
                f"stars-lockstep-{name.split()[0]}",
                f"GitHub fake-star events, {name}: share of the {len(able)} actors with three "
                f"repositories or more that are in one of {len(groups.groups_)} lockstep groups "
                "(a day, three repositories)",
                able.isin(list(members)),
                COMMAND,
            )
        )
    early, late = e[e["at"] <= cut], e[e["at"] > cut]
    groups = Lockstep(window=86400, least=3, null="popularity").fit(early[["actor", "repo", "at"]])
    members = set().union(*(set(g.members) for g in groups.groups_)) if groups.groups_ else set()
    again = set(late["actor"])
    others = set(early["actor"]) - members
    out.append(
        share_row(
            "stars-lockstep-time-split",
            f"GitHub: of {len(members)} members of lockstep groups found before "
            f"{pd.Timestamp(cut, unit='s').date()}, share with further fake stars after (of the "
            f"other {len(others)} actors: {np.mean([a in again for a in others]):.3f})",
            [a in again for a in sorted(members)],
            COMMAND,
        )
    )
    blocks = DenseBlocks(n_blocks=5).fit(e[["actor", "repo"]]).blocks_
    out.append(
        row(
            "stars-blocks",
            "GitHub fake-star events: dense blocks of actors by repositories whose evidence "
            "outweighs the choice (up to 5 are looked for)",
            len(blocks),
            COMMAND,
        )
    )
    a = pd.read_parquet(folder / "actor_events.parquet").drop_duplicates("actor")
    counts = a.drop(columns=["actor", "fake"]).fillna(0.0)
    total = counts.sum(axis=1)
    x = pd.concat(
        [
            counts,
            counts.div(total, axis=0).add_suffix("_share"),
            total.rename("total"),
            (counts > 0).sum(axis=1).rename("kinds"),
        ],
        axis=1,
    )
    train, test = train_test_split(
        np.arange(len(a)), test_size=0.3, random_state=7, stratify=a["fake"]
    )
    score = fitted(x.iloc[train], a["fake"].iloc[train]).predict(x.iloc[test].to_numpy(dtype=float))
    why = (
        "The set dates only fake stars, so an actor is judged by its mix of activities. "
        "Half of the fakes have one event; the ceiling seems to be about .90."
    )
    out.append(
        figure(
            "stars-actors-auroc",
            "GitHub actors by their mix of activities, 30 % held out: AUROC",
            a["fake"].iloc[test],
            score,
            roc_auc_score,
            0.95,
            why,
        )
    )
    return out + stars_learners(x, a["fake"], train, test)


def stars_learners(
    x: pd.DataFrame, fake: pd.Series, train: np.ndarray, test: np.ndarray
) -> list[dict[str, Any]]:
    """Ceilings: half of the labels, another learner, and actors with more than three events."""
    few, values = train[: len(train) // 2], x.to_numpy(dtype=float)
    half = fitted(x.iloc[few], fake.iloc[few]).predict(values[test])
    other = ExtraTreesClassifier(400, min_samples_leaf=3, random_state=7).fit(
        values[train], fake.iloc[train]
    )
    mine = fitted(x.iloc[train], fake.iloc[train]).predict(values[test])
    busy = x["total"].to_numpy()[test] > 3
    return [
        figure(
            "stars-actors-half",
            "GitHub actors, the same with half of the labels: AUROC",
            fake.iloc[test],
            half,
            roc_auc_score,
        ),
        figure(
            "stars-actors-extra-trees",
            "GitHub actors, the same mixes, extremely randomised trees: AUROC",
            fake.iloc[test],
            other.predict_proba(values[test])[:, 1],
            roc_auc_score,
        ),
        figure(
            "stars-actors-busy",
            f"GitHub actors, the same, among the {int(busy.sum())} with "
            "more than three events: AUROC",
            fake.iloc[test][busy],
            mine[busy],
            roc_auc_score,
        ),
    ]
