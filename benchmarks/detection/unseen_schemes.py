"""Recall of schemes that no verdict contained, of sessions and orders, with ceilings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.detection.label_ablation import AS_OF, scores_by_trees, scores_by_truth
from benchmarks.harness import worlds
from benchmarks.harness.figures import row
from benchmarks.harness.intervals import ratio_interval
from benchmarks.harness.judgement import Judgement
from data_contracts.lake import Lake
from features.catalogue import BY_NAME
from features.engine.snapshot import Snapshot
from simulation.schemes import ENGAGEMENT_SCHEMES, ORDER_SCHEMES, VIEW_SCHEMES
from training.dataset.frame import Dataset
from training.dataset.operator_groups import operator_groups
from training.dataset.replay import Replay, replay_dataset
from training.declaration import Model
from training.fitting.trees import fit_trees
from training.models.order_brushing import MODEL as ORDERS
from training.models.session_inflation import MODEL as SESSIONS

COMMAND = "make bench-detection"
FALSE_ALARM_RATE = 0.01
MIN_ENTITIES_PER_SCHEME = 5
SEEDS = (7, 1, 2)  # of trees that never saw a scheme
MIN_RECALL_RATIO = 0.7  # of what the full model finds, that is asked for


def hits(score: pd.Series, here: pd.Index, rivals: pd.Index) -> np.ndarray:
    """Whether entities `here` score above all but one in a hundred of the rivals, shape (here,)."""
    return (score.loc[here] > score.loc[rivals].quantile(1 - FALSE_ALARM_RATE)).to_numpy()


def recall(score: pd.Series, here: pd.Index, rivals: pd.Index) -> float:
    """Share of `hits`."""
    return float(hits(score, here, rivals).mean())


def best_single_signal(one: Judgement, here: pd.Index, rivals: pd.Index) -> tuple[str, np.ndarray]:
    """The single signal whose deviation finds most of a scheme, and its hits.

    It is chosen with the ground truth, so that it is a ceiling.
    """
    trees = one.released.trees
    assert trees.peers is not None
    side = np.array([BY_NAME[c].direction or 0 for c in trees.columns])
    away = pd.DataFrame(
        trees.peers.baseline.deviations(one.signals[trees.columns].to_numpy()) * side,
        index=one.signals.index,
        columns=trees.columns,
    )
    found = {
        c: hits(away[c].fillna(-np.inf), here, rivals)
        for c, s in zip(trees.columns, side, strict=True)
        if s
    }
    name = max(found, key=lambda c: found[c].mean())
    return name, found[name]


def _ceilings(
    scheme: str,
    full: pd.Series,
    best_informed: pd.Series,
    one: Judgement,
    here: pd.Index,
    rivals: pd.Index,
) -> tuple[str, list[dict[str, Any]]]:
    """The reason of a miss, and rows of two ceilings over the recall of the `full` model."""
    known, most, (signal, alone) = (
        hits(full, here, rivals),
        hits(best_informed, here, rivals),
        best_single_signal(one, here, rivals),
    )
    why = f"Its traces are not those of other schemes. With the truth of the other schemes the same trees reach {most.sum() / known.sum():.2f}; the best single signal reaches {alone.sum() / known.sum():.2f}."
    words = {
        "ceiling": (
            most,
            "taught by planted truth of all other schemes",
            "a ceiling, not released",
        ),
        "one-signal": (
            alone,
            f"by `{signal}` alone, which finds most of it",
            "chosen knowing the truth",
        ),
    }
    return why, [
        row(f"unseen-{scheme}-{id_}", f"`{scheme}` never seen: the same, {how} ({found.mean():.2f} of {known.mean():.2f}; {note}; interval over operators)", float(found.sum() / known.sum()), COMMAND, interval=ratio_interval(found, known, one.owner.loc[here]))
        for id_, (found, how, note) in words.items()
    ]  # fmt: skip


def _without(
    scheme: str, truth: pd.DataFrame, data: Dataset, one: Judgement
) -> tuple[list[pd.Series], set[str]]:
    """Scores by trees of each seed that are taught without a scheme, and the entities left out.

    `truth` is of the training world, columns entity and scheme.
    """
    with_it, model = set(truth.loc[truth["scheme"] == scheme, "entity"]), one.released.model
    kept = ~data.entity.isin(with_it).to_numpy()
    drawn = [replace(model, parameters=model.parameters | {"seed": seed}) for seed in SEEDS]
    return [scores_by_trees(one, fit_trees(m, data, kept)) for m in drawn], with_it


def _data(model: Model, say: Any) -> Dataset:
    """Verdicts on the training world."""
    lake = worlds.training_lake()
    groups = operator_groups(Snapshot.open(lake, AS_OF))
    return replay_dataset(Replay(Lake.open(lake), AS_OF, groups, say), model)


GROUP_OF_UNSEEN = "Schemes never seen in training: recall over that of the full model"


def _share(
    name: str, what: str, known: float, values: list[float], n: int, asked: bool
) -> dict[str, Any]:
    """Row of the recall without a scheme over the recall with it (`seen`).

    `asked`: whether the row has a goal.
    """
    share = float(np.mean(values)) / known if known > 0 else float("nan")
    interval = [min(values) / known, max(values) / known] if known > 0 else None
    goal = f">= {MIN_RECALL_RATIO}" if asked and known > 0 else None
    return row(f"unseen-{name}", f"{what} ({np.mean(values):.2f} of {known:.2f}, {n} judged; mean of {len(SEEDS)} draws of trees, interval: least to most)", share, COMMAND, goal, interval, group=GROUP_OF_UNSEEN if goal else None)  # fmt: skip


def unseen_schemes(
    clean: pd.Index,
    honest: pd.Index,
    planted: pd.DataFrame,
    one: Judgement,
    everything: Dataset,
    say: Any,
) -> list[dict[str, Any]]:
    """Recall of each scheme by models that never saw it, over the recall of the full model.

    The value is the mean over `SEEDS`, because one draw of trees is half chance; the interval is
    the least and the most. Single views are left out: their model was taught with all schemes.

    False alarms are counted among sessions in which nothing was planted, and in rows `-brushed`
    among all `clean` ones. A missed scheme has two ceilings: trees taught by the ground truth of
    all other schemes (`everything`), and the best single signal.
    """
    one = replace(one, view_evidence=None)
    score_seen, signals, data = (
        pd.Series(one.scores_and_probabilities()[0], index=one.signals.index),
        one.signals,
        _data(SESSIONS, say),
    )
    truth = worlds.ground_truth(worlds.training_lake(), "sessions").rename(
        columns={"session_id": "entity"}
    )
    out = []
    for scheme in VIEW_SCHEMES + ENGAGEMENT_SCHEMES:
        here = planted.index[planted["scheme"] == scheme].intersection(signals.index)
        if len(here) < MIN_ENTITIES_PER_SCHEME:
            continue
        say(f"without {scheme}")
        scores, with_it = _without(scheme, truth, data, one)
        ceilings: list[dict[str, Any]] = []
        for name, words, rivals in (
            ("", "", honest),
            ("-brushed", ", brushed sessions counted as honest", clean),
        ):
            known, *values = (recall(s, here, rivals) for s in (score_seen, *scores))
            found = _share(f"{scheme}{name}", f"`{scheme}` never seen in training: recall at 1 % false alarms over that of the full model{words}", known, values, len(here), not name)  # fmt: skip
            if found["holds"] is False:
                without = ~everything.entity.isin(with_it).to_numpy()
                found["why"], ceilings = _ceilings(
                    scheme, score_seen, scores_by_truth(one, everything, without), one, here, rivals
                )
            out.append(found)
        out += ceilings
    return out


def unseen_orders(one: Judgement, planted: pd.DataFrame, say: Any) -> list[dict[str, Any]]:
    """Recall of orders of each scheme by models that never saw it.

    Negatives are all orders in which nothing was planted. `planted`: index order_id, column
    scheme.
    """
    score_seen, data = (
        pd.Series(one.scores_and_probabilities()[0], index=one.signals.index),
        _data(ORDERS, say),
    )
    truth = worlds.ground_truth(worlds.training_lake(), "orders").rename(
        columns={"order_id": "entity"}
    )
    honest, out = one.signals.index[one.fraud == 0], []
    for scheme in [*ORDER_SCHEMES, "hostile_brushing"]:
        here = planted.index[planted["scheme"] == scheme].intersection(one.signals.index)
        if len(here) < MIN_ENTITIES_PER_SCHEME:
            continue
        say(f"without {scheme}")
        scores, _ = _without(scheme, truth, data, one)
        known, *values = (recall(s, here, honest) for s in (score_seen, *scores))
        found = _share(scheme, f"`{scheme}` never seen in training: recall of orders at 1 % false alarms over that of the full model", known, values, len(here), True)  # fmt: skip
        if found["holds"] is False:
            signal, alone = best_single_signal(one, here, honest)
            found["why"] = (
                f"Its traces are not those of other schemes. The best single signal, chosen with the truth, reaches {alone.mean() / known:.2f} (`{signal}`)."
            )
        out.append(found)
    return out
