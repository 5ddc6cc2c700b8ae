"""Cross-fitting: scores of every row by trees that saw none of its group, and what they decide."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.dataset import splits
from training.dataset.distillation import SoftLabelled
from training.dataset.frame import Dataset
from training.dataset.view_labels import impute_view_labels
from training.declaration import Model
from training.estimator.log_odds import sigmoid
from training.fitting.trees import fit_trees, raw_scores


def out_of_fold_scores(
    model: Model,
    columns: list[str],
    data: Dataset,
    consistent: np.ndarray | None = None,
    unlabelled: SoftLabelled | None = None,
) -> np.ndarray:
    """Raw scores of every row by trees that saw none of its group, shape (n,).

    Parameters
    ----------
    model, columns, data
        As for `fit_trees`.
    consistent
        Mask of the rows to learn from; all when none is given.
    unlabelled
        Rows with soft labels to learn from as well, but for those of the groups left out.

    Returns
    -------
    numpy.ndarray
        NaN for the rows of a fold whose other folds hold one kind of verdict only.
    """
    fold, raw = splits.folds(data.group), np.full(len(data), np.nan)
    for k in np.unique(fold):
        mine = fold == k
        rows = ~mine if consistent is None else ~mine & consistent
        if data.labels.loc[rows, "confirmed"].nunique() == 2:
            others = unlabelled and unlabelled.without_groups(set(data.group[mine]))
            raw[mine] = raw_scores(fit_trees(model, columns, data, rows, others), data, mine)
    return raw


def consistent_labels(model: Model, data: Dataset, rows: np.ndarray) -> np.ndarray:
    """Mask of the rows whose verdict trees of other groups do not contradict (ADR-0032).

    A verdict is contradicted where those trees are as sure of its opposite as they are on average
    where the opposite was found (confident learning: Northcutt, Jiang and Chuang, JAIR 2021). Such
    a row is not learnt from; it is still evaluated and calibrated on. Trees are asked without the
    logit floor, which would keep them from clearing.
    """
    if not model.drop_contradicted_labels or data.labels.loc[rows, "confirmed"].nunique() < 2:
        return rows
    raw = out_of_fold_scores(replace(model, logit_floor=None), model.columns, data, rows)
    found = data.labels["confirmed"].to_numpy() == 1
    p = np.where(np.isfinite(raw), sigmoid(raw), found)
    sure, cleared = p[rows & found].mean(), (1.0 - p[rows & ~found]).mean()
    return rows & ~np.where(found, 1.0 - p >= cleared, p >= sure)


def with_view_labels(model: Model, data: Dataset) -> Dataset:
    """Rows of a model of views, with the imputed label `false` and their session's verdict."""

    def scores(label: np.ndarray) -> np.ndarray:
        return out_of_fold_scores(
            model, model.columns, replace(data, labels=data.labels.assign(false=label))
        )

    imputed = impute_view_labels(data.labels["confirmed"].to_numpy(), scores)
    return replace(data, labels=data.labels.assign(false=imputed))
