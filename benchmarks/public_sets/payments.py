"""Payments of S-FFSD, on the published split and forward in time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import train_test_split

from benchmarks.public_sets.estimators import figure, fitted
from benchmarks.public_sets.propagation import SpreadVerdicts


def ffsd_signals(e: pd.DataFrame) -> pd.DataFrame:
    """Signals of each payment from earlier ones: pace, amounts and breadth of its parties."""
    x = pd.DataFrame({"amount": e["Amount"]}, index=e.index)
    for key in ("Source", "Target", "Location", "Type"):
        g = e.groupby(key)
        x[f"{key}_before"] = g.cumcount()
        x[f"{key}_gap"] = g["Time"].diff()
        for w in (3, 10, 30):
            x[f"{key}_mean_{w}"] = g["Amount"].transform(
                lambda s, w=w: s.rolling(w, min_periods=1).mean()
            )
            x[f"{key}_time_{w}"] = e["Time"] - g["Time"].shift(w)
        mean = g["Amount"].cumsum() / (g.cumcount() + 1)
        x[f"{key}_to_mean"] = e["Amount"] / mean.clip(lower=1e-9)
    for a, b in (
        ("Source", "Target"),
        ("Target", "Type"),
        ("Source", "Type"),
        ("Source", "Location"),
        ("Target", "Amount"),
    ):
        x[f"{a}_{b}_before"] = e.groupby([a, b]).cumcount()
    return x


def s_ffsd(data: Path, say: Any) -> list[dict[str, Any]]:
    """Payments on the published random split (40 % held out, seed 2023), and forward in time."""
    say("S-FFSD")
    e = pd.read_parquet(data / "s_ffsd" / "transactions.parquet").reset_index(drop=True)
    x = ffsd_signals(e)
    labels = e.loc[e["Labels"] != 2, "Labels"]
    bucket = (e["Time"] // 500).astype(str)
    keys = {
        "Source": e["Source"],
        "Target": e["Target"],
        "Location": e["Location"],
        "Type": e["Type"],
        "Source_Target": e["Source"] + "|" + e["Target"],
        "Target_Type": e["Target"] + "|" + e["Type"],
        "Target_bucket": e["Target"] + "|" + bucket,
        "Type_bucket": e["Type"] + "|" + bucket,
    }
    out = []
    order = labels.index.to_numpy()
    cut = int(0.6 * len(order))
    splits = {
        "published split": train_test_split(
            order, stratify=labels, test_size=0.4, random_state=2023
        ),
        "forward in time": (order[:cut], order[cut:]),
    }
    for split, (train, test) in splits.items():
        parts = []
        for name, key in keys.items():
            edges = pd.DataFrame({"id": e.index, "key": key})
            spread = SpreadVerdicts(strength=3)
            inside = edges["id"].isin(train)
            out_of_fold = spread.fit_transform(edges[inside], labels.loc[train])
            parts.append(
                pd.concat([out_of_fold, spread.transform(edges[~inside])])
                .sort_index()[["verdicts_mean"]]
                .set_axis([f"verdicts_{name}"], axis=1)
            )
        whole = pd.concat([x, *parts], axis=1)
        for method, columns in (
            ("plain LightGBM on flat signals", list(x.columns)),
            ("with spread verdicts", list(whole.columns)),
        ):
            score = fitted(
                whole.loc[train, columns], labels.loc[train], 500, min_child_samples=20
            ).predict(whole.loc[test, columns].to_numpy(dtype=float))
            mine = method.startswith("with") and split == "published split"
            for measure, name, goal in (
                (roc_auc_score, "AUC", 0.90),
                (average_precision_score, "AP", 0.75),
            ):
                out.append(
                    figure(
                        f"ffsd-{split.split()[0]}-{method.split()[0]}-{name.lower()}",
                        f"S-FFSD, {split}, {method}: {name}"
                        + (
                            " (RGTAN .846 / .694, GTAN .829 / .659 on it)"
                            if split == "published split"
                            else ""
                        ),
                        labels.loc[test],
                        score,
                        measure,
                        goal if mine else None,
                    )
                )
    return out
