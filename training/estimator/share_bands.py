"""Bands of a score with the interval of the false share in each, as families left out show it.

An interval is conformal by band (Mondrian, Vovk et al. 2005): its ends lie as far from the
predicted share as the truth did in that band. `certainty` is how often the band's interval held
(ADR-0063).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

TAKEN_FROM = 1.0  # scores of totals from which something is taken; below it nothing is
NOTHING = -1.0  # offset that leaves no share


@dataclass(frozen=True)
class ShareBands:
    """Offsets from a predicted share to the estimate and the ends of its interval.

    Parameters
    ----------
    edges
        Scores that separate bands, ascending; one fewer than bands.
    low, middle, high
        Offset of each band to the least, the estimated and the largest share.
    certainty
        Share of the truth that lay within the interval of each band.

    Examples
    --------
    >>> bands = ShareBands((0.5,), (-1.0, -0.1), (-1.0, 0.0), (-1.0, 0.1), (0.99, 0.9))
    >>> bands.of(np.array([0.2, 0.7]), np.array([0.3, 0.3])).round(2).values.tolist()
    [[0.0, 0.0, 0.0, 0.99], [0.3, 0.2, 0.4, 0.9]]
    """

    edges: tuple[float, ...]
    low: tuple[float, ...]
    middle: tuple[float, ...]
    high: tuple[float, ...]
    certainty: tuple[float, ...]

    def of(self, score: np.ndarray, share: np.ndarray) -> pd.DataFrame:
        """Share, low, high and certainty of entities; zeros and NaN where a score is NaN.

        Parameters
        ----------
        score
            What bands are made of, shape (n,).
        share
            Predicted shares, shape (n,), 0 to 1.
        """
        known = np.isfinite(score)
        band = np.searchsorted(self.edges, np.where(known, score, 0.0), side="right")
        middle, low, high = (
            np.where(known, np.clip(share + np.array(offset)[band], 0.0, 1.0), 0.0)
            for offset in (self.middle, self.low, self.high)
        )
        return pd.DataFrame(
            {
                "share": middle,
                "low": np.minimum(low, middle),
                "high": np.maximum(high, middle),
                "certainty": np.where(known, np.array(self.certainty)[band], np.nan),
            }
        )

    def as_json(self) -> dict[str, Any]:
        """Numbers that `from_json` reads again."""
        return {name: list(numbers) for name, numbers in asdict(self).items()}


def from_json(given: dict[str, Any]) -> ShareBands:
    """Bands as `ShareBands.as_json` wrote them."""
    return ShareBands(**{name: tuple(numbers) for name, numbers in given.items()})


def total_score(taken: np.ndarray, possible: np.ndarray) -> np.ndarray:
    """Score of totals, shape (n,): from `TAKEN_FROM` on by what is taken, else by what may be.

    Parameters
    ----------
    taken
        Share that the estimates of the parts take, shape (n,).
    possible
        Share that is possible at most, or expected, shape (n,).
    """
    return np.where(taken > 0.0, TAKEN_FROM + taken, np.minimum(possible, TAKEN_FROM - 1e-9))
