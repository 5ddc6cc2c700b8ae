"""Evidence of sessions and orders on their operator: a monotone model of few numbers (ADR-0064).

It reads the log-odds of an operator by its own signals, and summaries of the probabilities of its
sessions and orders. More of each never lowers the result. What a platform does not deliver is
unknown. The model is learned on simulated families and shipped with the prior.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import lightgbm as lgb
import numpy as np
import pandas as pd

from features.declaration import ORDER, SESSION
from training.estimator.log_odds import sigmoid
from training.estimator.tree_kernel import Forest, forest_of

KINDS = (SESSION, ORDER)
SUMMARIES = ("highest", "mean_of_highest", "mean", "probable_share")
SUMMARY_COLUMNS = tuple(f"{kind}_{name}" for kind in KINDS for name in SUMMARIES)
INPUTS = ("own_log_odds", *SUMMARY_COLUMNS)
HIGHEST_ENTITIES = 3  # whose mean log-odds count; one alone may be an error
PROBABLE = 0.5
MIN_PROBABILITY = 1e-4  # probabilities are clipped to this and 1 less this
ROUNDS = 150
FITTING: dict[str, float | int | str | list[int]] = {
    "objective": "binary",
    "num_leaves": 4,
    "learning_rate": 0.05,
    "feature_fraction": 0.5,
    "min_data_in_leaf": 40,
    "lambda_l2": 5.0,
    "monotone_constraints": [1] * len(INPUTS),
    "verbosity": -1,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 7,
    "num_threads": 2,
}


@dataclass(frozen=True)
class EntityEvidence:
    """The model: from an operator's own probability and its entities to its probability."""

    booster: lgb.Booster
    forest: Forest = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "forest", forest_of(self.booster))

    def probability(self, own: np.ndarray, summaries: pd.DataFrame) -> np.ndarray:
        """Probabilities of operators cheating, shape (n,).

        Parameters
        ----------
        own
            Calibrated probabilities by the operators' own signals, shape (n,).
        summaries
            `entity_summaries` of both kinds, in the same order; absent columns are unknown.
        """
        if not len(own):
            return own
        return sigmoid(self.forest.raw(evidence_inputs(own, summaries))[:, 0])


def entity_summaries(kind: str, probability: np.ndarray, owner: pd.Series) -> pd.DataFrame:
    """Summaries of the entities of each owner: index owner, columns of `SUMMARY_COLUMNS`.

    Parameters
    ----------
    kind
        Kind of entity.
    probability
        Of each entity being false, by itself, shape (n,).
    owner
        Operators in the same order; entities without a known one are left out.

    Examples
    --------
    >>> found = entity_summaries("order", np.array([0.5, 0.5]), pd.Series(["a", "a"]))
    >>> found.loc["a"].tolist()
    [0.0, 0.0, 0.0, 0.0]
    """
    rows = pd.DataFrame({"owner": owner.to_numpy(dtype=object), "p": probability}).dropna()
    rows["log_odds"] = _log_odds(rows["p"].to_numpy(dtype=float))
    rows = rows.sort_values("log_odds", ascending=False, kind="stable")
    by_owner = rows.groupby("owner")
    highest = rows[by_owner.cumcount() < HIGHEST_ENTITIES]
    found = (
        by_owner["log_odds"].max(),
        highest.groupby("owner")["log_odds"].mean(),
        by_owner["log_odds"].mean(),
        (rows["p"] > PROBABLE).groupby(rows["owner"]).mean(),
    )
    names = (f"{kind}_{name}" for name in SUMMARIES)
    return pd.DataFrame(dict(zip(names, found, strict=True)), dtype=float)


def evidence_inputs(own: np.ndarray, summaries: pd.DataFrame) -> np.ndarray:
    """Inputs of the model, shape (n, inputs); arguments as of `EntityEvidence.probability`."""
    known = summaries.reindex(columns=list(SUMMARY_COLUMNS)).to_numpy(dtype=float)
    return np.column_stack([_log_odds(own), known])


def fit_entity_evidence(inputs: np.ndarray, truth: np.ndarray, weight: np.ndarray) -> lgb.Booster:
    """Fit the model; arguments of shape (n, inputs), (n,) and (n,)."""
    return lgb.train(FITTING, lgb.Dataset(inputs, truth, weight=weight), num_boost_round=ROUNDS)


def _log_odds(p: np.ndarray) -> np.ndarray:
    clipped = np.clip(p, MIN_PROBABILITY, 1.0 - MIN_PROBABILITY)
    return np.log(clipped / (1.0 - clipped))
