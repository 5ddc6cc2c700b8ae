"""The random audit: sessions drawn by chance every night, and estimates from their verdicts.

Patrols look where scores are high, so their verdicts cannot show what scores miss. A sample with
known inclusion probabilities can: each verdict weighs one over its probability (Horvitz and
Thompson, JASA 1952).
"""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import numpy as np
import pandas as pd
import pyarrow.dataset as pads

from data_contracts.contract import contract
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.runs import published_runs
from data_contracts.verification.published_run import PublishedRun
from features.declaration import SESSION
from features.engine.snapshot import Snapshot
from serving.policy.schema import AuditPolicy, Policy
from serving.scoring.entity_scores import EntityScores
from serving.scoring.scope import nights_before

NIGHT = timedelta(days=1)
BOOTSTRAP_DRAWS = 400  # bootstrap draws over operators
COLUMNS = ["entity_kind", "entity_id", "operator_id", "stratum"]
COLUMNS += ["drawn_with", "probability", "tier"]
VERDICT_COLUMNS = ["operator_id", "confirmed", "weight", "probability", "tier", "new"]
VERDICT_COLUMNS += ["small", "region"]


def _uniform_of(run_id: str, entity: str) -> float:
    """A number between 0 and 1 that nobody can choose: a digest of run and entity."""
    return int(hashlib.sha256(f"{run_id}|{entity}".encode()).hexdigest()[:13], 16) / 16**13


def inclusion_probabilities(rank: np.ndarray, wanted: int) -> np.ndarray:
    """Inclusion probability of each entity.

    Half of the places are drawn evenly, half in proportion to one over the rank.
    """
    if not len(rank):
        return np.zeros(0)
    steep = 1.0 / rank
    return np.minimum(1.0, 0.5 * wanted / len(rank) + 0.5 * wanted * steep / steep.sum())


def draw_audit_sample(
    tables: Snapshot,
    scored: dict[str, EntityScores],
    decisions: pd.DataFrame,
    run_id: str,
    policy: AuditPolicy,
) -> pd.DataFrame:
    """Sessions of the night for the audit.

    Rows of the contract `audit_sample` without the columns that stamp the run.
    """
    if SESSION not in scored or "sessions" not in tables or scored[SESSION].signals.empty:
        return pd.DataFrame(columns=COLUMNS)
    s = scored[SESSION]
    rows = s.model_rows.sort_index()
    drawn_with = inclusion_probabilities(rows["rank"].to_numpy(dtype=float), policy.sessions)
    chosen = np.array([_uniform_of(run_id, e) for e in rows.index]) < drawn_with
    sample = rows[chosen]
    t = tables["sessions"].select("session_id", "operator_id", "category")
    known = (
        t.filter(t.session_id.isin(list(sample.index)))
        .to_pandas()
        .set_index("session_id")
        .reindex(sample.index)
    )
    tier = decisions.set_index("operator_id")["tier"]
    return pd.DataFrame(
        {
            "entity_kind": SESSION,
            "entity_id": sample.index,
            "operator_id": known["operator_id"].to_numpy(),
            "stratum": known["category"].fillna("unknown").to_numpy(),
            "drawn_with": drawn_with[chosen],
            "probability": sample["probability"].to_numpy(),
            "tier": known["operator_id"].map(tier).to_numpy(),
        }
    )


def audited_verdicts(
    outcomes: pd.DataFrame, owner: pd.Series, nights: list[PublishedRun]
) -> pd.DataFrame:
    """Verdicts of the random audit on sessions of published nights.

    Audits that others drew weigh 1 each. They are left out as soon as there are verdicts on our own
    sample.

    Parameters
    ----------
    outcomes
        All verdicts.
    owner
        Session → operator.
    nights
        Runs of the nights, newest first.

    Returns
    -------
    DataFrame
        Index session; columns operator_id, confirmed, weight, probability, tier, new (bool), small
        (bool), region, drawn (bool: by our own sample).
    """
    audited = outcomes[
        (outcomes["entity_kind"] == SESSION) & (outcomes["source"] == "random_audit")
    ]
    latest = audited.sort_values(["entity_id", "decided_at"]).groupby("entity_id")["verdict"].last()
    parts = []
    for run in nights:
        scores = run.rows("scores", filters=[("entity_kind", "==", SESSION)])
        trained = scores[scores["model"] != "deviance"].set_index("entity_id")["probability"]
        d = run.rows("tier_decisions").set_index("operator_id")
        sample = run.rows("audit_sample").set_index("entity_id")["drawn_with"]
        seen = trained.index.intersection(latest.index)
        who = owner.reindex(seen)
        visits = d["component_visits"]
        parts.append(
            pd.DataFrame(
                {
                    "operator_id": who.to_numpy(),
                    "confirmed": (latest.reindex(seen) == "confirmed").to_numpy(),
                    "weight": (1.0 / sample.reindex(seen)).to_numpy(dtype=float),
                    "probability": trained.reindex(seen).to_numpy(dtype=float),
                    "tier": who.map(d["tier"]).to_numpy(),
                    "new": who.map(d["cold_start"]).fillna(True).to_numpy(dtype=bool),
                    "small": (who.map(visits) < 0.5).to_numpy(dtype=bool),
                    "region": who.map(d["why"])
                    .map(
                        lambda w: (
                            json.loads(w)["stratum"].partition("|")[0] if isinstance(w, str) else ""
                        )
                    )
                    .to_numpy(),
                },
                index=seen,
            )
        )
    frame = pd.concat(parts) if parts else pd.DataFrame(columns=VERDICT_COLUMNS)
    frame = frame[~frame.index.duplicated()].assign(drawn=lambda f: f["weight"].notna())
    own = frame[frame["drawn"]]
    return own if len(own) else frame.assign(weight=1.0)


