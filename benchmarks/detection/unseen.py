"""Schemes that no verdict ever showed: what is found of them, and how much of them the same signals hold at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import worlds
from benchmarks.detection.taught import AS_OF, by_other, by_truth
from benchmarks.judged import Judgement
from benchmarks.page import row
from features import engine
from features.catalogue import BY_NAME
from simulation.schemes import ENGAGEMENT_SCHEMES, VIEW_SCHEMES
from training.dataset import Dataset, build, tied_operators
from training.fit import consistent, trees_of
from training.models.session_inflation import MODEL as SESSIONS

COMMAND = "make bench-detection"
FALSE_ALARMS = 0.01
FEWEST = 5
SEEDS = (7, 1, 2)  # of trees that never saw a scheme
LEAST = 0.7  # of what the full model finds, that is asked for


def recall(score: pd.Series, here: pd.Index, rivals: pd.Index) -> float:
    """Share of the sessions `here` that score above all but one in a hundred of their rivals."""
    return float((score.loc[here] > score.loc[rivals].quantile(1 - FALSE_ALARMS)).mean())


def best_alone(one: Judgement, here: pd.Index, rivals: pd.Index) -> tuple[str, float]:
    """The one signal that finds most of a scheme by how far it lies from tonight's peers on its suspicious side, and how much it finds.

    Chosen knowing the truth, so that whoever watches for single signals far out, not knowing which, finds less.
    """
    trees = one.released.trees
    assert trees.peers is not None
    side = np.array([BY_NAME[c].direction or 0 for c in trees.columns])
    away = pd.DataFrame(trees.peers.of(one.signals[trees.columns].to_numpy()) * side, index=one.signals.index, columns=trees.columns)
    found = {c: recall(away[c].fillna(-np.inf), here, rivals) for c, s in zip(trees.columns, side, strict=True) if s}
    name = max(found, key=found.__getitem__)
    return name, found[name]


def _ceilings(
    scheme: str, seen: float, told: pd.Series, one: Judgement, here: pd.Index, rivals: pd.Index
) -> tuple[str, list[dict[str, Any]]]:
    """Why a scheme is missed, and rows of what trees that were told everything else find of it and what one signal would, over what is `seen`."""
    most, (signal, alone) = recall(told, here, rivals), best_alone(one, here, rivals)
    why = f"its traces are not those of the other schemes; told everything of the other schemes the same trees reach {most / seen:.2f}, and the signal that finds most of it, chosen knowing the truth, {alone / seen:.2f} (rows below)"
    return why, [
        row(f"unseen-{scheme}-ceiling", f"`{scheme}` never seen: the same, taught by planted truth of all other schemes ({most:.2f} of {seen:.2f}; a ceiling, not released)", most / seen, COMMAND),
        row(f"unseen-{scheme}-one-signal", f"`{scheme}` never seen: the same by `{signal}` alone, which finds most of it ({alone:.2f} of {seen:.2f}; chosen knowing the truth)", alone / seen, COMMAND),
    ]  # fmt: skip


def unseen_schemes(
    clean: pd.Index, honest: pd.Index, planted: pd.DataFrame, one: Judgement, everything: Dataset, say: Any
) -> list[dict[str, Any]]:
    """Recall on each scheme by a model whose training rows have no session with that scheme, over its recall with them: the mean of so many
    models as there are `SEEDS`, with the least and the most, for what one draw of trees finds of a scheme that it never saw is half chance.

    Single views are not asked, with the scheme or without: their model was taught with it.

    False alarms are counted among sessions in which nothing was planted, as in `schemes.goals`; beside it among all `clean` ones, of
    which those with bought orders have brushers' false views. Of a scheme that is missed two ceilings are shown: trees that were told
    `everything` about all other schemes, and the one signal that finds most of this one.
    """
    lake, one = worlds.taught(), replace(one, looked=None)
    score_seen, signals = pd.Series(one.held()[0], index=one.signals.index), one.signals
    data = build(lake, SESSIONS, AS_OF, tied_operators(engine.duckdb_tables(lake, AS_OF)), say)
    truth = worlds.truth(lake, "sessions")
    out = []
    for scheme in VIEW_SCHEMES + ENGAGEMENT_SCHEMES:
        here = planted.index[planted["scheme"] == scheme].intersection(signals.index)
        if len(here) < FEWEST:
            continue
        say(f"without {scheme}")
        with_it = set(truth.loc[truth["scheme"] == scheme, "session_id"])
        kept = consistent(SESSIONS, data, ~data.entity.isin(with_it).to_numpy())
        drawn = [replace(SESSIONS, parameters=SESSIONS.parameters | {"seed": seed}) for seed in SEEDS]
        scores = [by_other(one, trees_of(model, model.columns, data, kept)) for model in drawn]
        ceilings: list[dict[str, Any]] = []
        for name, words, rivals in (("", "", honest), ("-brushed", ", brushed sessions counted as honest", clean)):
            seen, *values = (recall(s, here, rivals) for s in (score_seen, *scores))
            share = float(np.mean(values)) / seen if seen > 0 else float("nan")
            judgement: dict[str, Any] = {"interval": [min(values) / seen, max(values) / seen]} if seen > 0 else {}
            if not name and seen > 0:
                judgement |= {"goal": f">= {LEAST}", "holds": share >= LEAST}
                if share < LEAST:
                    without = ~everything.entity.isin(with_it).to_numpy()
                    judgement["why"], ceilings = _ceilings(scheme, seen, by_truth(one, everything, without), one, here, rivals)
            out.append(row(f"unseen-{scheme}{name}", f"`{scheme}` never seen in training: recall at 1 % false alarms over that of the full model ({np.mean(values):.2f} of {seen:.2f}, {len(here)} sessions; mean of {len(SEEDS)} draws of trees, interval: least to most){words}", share, COMMAND, **judgement))  # fmt: skip
        out += ceilings
    return out
