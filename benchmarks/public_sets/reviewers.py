"""Reviewers of YelpChi by the edges alone, with an oracle as a ceiling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score
from sklearn.model_selection import train_test_split

from benchmarks.public_sets.estimators import figure, fitted
from benchmarks.public_sets.propagation import SpreadVerdicts


def reviewers(data: Path) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame, np.ndarray, np.ndarray]:
    """Edges of YelpChi, labels and signals of users, and users of both sides of the split.

    The last four signals are verdicts on training users, spread out of fold.
    """
    e = pd.read_parquet(data / "yelpchi_bipartite" / "edges.parquet")
    spam = (e["spam"] == -1).groupby(e["user_id"]).max().astype(int)
    edges = e[["user_id", "product_id"]].drop_duplicates()
    f = edges.assign(
        users=edges.groupby("product_id")["user_id"].transform("size"),
        products=edges.groupby("user_id")["product_id"].transform("size"),
    )
    by_product = f.groupby("product_id")["products"].agg(
        ["mean", "median", lambda s: (s == 1).mean(), lambda s: (s >= 5).mean()]
    )
    by_product.columns = ["reviews", "middle", "single", "heavy"]
    f = f.join(by_product, on="product_id")
    grouped = f.groupby("user_id")
    x = pd.concat(
        [grouped.size().rename("degree")]
        + [
            grouped[c].agg(["mean", "max", "min"]).add_prefix(f"{c}_")
            for c in ("users", "reviews", "middle", "single", "heavy")
        ],
        axis=1,
    )
    train, test = train_test_split(
        x.index.to_numpy(), test_size=0.3, random_state=7, stratify=spam.reindex(x.index)
    )
    spread = SpreadVerdicts()
    out_of_fold = spread.fit_transform(edges[edges["user_id"].isin(train)], spam.loc[train])
    heard = spread.transform(edges[edges["user_id"].isin(test)])
    return edges, spam, x.join(pd.concat([out_of_fold, heard])), train, test


def yelpchi(data: Path, say: Any) -> list[dict[str, Any]]:
    """Reviewers by edges only, split by user."""
    say("YelpChi")
    edges, spam, whole, train, test = reviewers(data)
    out = []
    goal_why = (
        "Nine reviewers in ten have one or two edges. "
        "An oracle that knows the products' true shares stays below the goal too."
    )
    for name, columns, goal in (
        ("degree alone", ["degree"], None),
        ("flat signals of the edges, plain LightGBM", list(whole.columns[:-4]), None),
        ("edges and spread verdicts", list(whole.columns), 0.40),
    ):
        score = fitted(
            whole.loc[train, columns], spam.loc[train], 300, num_leaves=15, min_child_samples=50
        ).predict(whole.loc[test, columns].to_numpy(dtype=float))
        out.append(
            figure(
                f"yelpchi-ap-{name.split()[0]}-{len(columns)}",
                f"YelpChi reviewers, edges only, 30 % of users held out, {name}: average "
                f"precision (prevalence {spam.mean():.3f})",
                spam.loc[test],
                score,
                average_precision_score,
                goal,
                goal_why,
            )
        )
    return [*out, yelpchi_oracle(edges, spam, test)]


def yelpchi_oracle(edges: pd.DataFrame, spam: pd.Series, test: np.ndarray) -> dict[str, Any]:
    """Oracle: reviewers ranked by the true share of spammers of their products.

    `edges`: user_id, product_id, each once. No inductive method on these edges can know more of a
    product than that.
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
        "YelpChi reviewers, edges only: average precision of an oracle that is told the true "
        "share of spammers among the reviewers of each product with as many reviews, held-out "
        "labels included (a ceiling)",
        spam.loc[test],
        share.loc[test],
        average_precision_score,
    )
