"""How far entities lie out without any label: what each signal adds.

Of operators it is how many spreads from peers of a like size (`departures.py`), of orders, most of whose values tie, how rare a value is
(`ranks.py`), and of sessions both: a departure counts so far as it is large and hardly any other session has it, for where one room in
twenty lies ten spreads out, ten spreads say little. Counters by minute count only where nothing is known of single views: what lies out
in them is often honest. Chosen on worlds and markets that no page judges.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from features.catalogue import BY_NAME
from features.declaration import LIVE, OPERATOR, ORDER, POINTS, SESSION
from features.peers.baseline import LESS, Departures, settled, weight_of
from features.peers.tail_probability import rarities

REACHED = 0.3  # what an alarm that is reached adds to a deviance, however usual it is
SIZES = {
    SESSION: ("view_count", "viewers_mean"),
    OPERATOR: ("operator_view_count", "operator_order_count"),
}  # the first that is known


def departed(
    signals: pd.DataFrame,
    entity: str,
    peers: Callable[[list[str], np.ndarray, str | None], Departures] = settled,
    usual: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """How far each value lies from `peers` of a like size among those that are `usual` (None: these), in spreads (`features/peers/baseline.py`)."""
    size = next(
        (c for c in SIZES.get(entity, ()) if c in signals.columns and signals[c].notna().any()),
        None,
    )
    values = signals.to_numpy(dtype=np.float64)
    if not len(signals):
        return signals
    others = values if usual is None else usual[signals.columns].to_numpy(dtype=np.float64)
    return pd.DataFrame(
        peers(list(signals.columns), others, size).of(values),
        index=signals.index,
        columns=signals.columns,
    )


def outlying(signals: pd.DataFrame, away: pd.DataFrame) -> pd.DataFrame:
    """What each signal adds to a deviance, at least 0: by how many spreads it lies `away` on its suspicious side.

    A signal that raises no alarm alone counts half, and an alarm that is reached adds a little whatever the peers do: where most of
    them cheat, nobody lies far out. What is the deviance of an operator's sessions counts as what it is beyond the usual one; that of a
    session itself is what is worked out here.
    """
    out = {}
    for name in signals.columns:
        s = BY_NAME[name]
        if s.unit == POINTS:
            if s.entity == SESSION:
                continue
            out[name] = np.nan_to_num((signals[name] - signals[name].median()).clip(lower=0.0))
        elif s.direction and s.alarm is None:
            out[name] = LESS * weight_of(np.nan_to_num(away[name] * s.direction))
        elif s.alarm is not None:
            beyond = (signals[name] - s.alarm) * s.direction >= 0
            out[name] = weight_of(np.nan_to_num(away[name] * s.direction)) + REACHED * beyond
    return pd.DataFrame(out, index=signals.index)


def points_of(
    signals: pd.DataFrame, entity: str, usual: pd.DataFrame | None = None
) -> pd.DataFrame:
    """What each signal adds to the deviance of each session or order, at least 0; operators' have facts in common (`facts.py`).

    `usual`: signals of those they are compared with (None: these).
    """
    if entity == ORDER:
        return pd.DataFrame(
            rarities(list(signals.columns), signals.to_numpy(dtype=np.float64)),
            signals.index,
            signals.columns,
        )
    away = departed(signals, entity, usual=usual)
    points = outlying(signals, away)
    if points.empty:
        return points
    points = points.mask(_beside_views(signals, points), 0.0)
    among = (
        None
        if usual is None
        else departed(usual[signals.columns], entity)[points.columns].to_numpy()
    )
    return np.sqrt(points * rarities(list(points.columns), away[points.columns].to_numpy(), among))


def _beside_views(signals: pd.DataFrame, points: pd.DataFrame) -> np.ndarray:
    """Where a signal is from counters by minute and something is known of the session's single views, shape of `points`."""
    seen = [
        c for c in signals.columns if BY_NAME[c].source is not None and "views" in BY_NAME[c].reads
    ]
    minutes = np.array([BY_NAME[c].freshness == LIVE for c in points.columns])
    return signals[seen].notna().any(axis=1).to_numpy()[:, None] & minutes
