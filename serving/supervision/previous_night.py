"""The night before, as it was published. A first night has none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from features.declaration import OPERATOR
from features.former_names import with_current_names
from serving.scoring.score_rows import ANOMALY_MODEL


def previous_decisions(run: Path | None) -> dict[str, dict[str, Any]]:
    """What the night before decided of each operator, as fields of `OperatorEvidence`."""
    if run is None:
        return {}
    frame = pq.read_table(run / "tier_decisions.parquet").to_pandas()
    return {
        row.operator_id: {
            "previous_tier": row.tier,
            "previous_risk": None if pd.isna(row.risk) else float(row.risk),
            "previous_model": row.model_version,
            "previous_policy": row.policy_version,
            "clean_nights": json.loads(row.why)["clean"],
        }
        for row in frame.itertuples(index=False)
    }


def previous_signals(run: Path | None, columns: list[str]) -> pd.DataFrame:
    """Signals of operators: index operator, float64."""
    if run is None:
        return pd.DataFrame(columns=columns)
    rows = pq.read_table(run / "signals.parquet", filters=[("entity_kind", "==", OPERATOR)])
    known = with_current_names("signals", rows.to_pandas())
    wide = known.pivot(index="entity_id", columns="signal", values="value")
    return wide.reindex(columns=columns).astype(float)


def previous_risk(run: Path | None) -> pd.DataFrame:
    """Risk of operators: index operator; probability (pooled), own_probability."""
    columns = ["entity_id", "probability", "own_probability"]
    if run is None:
        return pd.DataFrame(columns=columns[1:], dtype=float)
    rows = pq.read_table(
        run / "scores.parquet",
        filters=[("entity_kind", "==", OPERATOR), ("model", "!=", ANOMALY_MODEL)],
    )
    return rows.to_pandas().reindex(columns=columns).set_index("entity_id")


def previous_policy(run: Path | None) -> str | None:
    """Text of the policy; None where the run kept none."""
    path = None if run is None else run / "policy.toml"
    return path.read_text("utf-8") if path is not None and path.exists() else None
