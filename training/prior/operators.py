"""Learning of how sessions and orders speak of their operator, on families left out (ADR-0064)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from features.declaration import ORDER, SESSION
from features.posteriors.owner_pooling import operator_history, pool_owners
from training.estimator.calibration import expected_calibration_error
from training.estimator.entity_evidence import (
    SUMMARY_COLUMNS,
    EntityEvidence,
    entity_summaries,
    evidence_inputs,
    fit_entity_evidence,
)
from training.prior.learn import Learned

MODEL_OF = {SESSION: "session_inflation", ORDER: "order_brushing"}
OPERATOR_MODEL = "operator_rank"
LOST_KIND_WEIGHT = 0.3  # of copies of a world without its sessions, or without its orders


@dataclass(frozen=True)
class LearnedEvidence:
    """The fitted booster, and what is measured of it on families left out.

    `figures` has average precision and calibration error of operators by their own signals
    (`own`), pooled by rule (`pooled`), and by the model (`learned`).
    """

    booster: lgb.Booster
    figures: dict[str, float]


def learn_entity_evidence(learned: Mapping[str, Learned]) -> LearnedEvidence | None:
    """Learn from scores that each family has by trees of other families.

    None where no operators were learned, or they are of one family.
    """
    rows = operator_rows(learned)
    if rows.empty or rows["family"].nunique() < 2:
        return None
    truth = rows["truth"].to_numpy()
    raw = np.full(len(rows), np.nan)
    for family in rows["family"].unique():
        out = (rows["family"] == family).to_numpy()
        model = EntityEvidence(fit_evidence(rows[~out]))
        raw[out] = model.probability(rows["own"].to_numpy()[out], rows[out])
    found = {"own": rows["own"].to_numpy(), "pooled": rows["pooled"].to_numpy(), "learned": raw}
    figures = {}
    for name, p in found.items():
        figures[f"average_precision_{name}"] = _average_precision(rows, p)
        figures[f"calibration_error_{name}"] = expected_calibration_error(
            p, truth, rows["weight"].to_numpy()
        )
    return LearnedEvidence(fit_evidence(rows), figures)


def operator_rows(learned: Mapping[str, Learned]) -> pd.DataFrame:
    """Operators of all worlds: family, world, truth, weight, own, pooled and summaries.

    Families weigh the same.
    """
    if OPERATOR_MODEL not in learned:
        return pd.DataFrame(columns=["family"])
    parts = []
    for world, mine in probabilities(learned[OPERATOR_MODEL]).groupby("world", sort=False):
        mine = mine.set_index("entity_id").rename(columns={"probability": "own"})
        history = {}
        for kind, name in MODEL_OF.items():
            if name not in learned:
                continue
            theirs = probabilities(learned[name])
            theirs = theirs[theirs["world"] == world].reset_index(drop=True)
            if len(theirs):
                p = theirs["probability"].to_numpy()
                mine = mine.join(entity_summaries(kind, p, theirs["owner"]))
                history[kind] = operator_history(p, theirs["owner"])["log_odds"]
        own = mine["own"].to_numpy()
        mine["pooled"] = (
            pool_owners(own, pd.DataFrame(history).reindex(mine.index).to_numpy(dtype=float))
            if history
            else own
        )
        parts.append(mine)
    rows = pd.concat(parts).reset_index(names="entity_id")
    rows = rows[rows["truth"].notna()].reset_index(drop=True)
    rows = rows.reindex(columns=[*dict.fromkeys([*rows.columns, *SUMMARY_COLUMNS])])
    worlds = rows.groupby("family")["world"].transform("nunique")
    weight = 1.0 / (rows.groupby("world")["world"].transform("size") * worlds)
    return rows.assign(weight=weight / weight.mean())


def probabilities(learned: Learned) -> pd.DataFrame:
    """Scores of entities of complete worlds, with calibrated probabilities."""
    return learned.scores.assign(
        probability=learned.calibration(learned.scores["raw"].to_numpy(dtype=float))
    )


def fit_evidence(rows: pd.DataFrame) -> lgb.Booster:
    """Fit on worlds as they are, and on copies without sessions or without orders."""
    copies = [rows]
    for kind in MODEL_OF:
        lost = {c: np.nan for c in SUMMARY_COLUMNS if c.startswith(kind)}
        copies.append(rows.assign(**lost, weight=rows["weight"] * LOST_KIND_WEIGHT))
    every = pd.concat(copies)
    inputs = evidence_inputs(every["own"].to_numpy(), every)
    return fit_entity_evidence(inputs, every["truth"].to_numpy(), every["weight"].to_numpy())


def _average_precision(rows: pd.DataFrame, score: np.ndarray) -> float:
    """Mean over families of the mean over worlds in which somebody cheats."""
    found = [
        (part["family"].iloc[0], average_precision_score(part["truth"], score[part.index]))
        for _, part in rows.groupby("world")
        if (part["truth"] == 1).any()
    ]
    return float(
        pd.DataFrame(found, columns=["family", "ap"]).groupby("family")["ap"].mean().mean()
    )
