"""Worlds of a family that taught nothing: product, peers and ceiling by verdicts and tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks.generalisation.learning.left_out_priors import folder_without
from benchmarks.generalisation.verdict_draws import (
    COUNTS,
    dataset_of,
    draw,
    judged_half,
    operators_of,
)
from benchmarks.harness.judgement import rank_scores
from benchmarks.harness.peer_scores import ceiling, flat_lightgbm, unsupervised
from features import catalogue
from features.declaration import OPERATOR
from features.posteriors.owner_pooling import pooled
from serving.scoring.operator_history import evidence_columns, with_evidence
from training.dataset.frame import Dataset
from training.declaration import Model
from training.estimator.combination import MIN_ENTITIES
from training.estimator.log_odds import sigmoid
from training.estimator.prior import Prior, load_prior, prior_in
from training.fitting.trees import (
    MIN_VERDICTS_PER_CLASS,
    fit_trees,
    inputs_of,
    raw_scores,
    without_verdicts,
)
from training.models.registry import BY_NAME
from training.prior.world_frames import WorldFrame

JUDGED_MODELS = ("session_inflation", "order_brushing", "operator_rank")  # operators come last
EVENTS = {"views", "interactions", "accounts", "room_links", "mcns", "boosts", "complaints"}
TRADE = {"orders", "parcels", "refunds", "reviews"}
ROOMS = {"sessions", "room_minutes", "session_totals"}
TABLES: dict[str, set[str]] = {
    "all tables": set(),
    "counters only": EVENTS | TRADE | {"operators"},
    "orders only": EVENTS | ROOMS | {"operators"},
}
MIN_KNOWN_SIGNALS = 5  # fewer are no combination
MIN_POSITIVES = 3  # in the half that is judged
PRODUCT, TREES = "product", "trees alone"
FLAT, CEILING = "flat LightGBM", "ceiling"
UNSUPERVISED = ("IsolationForest", "ECOD")


@dataclass(frozen=True)
class Scored:
    """One kind of entity of a world as a prior left without its family sees it.

    Attributes
    ----------
    frame, model, prior, data
        The entities, the model, its prior and the training frame without labels.
    history
        What sessions and orders say of operators, by `evidence_columns`; None of others.
    """

    frame: WorldFrame
    model: Model
    prior: Prior
    data: Dataset
    history: pd.DataFrame | None

    @property
    def everybody(self) -> np.ndarray:
        """A mask of all rows."""
        return np.ones(len(self.data), dtype=bool)

    def published(self, probability: np.ndarray) -> np.ndarray:
        """Probabilities as a night pools them by operator."""
        if self.history is not None:
            return with_evidence(probability, self.history)
        if self.frame.owner is None:
            return probability
        return pooled(probability, operators_of(self.frame))


def judge_world(frames: list[WorldFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Records of methods on a world, and its entities with their probability without verdicts."""
    records: list[dict[str, Any]] = []
    entities: list[pd.DataFrame] = []
    by_entity = {f.entity: f for f in frames}
    with prior_in(folder_without(frames[0].family)):
        for name, lost in TABLES.items():
            said: list[pd.DataFrame] = []
            for model in (BY_NAME[m] for m in JUDGED_MODELS):
                if model.entity not in by_entity:
                    continue
                frame = by_entity[model.entity].without_tables(lost)
                one = scored(frame, model, said)
                if one is None:
                    continue
                raw, probability = without_labels(one)
                if model.entity != OPERATOR and frame.owner is not None:
                    by_id = pd.Series(probability, frame.signals.index)
                    said.append(evidence_columns(model.entity, by_id, operators_of(frame)))
                place = {"family": frame.family, "world": frame.world, "entity": frame.entity}
                records += [place | {"tables": name} | r for r in judge(one, raw, probability)]
                if not lost:
                    entities.append(entities_of(one, raw, probability).assign(**place))
    judged = pd.concat(entities, ignore_index=True) if entities else pd.DataFrame()
    return pd.DataFrame(records), judged


def scored(frame: WorldFrame, model: Model, said: list[pd.DataFrame]) -> Scored | None:
    """A kind of entity that the prior can score; None for one that too little is known of."""
    prior = load_prior(model.name)
    known = frame.signals.notna().any().sum()
    if prior is None or known < MIN_KNOWN_SIGNALS or len(frame.signals) < MIN_ENTITIES:
        return None
    history = None
    if model.entity == OPERATOR and said:
        history = pd.concat(said, axis=1).reindex(frame.signals.index)
    columns = prior.combination.columns
    data = dataset_of(frame, columns, pd.DataFrame(index=frame.signals.index))
    return Scored(frame, model, prior, data, history)


