"""What sets the false views of one inflated session apart from the others of that session.

The classifier of views knows false views as they were where it was taught. Those of one session were mostly sold by one vendor and are alike
in ways that it has not met: so the views that it is sure of teach what the others of their session look like. It is expectation
maximisation over attributes counted off in bins, started from the classifier and combined with it (Nigam, McCallum, Thrun and Mitchell,
Machine Learning 39, 2000: naive Bayes with EM). Attributes tell much the same of a view, so what they say together counts by half.

Where it fails: honest people of one kind among whom the classifier was mistaken are taken for false as a whole, and false views of two kinds
in one session of which the classifier knows neither stay hidden.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.posteriors.view_mixture import MAX_LIKELIHOOD_RATIO

MIN_INFLATED_PROBABILITY = (
    0.9  # probability from which a session is held inflated surely enough to learn from its views
)
MIN_VIEWS_OF_EACH_KIND = 20.0  # false and honest views that a session is expected to have, below which it teaches nothing
BINS = 12
PRIOR_VIEWS = 30.0  # views by which what is usual in other sessions counts, so that a bin that is empty here says little
DEPENDENCE_DISCOUNT = 0.5  # of what attributes say together; .15 to 1 find .90 to .96 of the false views of a market (.84 without) at a precision of .967 to .983 (.934)
EM_ITERATIONS = 5
MAX_LOG_RATIO = np.log(MAX_LIKELIHOOD_RATIO)


@dataclass(frozen=True)
class BinnedAttributes:
    """Attributes of views counted off: `codes` (views, attributes), each attribute's after those of the one before; `starts`, where each
    attribute's begin, and the end; `usual`, the share of honest views that have each code, 0 where there are none."""

    codes: np.ndarray
    starts: np.ndarray
    usual: np.ndarray


def bin_attributes(values: np.ndarray, honest: np.ndarray) -> BinnedAttributes:
    """Attributes of views counted off by quantiles of honest ones.

    `values`: (views, attributes), NaN where not known; `honest`: (views,), whether its session is held honest.
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
    """Likelihood ratios of views, moved by how like each is to those of its session that are false; where a session teaches nothing, as they are.

    `ratio`, `posterior`: (views,) sorted by session, by the classifier and by accounts' other views; `start`: int64 (sessions + 1,);
    `probability`: (sessions,) of each having been inflated now that its views are known.
    """
    moved = ratio.copy()
    for s in np.flatnonzero(probability >= MIN_INFLATED_PROBABILITY):
        mine = slice(start[s], start[s + 1])
        if (
            MIN_VIEWS_OF_EACH_KIND
            <= posterior[mine].sum()
            <= len(posterior[mine]) - MIN_VIEWS_OF_EACH_KIND
        ):
            moved[mine] = _learnt(
                views, views.codes[mine], ratio[mine], posterior[mine], probability[s]
            )
    return moved


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

    moved = ratio
    for _ in range(EM_ITERATIONS):
        honest = frequencies(1.0 - false, views.usual)
        says = DEPENDENCE_DISCOUNT * np.log(frequencies(false, honest) / honest)[codes].sum(axis=1)
        moved = np.clip(
            ratio * np.exp(np.clip(says, -MAX_LOG_RATIO, MAX_LOG_RATIO)),
            1.0 / MAX_LIKELIHOOD_RATIO,
            MAX_LIKELIHOOD_RATIO,
        )
        share = false.mean()
        false = inflated * share * moved / (share * moved + 1.0 - share)
    return moved
