"""Of which facts signals tell, and signals of one fact weighed against it: what a night ranks by without labels.

Nine signals tell of few buyers with many orders: added up they would outweigh all else, and the furthest of them alone ranks shops coarsely,
for most stand at the same small numbers. So points of signals of one fact are added up and divided by the root of their number: as many
independent ones would spread by that much. Chosen on worlds and markets that no page judges; on Shopee's shops, where bursts are all that is
known, the furthest alone ranked .75, the sum .90 and this .87. That one reseller who orders a dozen times is one fact, and viewers abroad
another, was found on a platform written for it: of its 182 honest operators 8 had two facts or more and 18 points, and 3 since, of 38 that
cheat 16 and 15; on markets 31 to 33 1 of 1,247 as before, and 138 and 137 of 238.

Where hardly anybody cheats, operators are alike to the last view, and by their spreads alone four accounts in ten thousand would lie
further out than a farm does where there are farms. So no spread is taken for smaller than what matters (`least_spread`).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from features.catalogue import BY_NAME
from features.declaration import OPERATOR
from features.peers import anomaly_score
from features.peers.baseline import LESS

STEPS, SHARE = (
    500.0,
    0.0005,
)  # spreads from what is usual to an alarm, at most; the least spread of a share that has none


def points_of(
    signals: pd.DataFrame, entity: str, usual: pd.DataFrame | None = None
) -> pd.DataFrame:
    """What each signal adds to the deviance of each entity, at least 0, as `deviance.points_of` says for sessions and orders, no two
    signals of which tell of one fact. `usual`: signals of those they are compared with (None: these).
    """
    if entity != OPERATOR:
        return anomaly_score.points_of(signals, entity, usual)
    return weighed(
        anomaly_score.outlying(signals, _departed(signals, usual)), signals.notna().any()
    )


def _departed(signals: pd.DataFrame, usual: pd.DataFrame | None = None) -> pd.DataFrame:
    """Departures of operators from peers of a like size, none of a spread that is too small to matter."""
    away = anomaly_score.departed(signals, OPERATOR, usual=usual)
    middle = (signals if usual is None else usual[signals.columns]).median()
    least = pd.Series({name: least_spread(name, middle[name]) for name in signals.columns})
    most = (signals - middle).abs() / least.where(least > 0.0)
    return away.clip(-most, most).where(most.notna(), away)


def least_spread(name: str, usual: float) -> float:
    """The least spread of a signal whose `usual` value is known, in its unit; 0 where none is declared."""
    s = BY_NAME[name]
    if s.direction and s.alarm is not None:
        return abs(s.alarm - usual) / STEPS
    return SHARE if s.unit.startswith("share of") else 0.0


def weighed(points: pd.DataFrame, known: pd.Series) -> pd.DataFrame:
    """Points over the root of how many signals that are `known` of anybody tell of the same fact."""
    facts = pd.Series({name: fact_of(name) for name in points.columns}, dtype=object)
    many = facts[
        known.reindex(points.columns, fill_value=False).to_numpy(dtype=bool)
    ].value_counts()
    return points / np.sqrt(facts.map(many).fillna(1.0).to_numpy(dtype=float))


def fact_of(name: str) -> str:
    """Evidence group of a signal."""
    return BY_NAME[name].evidence_group


def furthest(points: np.ndarray, columns: tuple[str, ...]) -> np.ndarray:
    """Points of the signal that lies furthest out of each fact, the first of those that tie, and nought of the others, shape (n, signals).

    A signal that raises no alarm alone counts less, as in a deviance.
    """
    weights, groups = _weights_and_groups(columns)
    out = points * weights
    for group in groups:
        mine = out[:, group]
        out[:, group] = np.where(np.arange(len(group)) == mine.argmax(axis=1)[:, None], mine, 0.0)
    return out


@cache
def _weights_and_groups(columns: tuple[str, ...]) -> tuple[np.ndarray, list[np.ndarray]]:
    """What each signal counts, and which signals tell of one fact, where more than one does."""
    facts = pd.Series([fact_of(c) for c in columns], dtype=object)
    groups = [g.index.to_numpy() for _, g in facts.groupby(facts, sort=False) if len(g) > 1]
    return np.array([LESS if BY_NAME[c].alarm is None else 1.0 for c in columns]), groups


def facts_far(signals: pd.DataFrame, far: float) -> pd.Series:
    """Facts of which a signal lies `far` spreads or more from its peers on its suspicious side, by operator."""
    away = _departed(signals)
    found: dict[str, pd.Series] = {}
    for name in signals.columns:
        if BY_NAME[name].direction:
            beyond, fact = away[name] * BY_NAME[name].direction >= far, fact_of(name)
            found[fact] = found[fact] | beyond if fact in found else beyond
    return sum((f.astype(int) for f in found.values()), start=pd.Series(0, index=signals.index))
