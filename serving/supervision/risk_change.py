"""Change of an operator's risk since the night before, by counterfactual models (ADR-0028)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from serving.scoring.entity_scores import EntityScores
from serving.scoring.night_context import NightContext
from serving.supervision.previous_night import previous_risk, previous_signals
from training.release.artefact import Released

PARTS = ["behaviour", "data", "model"]


def risk_change(context: NightContext, operators: EntityScores) -> pd.DataFrame:
    """Parts of each operator's change of risk: index operator; behaviour, data, model.

    No rows without a model, and on a first night.
    """
    if operators.release is None:
        return pd.DataFrame(columns=PARTS)
    run = context.previous
    before = previous_signals(run, list(operators.signals.columns))
    parts = split_change(operators.signals, before, operators.release, context.replaced_ranker)
    return with_history(parts, operators.model_rows, previous_risk(run))


def split_change(
    now: pd.DataFrame,
    before: pd.DataFrame,
    model: Released,
    previous_model: Released | None,
) -> pd.DataFrame:
    """Split the change of risk by own signals into three parts that add up to it.

    Each night is compared with its own operators, so the behaviour of peers is part of behaviour.

    Parameters
    ----------
    now, before
        Signals of operators in both nights.
    model
        Tonight's release.
    previous_model
        Release of the night before; None where it is no longer at hand. Then tonight's release
        tells behaviour and data, and the model's part is unknown.

    Returns
    -------
    pd.DataFrame
        Index operator. `behaviour`: the old model on tonight's values, where a signal is known in
        both nights. `data`: what becoming known or unknown adds under the old model. `model`:
        what the new model adds on tonight's values, NaN where not known.
    """
    both = now.index.intersection(before.index)
    if both.empty:
        return pd.DataFrame(columns=PARTS)
    old = previous_model or model
    x, was = now.loc[both, old.columns], before.loc[both, old.columns]
    # tonight, had the same signals been known as in the night before, of peers too
    as_known = now.reindex(columns=list(dict.fromkeys([*now.columns, *old.columns])))
    as_known.loc[both, old.columns] = x.where(x.notna() == was.notna(), was)
    start = _risk(old.rebased_on(before), was.to_numpy())
    middle = _risk(old.rebased_on(as_known), as_known.loc[both, old.columns].to_numpy())
    end, new_now = _risk(old.rebased_on(now), x.to_numpy()), model.rebased_on(now)
    by_model = (
        _risk(new_now, now.loc[both, model.columns].to_numpy()) - end
        if previous_model is not None
        else np.full(len(both), np.nan)
    )
    return pd.DataFrame(
        {"behaviour": middle - start, "data": end - middle, "model": by_model}, index=both
    )


def with_history(parts: pd.DataFrame, now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Add the change of what sessions and orders say of an operator to its behaviour.

    Parameters
    ----------
    parts
        Parts of the change by own signals.
    now, before
        Index operator; probability (pooled) and own_probability of both nights.
    """
    by_history = [
        (risk["probability"] - risk["own_probability"]).reindex(parts.index).fillna(0.0)
        for risk in (now, before)
    ]
    return parts.assign(behaviour=parts["behaviour"] + by_history[0] - by_history[1])


def change_json(parts: pd.Series) -> dict[str, float | None]:
    """Parts of a change as a decision publishes them; None for unknown."""
    return {k: None if not np.isfinite(v) else round(float(v), 9) for k, v in parts.items()}


def _risk(released: Released, values: np.ndarray) -> np.ndarray:
    return released.probability(released.raw(values))
