"""Which views of confirmed sessions are the false ones, learnt from verdicts on sessions alone.

A verdict says that a session was inflated, not which of its views are false. Taught so, a classifier calls every view of such a
session false and learns the session by heart. Here the labels are purified in passes: views are scored by boosters that saw none
of their group, a view of a confirmed session is false when its likelihood ratio says so more likely than not, and the next
pass learns from that. Views of cleared sessions stay honest.

Source: multiple-instance learning with the instance labels imputed (mi-SVM: Andrews, Tsochantaridis and Hofmann, NIPS 2002); the
likelihood ratio of a mixed class as in Blanchard, Lee and Scott (JMLR 2010). `PRIOR` is held fixed: estimated by session it runs
away, since what is peculiar to a session looks false to a classifier of other sessions. Labels are hard: kept as
probabilities, the many views that say nothing teach the classifier that ordinary views are a little false.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from features.posteriors.view_mixture import likelihood_ratio

PRIOR = 0.3  # false views among those of confirmed sessions, before looking at them
PASSES = 2


def false_views(
    confirmed: np.ndarray, out_of_fold: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Label of each view, 1 when it is taken for false, shape (views,); 0 throughout cleared sessions.

    `confirmed`: 0 or 1, of each view's session. `out_of_fold`: from labels to log-odds by boosters that did not see the
    view's group, both of shape (views,); NaN where a group cannot be left out, and then the verdicts of sessions are the labels.
    """
    inflated = confirmed == 1
    label = inflated.astype(int)
    for _ in range(PASSES):
        raw = out_of_fold(label)
        if not np.isfinite(raw).all():
            return inflated.astype(int)
        ratio = likelihood_ratio(np.exp(np.clip(raw, -20.0, 20.0)), ~inflated)
        label = (inflated & (PRIOR * ratio > 1.0 - PRIOR)).astype(int)
        if not label.any():
            return inflated.astype(int)
    return label