def without_labels(one: Scored) -> tuple[np.ndarray, np.ndarray]:
    """Raw scores and probabilities by the prior alone."""
    raw = raw_scores(without_verdicts(one.model), one.data, one.everybody)
    return raw, one.prior.calibration(raw)


def judge(one: Scored, raw: np.ndarray, probability: np.ndarray) -> list[dict[str, Any]]:
    """Records of all methods, by number of verdicts, on operators without verdicts."""
    frame, truth, values = one.frame, one.frame.any_fraud, one.data.signals.to_numpy(dtype=float)
    operators = operators_of(frame)
    half = judged_half(operators)
    judged = half & np.isfinite(truth)
    if truth[judged].sum() < MIN_POSITIVES or truth[judged].all():
        return []
    out: list[dict[str, Any]] = []

    def say(method: str, verdicts: int, score: np.ndarray) -> None:
        out.append({"method": method, "verdicts": verdicts} | figures(truth, score, judged))

    say(TREES, 0, raw)
    say(PRODUCT, 0, rank_scores(one.published(probability), raw))
    for method, score in unsupervised(values).items():
        say(method, 0, score)
    say(CEILING, 0, ceiling(inputs_of(one.prior.combination, one.data), truth, operators))
    labels = draw(frame, raw, ~half, seed=int(frame.world.rsplit("-", 1)[-1]))
    one.data.labels[list(labels)] = labels
    for count in COUNTS:
        rows = (labels["place"] < count).to_numpy()
        taught = after_verdicts(one, rows, raw)
        say(TREES, count, taught)
        published = one.published(sigmoid(taught) if taught is not raw else probability)
        say(PRODUCT, count, rank_scores(published, taught))
        say(FLAT, count, flat_lightgbm(values, labels["confirmed"].to_numpy(dtype=float), rows))
    return out


def after_verdicts(one: Scored, rows: np.ndarray, raw: np.ndarray) -> np.ndarray:
    """Raw scores by the prior and the verdicts of some rows; the prior's where they are too few."""
    confirmed = int(one.data.labels.loc[rows, "confirmed"].sum())
    if min(confirmed, int(rows.sum()) - confirmed) < MIN_VERDICTS_PER_CLASS:
        return raw
    return raw_scores(fit_trees(one.model, one.data, rows), one.data, one.everybody)


def figures(truth: np.ndarray, score: np.ndarray, judged: np.ndarray) -> dict[str, float]:
    """Average precision, recall at 1 % false alarms, and the counts behind them."""
    y, s = truth[judged], np.nan_to_num(score[judged], nan=-np.inf)
    s = np.unique(s, return_inverse=True)[1].astype(float)
    return {
        "average_precision": float(average_precision_score(y, s)),
        "recall": float((s[y == 1] > np.quantile(s[y == 0], 0.99)).mean()),
        "positives": int(y.sum()),
        "judged": len(y),
    }


def entities_of(one: Scored, raw: np.ndarray, probability: np.ndarray) -> pd.DataFrame:
    """Entities with truth, operator and probability, and AUROC of score and best signal."""
    truth, published = one.frame.any_fraud, one.published(probability)
    best, name = best_signal(one.frame, truth)
    return pd.DataFrame(
        {
            "entity_id": one.frame.signals.index,
            "operator_id": operators_of(one.frame).to_numpy(),
            "truth": truth,
            "probability": published,
            "auroc": auroc(truth, rank_scores(published, raw)),
            "best_signal_auroc": best,
            "best_signal": name,
        }
    )


def best_signal(frame: WorldFrame, truth: np.ndarray) -> tuple[float, str]:
    """Highest AUROC of a single signal in its declared direction, and its name."""
    found = (0.0, "")
    for signal in catalogue.of_entity(frame.entity):
        if signal.direction and frame.signals[signal.name].notna().any():
            x = signal.direction * frame.signals[signal.name].to_numpy(dtype=float)
            found = max(found, (auroc(truth, np.nan_to_num(x, nan=np.nanmedian(x))), signal.name))
    return found


def auroc(truth: np.ndarray, score: np.ndarray) -> float:
    """Area under the ROC curve over entities of known truth; NaN where one kind is missing."""
    known = np.isfinite(truth)
    if not 0 < truth[known].sum() < known.sum():
        return float("nan")
    return float(roc_auc_score(truth[known], score[known]))
