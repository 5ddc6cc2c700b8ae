"""Imputed labels of views, learnt from verdicts on sessions alone.

A verdict says that a session was inflated, not which of its views are false. A classifier of such
labels calls every view of the session false. Labels are therefore imputed in passes. Views
are scored by boosters that saw none of their group, and a view of a confirmed session is false when
its likelihood ratio makes it more likely than not. The next pass learns from these labels. Views of
cleared sessions stay honest.

Source: multiple-instance learning with imputed instance labels (mi-SVM: Andrews, Tsochantaridis and
Hofmann, NIPS 2002); likelihood ratio of a mixed class (Blanchard, Lee and Scott, JMLR 2010).
`PRIOR_FALSE_SHARE` is fixed, because an estimate for each session diverges: what is peculiar to a
session looks false to a classifier of other sessions. Labels are hard, because the many views that
carry no evidence would teach that ordinary views are slightly false.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from features.posteriors.view_mixture import likelihood_ratio

PRIOR_FALSE_SHARE = 0.3  # of the views of confirmed sessions
PRIOR_FALSE_SHARE_OF_OPERATOR = 0.1  # of the views of confirmed operators
IMPUTATION_PASSES = 2


def impute_view_labels(
    confirmed: np.ndarray,
    out_of_fold: Callable[[np.ndarray], np.ndarray],
    prior_share: np.ndarray | float = PRIOR_FALSE_SHARE,
) -> np.ndarray:
    """Impute the label of each view: 1 for false, 0 for honest.

    Parameters
    ----------
    confirmed
        Verdict of each view's session, 0 or 1, shape (views,).
    out_of_fold
        From labels to log-odds by boosters that did not see the view's group, both of shape
        (views,); NaN where a group cannot be left out.
    prior_share
        Share of the views that is false where the verdict is a confirmation; by view, or of all.

    Returns
    -------
    numpy.ndarray
        Shape (views,). The verdicts of sessions where no labels can be imputed.
    """
    inflated = confirmed == 1
    label = inflated.astype(int)
    for _ in range(IMPUTATION_PASSES):
        raw = out_of_fold(label)
        if not np.isfinite(raw).all():
            return inflated.astype(int)
        ratio = likelihood_ratio(np.exp(np.clip(raw, -20.0, 20.0)), ~inflated)
        label = (inflated & (prior_share * ratio > 1.0 - prior_share)).astype(int)
        if not label.any():
            return inflated.astype(int)
    return label
