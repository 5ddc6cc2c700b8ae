"""How suspicious honest entities look to a model that never saw them: the yardstick of conformal selection.

Source: conformal p-values for outliers (Bates, Candès, Lei, Romano and Sesia, Annals of Statistics 2023). The scores are out of
fold, one of each entity (the newest), from the random audit where that cleared enough of them, else from all that were cleared:
those were looked at because they seemed suspicious, which makes the yardstick stricter on the model, not on the operator. Whoever
has a confirmed verdict, were it one of fifty, is no example of honesty.

Nobody looks at everything, so that some of those never accused cheat, and look it: two in a hundred of them made a share of one in a
hundred mean none in four hundred. Each therefore counts by the probability that it is honest, which follows from how often what looks
like it was accused and from how often cheats are (learning from positive and unlabelled examples: Elkan and Noto, KDD 2008, their
weights and an upper bound for their constant). That is taken from the quarter of the accused that look worst, among whom all but none
are honest, at the upper quartile of what it may be, since a share that is too large only makes examples of honesty out of cheats.

Scores of another platform lie elsewhere: where hardly anybody cheats, peers are so alike that the oddest honest ones score higher. So a
night's scores are first moved and narrowed to have the median and upper quartile of the yardstick, each entity counted by the
probability that it is honest, and never so that anybody looks worse by it (empirical null: Efron, JASA 2004).

Where it fails: honest entities of a kind that a model takes for the worst of all. Were they one in ten there, nobody could tell them
from cheats that nobody caught; what keeps those from harm is the policy's other conditions and an appeal, whose verdict teaches.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.stats import beta

from training.estimator.calibration import isotonic

ENOUGH = 50  # audited honest entities below which those cleared by patrols are taken in
WORST = 0.75  # of the accused, by score, those above which all are taken for cheats
CAUTION = 0.75  # quantile of the posterior of how many cheats are accused


@dataclass(frozen=True)
class Honest:
    """Raw scores of entities of which nothing was ever confirmed, sorted, and the probability that each is honest; both of shape (n,)."""

    raw: np.ndarray = field(default_factory=lambda: np.zeros(0))
    weight: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def at_home(self, raw: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Scores of a night as they would be where this yardstick is from, at most what they are, shape (n,).

        `weight`: the probability that each is honest. Fewer than `ENOUGH` tell nothing of their platform, and stay as they are.
        """
        if len(raw) < ENOUGH or not len(self.raw):
            return raw
        (here, upper), (home, over) = (
            _middle(x, w) for x, w in ((raw, weight), (self.raw, self.weight))
        )
        wider = max((upper - here) / max(over - home, 1e-9), 1.0)
        return np.minimum(raw, home + (raw - here) / wider)

    def above(self, raw: np.ndarray) -> np.ndarray:
        """How many honest ones are expected to look at least as suspicious as each of the scores, shape (n,)."""
        beyond = np.concatenate([np.cumsum(self.weight[::-1])[::-1], [0.0]])
        return beyond[np.searchsorted(self.raw, raw, side="left")]

    def p_value(self, raw: np.ndarray) -> np.ndarray:
        """Share of honest entities that look at least as suspicious, the entity itself counted among them; NaN where none is known.

        Never below 1 / (honest + 1): a small yardstick cannot say that something is very rare.
        """
        if not len(self.raw):
            return np.full(len(raw), np.nan)
        # weights that are added up one by one may come to a last digit more than their sum, and a night with a share above one is refused
        return np.minimum((1.0 + self.above(raw)) / (self.weight.sum() + 1.0), 1.0)

    def rarest(self, raw: np.ndarray) -> np.ndarray:
        """Whether each looks as suspicious as at most one honest one in a hundred or more that are known, or as none of fewer; mask (n,)."""
        return self.above(raw) <= (1.0 if self.weight.sum() >= 2 * ENOUGH else 0.0)


def _middle(raw: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Median and upper quartile of scores that count by a weight."""
    found = np.quantile(raw, [0.5, 0.75], weights=np.maximum(weight, 1e-9), method="inverted_cdf")
    return float(found[0]), float(found[1])


def honest_examples(
    raw: np.ndarray, accused: np.ndarray, audited: np.ndarray, entity: pd.Series
) -> Honest:
    """Entities of which nothing was ever confirmed, one score each; none where none is known.

    Arrays of shape (rows,): raw scores, whether anything was `accused` with success or `audited` in the row's night, and whose row it is.
    """
    frame = pd.DataFrame({"raw": raw, "audited": audited, "entity": entity.to_numpy()})
    guilty = set(frame.loc[accused.astype(bool), "entity"])
    frame = frame[np.isfinite(frame["raw"])]
    fair = frame[frame["audited"].astype(bool)]
    if len(set(fair["entity"]) - guilty) < ENOUGH:
        fair = frame
    newest = fair.groupby("entity")["raw"].last().sort_values(kind="stable")
    found = newest.index.isin(guilty)
    score = newest.to_numpy(dtype=np.float64)
    return Honest(score[~found], 1.0 - _cheating(score, found)[~found])


def _cheating(score: np.ndarray, accused: np.ndarray) -> np.ndarray:
    """Probability that each entity cheats although nobody accused it, shape (n,), from the scores of all and which were accused."""
    if not accused.any():
        return np.zeros(len(score))
    alike = isotonic(score, accused.astype(float), np.ones(len(score)))(score)
    worst = accused[score >= np.quantile(score[accused], WORST)]
    caught = 1.0 if worst.all() else float(beta.ppf(CAUTION, worst.sum() + 1.0, (~worst).sum()))
    return np.minimum((1.0 - caught) / caught * alike / np.maximum(1.0 - alike, 1e-12), 1.0)
