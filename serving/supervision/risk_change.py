"""Why an operator's risk moved, and what would move it down a tier: both by asking the models, not by guessing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from data_contracts.lake import Lake
from features.declaration import OPERATOR
from features.posteriors.owner_pooling import moved as moved_risk
from serving.policy.schema import Policy
from serving.scoring.entity_scores import DEVIANCE, Peers
from serving.scoring.nightly_scores import Scored
from training.release.artefact import Released

MOST = 12  # signals that are tried before it is said that no few of them would do


def signals_before(lake: Lake, before: str | None, columns: list[str]) -> pd.DataFrame:
    """Operators' signals as the night before published them: index operator, float64; empty where there was none."""
    if before is None:
        return pd.DataFrame(columns=columns)
    long = pq.read_table(
        lake.run(before) / "signals.parquet", filters=[("entity_kind", "==", OPERATOR)]
    ).to_pandas()
    return (
        long.pivot(index="entity_id", columns="signal", values="value")
        .reindex(columns=columns)
        .astype(float)
    )


def split_of(
    now: pd.DataFrame, before: pd.DataFrame, model: Released, model_before: Released | None
) -> pd.DataFrame:
    """Parts of the change of risk since the night before: index operator; behaviour, data, model (NaN: not known).

    Each night is compared with its own operators, so what peers did is part of behaviour.

    Behaviour: the old model on tonight's values, what became known or unknown left as it was. Data: what becoming known
    or unknown adds under the old model. Model: what the new model adds on tonight's values. They add up to the change
    where the old model is at hand; where it is not, behaviour and data are told by the new one and the model's part is
    unknown.
    """
    both = now.index.intersection(before.index)
    if both.empty:
        return pd.DataFrame(columns=["behaviour", "data", "model"])
    old = model_before or model
    then, old, model = old.among(before), old.among(now), model.among(now)
    x, was = now.loc[both, old.columns], before.loc[both, old.columns]
    changed = x.notna().to_numpy() != was.notna().to_numpy()
    mixed = np.where(changed, was.to_numpy(), x.to_numpy())

    def risk(released: Released, values: np.ndarray) -> np.ndarray:
        return released.probability(released.raw(values))

    start, middle, end = risk(then, was.to_numpy()), risk(old, mixed), risk(old, x.to_numpy())
    new = (
        risk(model, now.loc[both, model.columns].to_numpy()) - end
        if model_before is not None
        else np.full(len(both), np.nan)
    )
    return pd.DataFrame(
        {"behaviour": middle - start, "data": end - middle, "model": new}, index=both
    )


def risk_before(lake: Lake, before: str | None) -> pd.DataFrame:
    """Risk of operators in the night before: index operator; probability, and own_probability by their own signals alone."""
    columns = ["entity_id", "probability", "own_probability"]
    if before is None:
        return pd.DataFrame(columns=columns[1:], dtype=float)
    rows = pq.read_table(
        lake.run(before) / "scores.parquet",
        filters=[("entity_kind", "==", OPERATOR), ("model", "!=", DEVIANCE)],
    )
    return rows.to_pandas().reindex(columns=columns).set_index("entity_id")


def with_shown(split: pd.DataFrame, now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Parts of the change of risk with what sessions and orders showed of an operator added to its behaviour.

    `now`, `before`: index operator; probability and own_probability of both nights.
    """
    owed = [
        (risk["probability"] - risk["own_probability"]).reindex(split.index).fillna(0.0)
        for risk in (now, before)
    ]
    return split.assign(behaviour=split["behaviour"] + owed[0] - owed[1])


def would_move_down(
    operator: str,
    values: np.ndarray,
    model: Released,
    peers: Peers,
    bound: float,
    moved_by: float = 0.0,
) -> dict[str, Any] | None:
    """The fewest leading signals that, at their peers' median, bring an operator's risk below a bound.

    `moved_by`: log-odds by which its sessions and orders move what its own signals say, which are left as they are.
    Greedy: each step takes the signal whose usual value lowers the raw score most. None when `MOST` of them do not.
    The answer is about the model, not a promise: people weigh what the model does not see.
    """
    x = values.astype(float).copy()
    usual = np.array([np.nan if (u := peers.of(operator, c)) is None else u for c in model.columns])
    moved: list[dict[str, Any]] = []
    for _ in range(MOST):
        tries = np.flatnonzero(np.isfinite(usual) & np.isfinite(x) & (x != usual))
        if not len(tries):
            return None
        trial = np.repeat(x[None, :], len(tries), axis=0)
        trial[np.arange(len(tries)), tries] = usual[tries]
        raw = model.raw(trial)
        best = int(np.argmin(raw))
        if raw[best] >= model.raw(x[None, :])[0]:
            return None
        j = tries[best]
        moved.append({"signal": model.columns[j], "value": float(x[j]), "usual": float(usual[j])})
        x[j] = usual[j]
        risk = moved_risk(float(model.probability(raw[best : best + 1])[0]), moved_by)
        if risk < bound:
            return {"below": bound, "risk": risk, "signals": moved}
    return None


def ways_down(
    tiers: pd.Series, operators: Scored, model: Released | None, policy: Policy
) -> dict[str, dict[str, Any]]:
    """For each operator that its risk holds above tier A: what would bring its risk below the tier's bound."""
    if model is None:
        return {}
    signals, moved_by, known = operators.signals, operators.moved_by(), operators.probability()
    bounds = {"B": policy.tiers.B, "C": policy.tiers.C, "D": policy.tiers.D}
    values = signals[model.columns].to_numpy()
    risk = known.reindex(signals.index).to_numpy()
    out = {}
    for i, operator in enumerate(signals.index):
        bound = bounds.get(tiers.get(operator, "A"))
        if bound is None or risk[i] < bound:
            continue
        found = would_move_down(
            operator, values[i], model, operators.peers, bound, float(moved_by.get(operator, 0.0))
        )
        out[operator] = found or {"below": bound, "risk": float(risk[i]), "signals": []}
    return out


def policy_before(lake: Lake, before: str | None) -> str | None:
    """Text of the policy that decided the night before."""
    path = lake.run(str(before)) / "policy.toml"
    return path.read_text("utf-8") if before is not None and path.exists() else None


def as_json(parts: pd.Series | None) -> dict[str, float | None] | None:
    """Parts of a change for a decision's record."""
    if parts is None:
        return None
    return {k: None if not np.isfinite(v) else round(float(v), 9) for k, v in parts.items()}
