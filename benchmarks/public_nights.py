"""Nights without models on public sets: rankings and reviews beside what the sets mark."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.harness.figures import row, share_row
from benchmarks.harness.figures_page import Table
from benchmarks.harness.intervals import middle
from data_contracts.adapters import ingest
from data_contracts.runs import read_outbound
from features.declaration import OPERATOR
from serving.nightly.pipeline import nightly
from serving.policy.load import load_policy
from serving.scoring.score_rows import ANOMALY_MODEL

COMMAND = "make bench"
RANKINGS = {"anomaly": "the anomaly score", "prior": "the released prior"}
UNLABELLED = (
    "No labels, so no precision: each reason can be checked in the published counters of the "
    "channel's broadcasts."
)


def shopee(data: Path, folder: Path) -> list[dict[str, Any]]:
    """Precision of each ranking of shops at the number that the contest marks."""
    ingest("shopee-orders", data / "shopee_orders", folder)
    nightly(folder, date(2019, 12, 31), None, load_policy())
    marks = pd.read_csv(data / "shopee_orders" / "rule_labels.csv", dtype=str)
    marked = set("shop-" + marks.loc[marks["rule_users"] != "0", "shop_id"])
    rows = []
    for name, scores in operator_scores(folder).groupby(ranking_of):
        ranking = scores.sort_values("rank")["entity_id"]
        hit = ranking.head(len(marked)).isin(marked).to_numpy()
        draws = np.random.default_rng(7).choice(hit, (1000, len(hit))).mean(axis=1)
        what = f"Shopee by {RANKINGS[name]}: share of marked shops among the first {len(marked)}"
        chance = len(marked) / len(ranking)
        rows.append(
            row(
                f"shopee-precision-{name}",
                f"{what} of {len(ranking)} (chance {chance:.2f})",
                float(hit.mean()),
                COMMAND,
                interval=middle(draws),
            )
        )
    return rows


def operator_scores(folder: Path) -> pd.DataFrame:
    """Published scores of operators, index model."""
    scores = read_outbound(folder, "scores")
    return scores[scores["entity_kind"] == OPERATOR].set_index("model")


def ranking_of(model: str) -> str:
    """Which of the two rankings a model gives."""
    return "anomaly" if model == ANOMALY_MODEL else "prior"


def retail(data: Path, folder: Path) -> list[dict[str, Any]]:
    """Share of honest stores that are put up for review."""
    ingest("retail-baskets", data / "retail_baskets", folder)
    nightly(folder, date(2017, 6, 30), None, load_policy())
    tiers = read_outbound(folder, "tier_decisions")["tier"]
    return [
        share_row(
            "retail-review",
            f"Honest retail baskets: share of {len(tiers)} stores put up for review without labels",
            tiers != "A",
            COMMAND,
        )
    ]


def twitch(data: Path, folder: Path) -> Table:
    """The ten channels that deviate most, with reasons that can be checked in the counters."""
    ingest("twitch-broadcasts", data / "twitch_broadcasts", folder)
    nightly(folder, date(2019, 7, 31), None, load_policy())
    top = operator_scores(folder).loc[ANOMALY_MODEL].sort_values("rank").head(10)
    rows = []
    for r in top.itertuples(index=False):
        reasons = "; ".join(f"{x['en']} ({x['peers']:.2f})" for x in json.loads(r.reasons))
        rows.append([int(r.rank), r.entity_id, round(float(r.score), 1), reasons])
    missing = json.loads(read_outbound(folder, "runs").iloc[0]["tables_missing"])
    note = f"{UNLABELLED} Tables that are unknown there: {', '.join(missing)}."
    title, columns = "Twitch: the ten channels that deviate most", ("rank", "channel", "score")
    return Table(title, note, (*columns, "reasons (median of peers)"), rows)
