"""How far the goals on public sets can be reached at all: what an oracle, other learners and fewer labels make of the same data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks.public_sets.estimators import figure, fitted


def yelpchi_oracle(edges: pd.DataFrame, spam: pd.Series, test: np.ndarray) -> dict[str, Any]:
    """Reviewers ranked by the true share of spammers among those who reviewed the same products as often, held-out labels included.

    `edges`: user_id, product_id, each once. No inductive method on these edges can know more of a product than that.
    """
    many = edges.groupby("user_id")["product_id"].transform("size").clip(upper=3)
    truth = edges["user_id"].map(spam)
    share = (
        truth.groupby([edges["product_id"], many])
        .transform("mean")
        .groupby(edges["user_id"])
        .mean()
    )
    return figure(
        "yelpchi-ceiling",
        "YelpChi reviewers, edges only: average precision of an oracle that is told the true share of spammers among the reviewers of each product with as many reviews, held-out labels included (a ceiling)",
        spam.loc[test],
        share.loc[test],
        average_precision_score,
    )


def stars_learners(
    x: pd.DataFrame, fake: pd.Series, train: np.ndarray, test: np.ndarray
) -> list[dict[str, Any]]:
    """The same mixes of activities with half of the labels, with another learner, and where there is more than a handful to go by."""
    few, values = train[: len(train) // 2], x.to_numpy(dtype=float)
    half = fitted(x.iloc[few], fake.iloc[few]).predict(values[test])
    other = ExtraTreesClassifier(400, min_samples_leaf=3, random_state=7).fit(
        values[train], fake.iloc[train]
    )
    mine = fitted(x.iloc[train], fake.iloc[train]).predict(values[test])
    busy = x["total"].to_numpy()[test] > 3
    return [
        figure("stars-actors-half", "GitHub actors, the same with half of the labels: AUROC", fake.iloc[test], half, roc_auc_score),
        figure("stars-actors-extra-trees", "GitHub actors, the same mixes, extremely randomised trees: AUROC", fake.iloc[test], other.predict_proba(values[test])[:, 1], roc_auc_score),
        figure("stars-actors-busy", f"GitHub actors, the same, among the {int(busy.sum())} with more than three events: AUROC", fake.iloc[test][busy], mine[busy], roc_auc_score),
    ]  # fmt: skip