def _accuracy(f: pd.DataFrame, review: float) -> dict[str, float]:
    weight, guilty = f["weight"].to_numpy(), f["confirmed"].to_numpy(dtype=bool)
    flagged, strict = f["probability"].to_numpy() >= review, f["tier"].isin(["C", "D"]).to_numpy()

    def share(of: np.ndarray, within: np.ndarray) -> float:
        total = weight[within].sum()
        return float(weight[of & within].sum() / total) if total > 0 else float("nan")

    gap = np.nan
    if len(f):
        bins = np.minimum((f["probability"].fillna(0).to_numpy() * 10).astype(int), 9)
        gap = sum(
            weight[bins == b].sum()
            * abs(
                np.average(guilty[bins == b], weights=weight[bins == b])
                - np.average(f["probability"].to_numpy()[bins == b], weights=weight[bins == b])
            )
            for b in np.unique(bins)
        ) / weight.sum()  # fmt: skip
    return {
        "recall": share(flagged, guilty),
        "false_alarm": share(flagged, ~guilty),
        "recall_by_tier": share(strict, guilty),
        "false_accusation": share(strict, ~guilty),
        "calibration_error": float(gap),
    }


def estimates(verdicts: pd.DataFrame, review: float, least: int = 20) -> pd.DataFrame:
    """Recall, false alarms, false accusations and calibration error of sessions, by group.

    Groups: all, small (below the median of visits), new, and each region with at least `least`
    verdicts. A false accusation is an honest session whose operator is in C or D.

    Returns
    -------
    DataFrame
        Columns group, figure, value, low, high (90 %, bootstrap over operators), verdicts,
        confirmed.
    """
    groups = {
        "all": verdicts,
        "small": verdicts[verdicts["small"].astype(bool)],
        "new": verdicts[verdicts["new"].astype(bool)],
    }
    groups |= {f"region {r}": g for r, g in verdicts.groupby("region") if len(g) >= least}
    rows = []
    for name, f in groups.items():
        if f.empty:
            continue
        point = _accuracy(f, review)
        rng, names = np.random.default_rng(0), f["operator_id"].astype(str)
        by_operator = [g for _, g in f.groupby(names)]
        draws, n = BOOTSTRAP_DRAWS if len(f) >= least else 0, len(by_operator)
        drawn = [
            _accuracy(pd.concat([by_operator[i] for i in rng.integers(0, n, n)]), review)
            for _ in range(draws)
        ]
        for figure, value in point.items():
            spread = np.array([d[figure] for d in drawn])
            spread = spread[np.isfinite(spread)]
            low, high = (
                np.quantile(spread, [0.05, 0.95])
                if len(spread) > BOOTSTRAP_DRAWS / 2
                else (np.nan, np.nan)
            )
            rows.append([name, figure, value, low, high, len(f), int(f["confirmed"].sum())])
    return pd.DataFrame(
        rows, columns=["group", "figure", "value", "low", "high", "verdicts", "confirmed"]
    )


def audit_estimates(lake: LakeOrFolder, policy: Policy) -> pd.DataFrame:
    """Estimates over all published nights of a lake, from its outcomes."""
    lake = Lake.open(lake)
    published = published_runs(lake)
    nights = nights_before(lake, published[max(published)]) if published else []
    return estimates(
        audited_verdicts(
            _read_whole_table(lake, "outcomes"),
            _read_whole_table(lake, "sessions")
            .drop_duplicates("session_id")
            .set_index("session_id")["operator_id"],
            nights,
        ),
        policy.boost.review,
    )


def _read_whole_table(lake: Lake, name: str) -> pd.DataFrame:
    files = lake.files(name)
    columns = [c.name for c in contract(name).columns]
    return (
        pads.dataset([str(f) for f in files]).to_table().to_pandas()
        if files
        else pd.DataFrame(columns=columns)
    )
