"""Cross-fitting: scores of every row by trees that saw none of its group."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.dataset import splits
from training.dataset.bag_labels import positive_shares
from training.dataset.frame import Dataset
from training.dataset.labels import weights
from training.dataset.view_labels import (
    PRIOR_FALSE_SHARE,
    PRIOR_FALSE_SHARE_OF_OPERATOR,
    impute_view_labels,
)
from training.declaration import Model
from training.estimator.calibration import isotonic
from training.estimator.prior import load_prior
from training.fitting.trees import fit_trees, raw_scores, without_verdicts

BAG_PASSES = 1  # in which trees that learned from the prior's shares give new ones


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

    direct = data.labels["direct"].to_numpy(dtype=bool) if "direct" in data.labels else True
    share = np.where(direct, PRIOR_FALSE_SHARE, PRIOR_FALSE_SHARE_OF_OPERATOR)
    imputed = impute_view_labels(data.labels["confirmed"].to_numpy(), scores, share)
    return replace(data, labels=data.labels.assign(false=imputed))


def with_soft_labels(model: Model, data: Dataset) -> Dataset:
    """Rows of confirmed bags as a positive and a negative copy, weighted by their shares.

    The shares come from the prior, then from trees that learned from those and saw none of the
    row's group. Without a prior, all entities of a bag are alike at first.
    """
    if "bag" not in data.labels or data.labels["direct"].all():
        return data
    entity = data.entity.to_numpy()
    share = positive_shares(_prior_probability(model, data), data.labels, entity)
    for _ in range(BAG_PASSES):
        soft = soft_copies(data, share)
        raw = out_of_fold_scores(model, soft)
        if not np.isfinite(raw).all():
            break
        confirmed = soft.labels["confirmed"].to_numpy()
        probability = isotonic(raw, confirmed, weights(soft.labels))(raw[: len(data)])
        share = positive_shares(probability, data.labels, entity)
    return soft_copies(data, share)


def soft_copies(data: Dataset, share: np.ndarray) -> Dataset:
    """Each row as it is where its share is 0 or 1, else as a negative and a positive copy.

    Parameters
    ----------
    data
        Rows with weights.
    share
        Probability of each row being false, shape (n,).

    Returns
    -------
    Dataset
        The n rows first, in order; then the positive copies.
    """
    split = (share > 0) & (share < 1)
    out = data.take(np.concatenate([np.arange(len(data)), np.flatnonzero(split)]))
    part = np.concatenate([np.where(split, 1.0 - share, 1.0), share[split]])
    confirmed = np.concatenate([np.where(split, 0, share), np.ones(split.sum())]).astype(int)
    weight = out.labels["weight"].to_numpy(dtype=float) * part
    return replace(out, labels=out.labels.assign(confirmed=confirmed, weight=weight))


def _prior_probability(model: Model, data: Dataset) -> np.ndarray:
    """Probabilities by the prior, shape (n,)."""
    prior = load_prior(model.name)
    if prior is None:
        return np.full(len(data), 0.5)
    every = np.ones(len(data), dtype=bool)
    return prior.calibration(raw_scores(without_verdicts(model), data, every))
