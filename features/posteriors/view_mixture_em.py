"""EM on the views of one inflated session: what its false views have in common.

The classifier of views knows false views of its training data. Those of one session were mostly
sold by one vendor and resemble one another in ways that it has not seen. The views that it is sure
of teach what the others of their session look like. The method is expectation maximisation over
binned attributes, started from the classifier and combined with it (ADR-0041).

Where it fails: honest viewers of one kind about whom the classifier was mistaken are taken for
false as a whole. False views of two kinds in one session, both unknown to it, stay hidden.

References
----------
Nigam, McCallum, Thrun and Mitchell, Machine Learning 39, 2000: naive Bayes with EM.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.posteriors.view_mixture import MAX_LIKELIHOOD_RATIO

MIN_INFLATED_PROBABILITY = 0.9  # of a session whose views are learnt from
MIN_VIEWS_OF_EACH_KIND = 20.0  # false and honest views expected of it
BINS = 12
PRIOR_VIEWS = 30.0  # by which other sessions count, so that a bin empty here says little
DEPENDENCE_DISCOUNT = 0.5  # attributes overlap: what they say together counts by half (ADR-0102)
EM_ITERATIONS = 5
MAX_LOG_RATIO = np.log(MAX_LIKELIHOOD_RATIO)


@dataclass(frozen=True)
class BinnedAttributes:
    """Binned attributes of views.

    Parameters
    ----------
    codes
        Shape (views, attributes); the codes of each attribute follow those of the one before.
    starts
        First code of each attribute, and the end.
    honest_shares
        Share of honest views with each code, 0 where there are none.
    """

    codes: np.ndarray
    starts: np.ndarray
    honest_shares: np.ndarray


def bin_attributes(values: np.ndarray, honest: np.ndarray) -> BinnedAttributes:
    """Attributes of views, binned by quantiles of honest ones.

    `values` has shape (views, attributes), NaN where not known. `honest` marks the views of
    sessions that are held honest.
    """
    codes = np.empty(values.shape, np.int16)
    starts = [0]
    for j, column in enumerate(values.T):
        known = np.isfinite(column)
        mine = column[known & honest]
        edges = (
            np.unique(np.quantile(mine, np.linspace(0, 1, BINS + 1)[1:-1]))
            if len(mine)
            else np.zeros(0)
        )
        codes[:, j] = starts[-1] + np.where(
            known, np.searchsorted(edges, np.where(known, column, 0.0), side="right") + 1, 0
        )
        starts.append(starts[-1] + len(edges) + 2)
    return BinnedAttributes(
        codes,
        np.array(starts),
        np.bincount(codes[honest].ravel(), minlength=starts[-1]) / max(honest.sum(), 1),
    )


def refine_ratios(
    views: BinnedAttributes,
    ratio: np.ndarray,
    start: np.ndarray,
    posterior: np.ndarray,
    probability: np.ndarray,
) -> np.ndarray:
    """Likelihood ratios of views, updated by the false views of their own session.

    `ratio` and `posterior` have shape (views,), sorted by session; `start` is int64, shape
    (sessions + 1,). `probability` is that of each session, now that its views are known. Ratios of
    a session that is not learnt from stay as they are.
    """
    updated = ratio.copy()
    for s in np.flatnonzero(probability >= MIN_INFLATED_PROBABILITY):
        mine = slice(start[s], start[s + 1])
        if (
            MIN_VIEWS_OF_EACH_KIND
            <= posterior[mine].sum()
            <= len(posterior[mine]) - MIN_VIEWS_OF_EACH_KIND
        ):
            updated[mine] = _learnt(
                views, views.codes[mine], ratio[mine], posterior[mine], probability[s]
            )
    return updated


def _learnt(
    views: BinnedAttributes,
    codes: np.ndarray,
    ratio: np.ndarray,
    false: np.ndarray,
    inflated: float,
) -> np.ndarray:
    width, count = np.diff(views.starts), len(views.starts) - 1

    def frequencies(weight: np.ndarray, before: np.ndarray) -> np.ndarray:
        seen = (
            np.bincount(codes.ravel(), np.repeat(weight, count), views.starts[-1])
            + PRIOR_VIEWS * before
            + 1e-3
        )
        return seen / np.repeat(np.add.reduceat(seen, views.starts[:-1]), width)

    updated = ratio
    for _ in range(EM_ITERATIONS):
        honest = frequencies(1.0 - false, views.honest_shares)
        says = DEPENDENCE_DISCOUNT * np.log(frequencies(false, honest) / honest)[codes].sum(axis=1)
        updated = np.clip(
            ratio * np.exp(np.clip(says, -MAX_LOG_RATIO, MAX_LOG_RATIO)),
            1.0 / MAX_LIKELIHOOD_RATIO,
            MAX_LIKELIHOOD_RATIO,
        )
        share = false.mean()
        false = inflated * share * updated / (share * updated + 1.0 - share)
    return updated
