"""The night before, as it was published. A first night has none."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from data_contracts.verification.published_run import PublishedRun
from features.declaration import OPERATOR
from features.former_names import with_current_names
from serving.scoring.score_rows import ANOMALY_MODEL


def previous_decisions(run: PublishedRun | None) -> dict[str, dict[str, Any]]:
    """Decisions of the night before on each operator, as fields of `OperatorEvidence`.

    A tier that a measure raised is left out: the tier without it goes on (ADR-0280).
    """
    if run is None:
        return {}
    frame = run.rows("tier_decisions")
    out = {}
    for row in frame.itertuples(index=False):
        why = json.loads(row.why)
        without_measures = why.get("measure_floor", {"tier": row.tier, "clean": why["clean"]})
        out[row.operator_id] = {
            "previous_tier": without_measures["tier"],
            "previous_risk": None if pd.isna(row.risk) else float(row.risk),
            "previous_model": row.model_version,
            "previous_policy": row.policy_version,
            "clean_nights": without_measures["clean"],
        }
    return out


def previous_signals(run: PublishedRun | None, columns: list[str]) -> pd.DataFrame:
    """Signals of operators: index operator, float64."""
    if run is None:
        return pd.DataFrame(columns=columns)
    rows = run.rows("signals", filters=[("entity_kind", "==", OPERATOR)])
    known = with_current_names("signals", rows)
    wide = known.pivot(index="entity_id", columns="signal", values="value")
    return wide.reindex(columns=columns).astype(float)


def previous_risk(run: PublishedRun | None) -> pd.DataFrame:
    """Risk of operators: index operator; probability (pooled), own_probability."""
    columns = ["entity_id", "probability", "own_probability"]
    if run is None:
        return pd.DataFrame(columns=columns[1:], dtype=float)
    trained = [("entity_kind", "==", OPERATOR), ("model", "!=", ANOMALY_MODEL)]
    return run.rows("scores", filters=trained).reindex(columns=columns).set_index("entity_id")


def previous_policy(run: PublishedRun | None) -> str | None:
    """Text of the policy; None where the run kept none."""
    return None if run is None else run.text("policy.toml")
