"""Cross-fitting: scores of every row by trees that saw none of its group."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.dataset import splits
from training.dataset.frame import Dataset
from training.dataset.view_labels import impute_view_labels
from training.declaration import Model
from training.fitting.trees import fit_trees, raw_scores


def out_of_fold_scores(model: Model, data: Dataset) -> np.ndarray:
    """Raw scores of every row by trees that saw none of its group, shape (n,).

    NaN for the rows of a fold whose other folds hold one kind of verdict only.
    """
    fold, raw = splits.folds(data.group), np.full(len(data), np.nan)
    for k in np.unique(fold):
        mine = fold == k
        if data.labels.loc[~mine, "confirmed"].nunique() == 2:
            raw[mine] = raw_scores(fit_trees(model, data, ~mine), data, mine)
    return raw


def with_view_labels(model: Model, data: Dataset) -> Dataset:
    """Rows of a model of views, with the imputed label `false` and their session's verdict."""

    def scores(label: np.ndarray) -> np.ndarray:
        labelled = replace(data, labels=data.labels.assign(false=label))
        return out_of_fold_scores(model, labelled)

    imputed = impute_view_labels(data.labels["confirmed"].to_numpy(), scores)
    return replace(data, labels=data.labels.assign(false=imputed))
