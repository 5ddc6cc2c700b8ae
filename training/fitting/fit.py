"""Fit a model and its control: evaluate them on the split, calibrate, and fit for release."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from data_contracts.errors import SteelyardError
from features.declaration import OPERATOR, VIEW
from training.dataset import splits
from training.dataset.frame import Dataset
from training.dataset.labels import prevalence, weights
from training.declaration import Model
from training.estimator.calibration import Calibration, expected_calibration_error, isotonic
from training.estimator.combination import Combination
from training.estimator.conformal import HonestReference, fit_reference
from training.estimator.prior import load_prior
from training.evaluation.metrics import Figure, auroc, average_precision
from training.evaluation.rules_control import rules_score
from training.fitting.cross_fitting import out_of_fold_scores, with_view_labels
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
    found = int(data.labels["confirmed"].sum()) if len(data) else 0
    if min(found, len(data) - found) < MIN_VERDICTS_PER_CLASS:
        raise TooFewLabels(
            f"{model.name}: {found} confirmed and {len(data) - found} cleared verdicts "
            f"have matured; {MIN_VERDICTS_PER_CLASS} of each are needed. "
            "Deliver more `outcomes`, or train at a later --until."
        )
    data = with_view_labels(model, data) if model.entity == VIEW else data
    split = splits.forward(data.received, data.group)
    figures = _evaluate(model, data, split)
    everything, graphs = np.ones(len(data), dtype=bool), model.graph_columns()
    raw = out_of_fold_scores(model, data)
    known = np.isfinite(raw)
    truth = data.labels["confirmed"].to_numpy()
    target, weight = (
        (data.labels["false"].to_numpy(), np.ones(len(data)))
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
    truth = data.labels["confirmed"].to_numpy()[split.test]
    group = data.group[split.test]
    scores = {"rules_only": rules_score(data.signals[split.test])}
    for name, hidden in (("model", ()), ("no_graph", model.graph_columns())):
        scores[name] = raw_scores(fit_trees(model, data, split.train, hidden), data, split.test)
    figures: dict[str, Figure] = {}
    for name, score in scores.items():
        figures[f"average_precision_{name}"] = average_precision(truth, score, group)
        figures[f"auroc_{name}"] = auroc(truth, score, group)
    return figures


def _reference(data: Dataset, raw: np.ndarray) -> HonestReference:
    """Reference set of a model of operators, from its out-of-fold scores."""
    accused = data.labels.get("accused", data.labels["confirmed"]).to_numpy(dtype=bool)
    audited = data.labels["audited"].to_numpy(dtype=bool)
    return fit_reference(raw, accused, audited, data.entity)
