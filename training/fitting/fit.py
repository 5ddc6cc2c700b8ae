"""Fit a model and its control: evaluate them on the split, calibrate, and fit for release."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from data_contracts.errors import SteelyardError
from features.declaration import OPERATOR, SESSION, VIEW
from training.dataset import splits
from training.dataset.frame import Dataset
from training.dataset.labels import prevalence, row_weights, weights
from training.declaration import Model
from training.estimator.calibration import Calibration, expected_calibration_error, isotonic
from training.estimator.combination import Combination
from training.estimator.conformal import HonestReference, fit_reference
from training.estimator.prior import load_prior
from training.evaluation.metrics import Figure, auroc, average_precision
from training.evaluation.rules_control import rules_score
from training.fitting.cross_fitting import (
    out_of_fold_scores,
    with_soft_labels,
    with_view_labels,
)
from training.fitting.trees import MIN_VERDICTS_PER_CLASS, fit_trees, raw_scores


class TooFewLabels(SteelyardError):
    """There are not enough verdicts to train on."""

    exit_code = 6


@dataclass(frozen=True)
class Fitted:
    """A model ready for release, and what it was fitted and evaluated on.

    Attributes
    ----------
    figures
        Average precision and AUROC of the model and its controls on the later side of the split.
    ece
        Expected calibration error on the rows that were calibrated on.
    counts
        Numbers of rows, verdicts and groups.
    reference
        Reference set of conformal p-values; of models of operators.
    calibrated_on
        Raw scores, truth and weights of the rows that were calibrated on.
    """

    model: Model
    trees: Combination
    no_graph: Combination
    calibration: Calibration
    figures: dict[str, Figure]
    ece: float
    counts: dict[str, float]
    dataset: Dataset
    reference: HonestReference = field(default_factory=HonestReference)
    calibrated_on: dict[str, list[float]] = field(default_factory=dict)

    @property
    def prior_version(self) -> str | None:
        """Version of the prior that it begins from; None for none."""
        prior = load_prior(self.model.name)
        return None if prior is None else prior.version


def fit(model: Model, data: Dataset) -> Fitted:
    """Evaluate on the split, calibrate out of fold, and fit for release on all rows.

    Parameters
    ----------
    model
        The model.
    data
        Its training frame.

    Raises
    ------
    TooFewLabels
        Too few verdicts of a kind have matured.
    """
    levels = verdict_counts(model, data.labels)
    found, cleared = (sum(n[k] for n in levels.values()) for k in (0, 1))
    if min(found, cleared) < MIN_VERDICTS_PER_CLASS:
        taught = ", ".join(f"on {k}s {a} and {b}" for k, (a, b) in sorted(levels.items()))
        raise TooFewLabels(
            f"{model.name}: {found} confirmed and {cleared} cleared verdicts "
            f"have matured ({taught}); {MIN_VERDICTS_PER_CLASS} of each are needed. "
            "Deliver more `outcomes`, or train at a later --until."
        )
    data = (with_view_labels if model.entity == VIEW else with_soft_labels)(model, data)
    split = splits.forward(data.received, data.group)
    figures = _evaluate(model, data, split)
    everything, graphs = np.ones(len(data), dtype=bool), model.graph_columns()
    raw = out_of_fold_scores(model, data)
    known = np.isfinite(raw)
    truth = data.labels["confirmed"].to_numpy()
    target, weight = (
        (data.labels["false"].to_numpy(), row_weights(data.labels))
        if model.entity == VIEW
        else (truth, weights(data.labels))
    )
    calibration = isotonic(raw[known], target[known], weight[known])
    return Fitted(
        model,
        fit_trees(model, data, everything),
        fit_trees(model, data, everything, graphs),
        calibration,
        figures,
        expected_calibration_error(calibration(raw[known]), target[known], weight[known]),
        {
            "rows": len(data),
            "confirmed": found,
            "audited": int(data.labels["audited"].sum()),
            "audited_prevalence": prevalence(data.labels),
            "groups": int(data.group.nunique()),
            "test_rows": int(split.test.sum()),
            "test_confirmed": int(truth[split.test].sum()),
            **{f"verdicts_on_{level}s": float(sum(n)) for level, n in levels.items()},
        },
        data,
        _reference(data, raw) if model.entity == OPERATOR else HonestReference(),
        {
            "raw": raw[known].tolist(),
            "truth": truth[known].astype(float).tolist(),
            "weight": weight[known].tolist(),
        },
    )


def _evaluate(model: Model, data: Dataset, split: splits.Split) -> dict[str, Figure]:
    """Figures of the model, its no-graph control and the rules on later rows of other groups."""
    if data.labels.loc[split.train, "confirmed"].nunique() < 2 or not split.test.any():
        return {}
    truth, group, first = _by_verdict(data.labels, data.group, split.test)
    scores = {"rules_only": rules_score(data.signals[split.test])}
    for name, hidden in (("model", ()), ("no_graph", model.graph_columns())):
        scores[name] = raw_scores(fit_trees(model, data, split.train, hidden), data, split.test)
    figures: dict[str, Figure] = {}
    for name, score in scores.items():
        highest = pd.Series(score).groupby(first).max().to_numpy()
        figures[f"average_precision_{name}"] = average_precision(truth, highest, group)
        figures[f"auroc_{name}"] = auroc(truth, highest, group)
    return figures


def _by_verdict(
    labels: pd.DataFrame, group: pd.Series, rows: np.ndarray
) -> tuple[np.ndarray, pd.Series, np.ndarray]:
    """Truth and group of each verdict, and the number of the verdict of each row of a mask.

    A verdict on the entity stands for itself. Rows of a bag are one verdict: that on the bag.
    """
    mine = labels[rows]
    key = pd.Series(np.arange(len(mine)).astype(str), mine.index, dtype=object)
    if "bag" in mine:
        key = key.where(mine["direct"].to_numpy(dtype=bool), mine["bag"])
    number = pd.factorize(key)[0]
    truth = mine["confirmed"].groupby(number).max().to_numpy()
    return truth, group[rows].groupby(number).first(), number


def verdict_counts(model: Model, labels: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """Confirmed and cleared verdicts by the kind of entity that was judged.

    Views have no verdicts: those on their sessions count, by view.
    """
    level = pd.Series(SESSION if model.entity == VIEW else model.entity, labels.index, dtype=object)
    rows = pd.DataFrame({"level": level, "confirmed": labels["confirmed"].astype(int)})
    if "bag" in labels:
        by_bag = ~labels["direct"].to_numpy(dtype=bool)
        rows["level"] = level.where(~by_bag, labels["bag"].str.partition(":")[0])
        once = ~labels["bag"].where(by_bag).duplicated().to_numpy()
        rows = rows[~by_bag | once]
    counted = rows.groupby("level")["confirmed"].agg(["sum", "size"])
    found = {str(k): (int(s), int(n - s)) for k, s, n in counted.itertuples()}
    return found or {str(level.iloc[0]) if len(level) else model.entity: (0, 0)}


def _reference(data: Dataset, raw: np.ndarray) -> HonestReference:
    """Reference set of a model of operators, from its out-of-fold scores."""
    accused = data.labels.get("accused", data.labels["confirmed"]).to_numpy(dtype=bool)
    audited = data.labels["audited"].to_numpy(dtype=bool)
    return fit_reference(raw, accused, audited, data.entity)
