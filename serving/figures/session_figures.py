"""Corrected figures of sessions: views, unique viewers, likes and follows.

A figure has false parts or it has none. Its true value is therefore a mixture: as counted with one
probability, less with the other. The interval leaves out 5 % on either side. Where an atom (nothing
or everything false) is itself probable, the end lies on the atom and `certainty` is higher.

Of likes, follows and mere counters only the suspicious share is known: the largest excess over
peers of the signals that measure a share of that figure and reach their alarm.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.catalogue import BY_NAME
from features.units import Unit
from serving.scoring.peer_medians import PeerMedians

TAIL = 0.05  # probability that an interval leaves out on either side
COLUMNS = [
    "entity_kind",
    "entity_id",
    "measure",
    "unit",
    "counted",
    "estimate",
    "low",
    "high",
    "certainty",
    "basis",
]
OF_VIEWS = (Unit.SHARE_OF_VIEWS, Unit.SHARE_OF_JOINS)
# Units of the signals that measure a false share of each figure.
UNITS_OF = {
    "views": OF_VIEWS,
    "unique_viewers": OF_VIEWS,
    "likes": (Unit.SHARE_OF_LIKES,),
    "follows": (Unit.SHARE_OF_FOLLOWS,),
}
# A scheme may inflate one kind of engagement without the others.
ENGAGEMENT_KINDS = ("likes", "comments", "follows")


def suspicious_share(
    signals: pd.DataFrame, peers: PeerMedians, units: tuple[Unit, ...]
) -> pd.Series:
    """Largest excess over peers among a session's alarming signals of some units.

    Returns
    -------
    pd.Series
        Index session; 0 to 1, 0 where no signal alarms.
    """
    best = pd.Series(0.0, index=signals.index)
    for name in signals.columns:
        s = BY_NAME[name]
        if s.unit not in units or s.alarm is None or s.direction <= 0:
            continue
        x = signals[name]
        medians = [peers.median(e, name) or 0.0 for e in signals.index]
        excess = x - pd.Series(medians, index=signals.index)
        best = np.maximum(best, excess.where(x >= s.alarm, 0.0).fillna(0.0))
    return best.clip(0.0, 1.0)


def false_share(probability: pd.Series, suspicious: pd.Series) -> pd.DataFrame:
    """False share of a figure that has false parts with some probability.

    If it has, the share lies anywhere between the suspicious one and 1: signals measure only what
    stands out. The interval reaches 1 whenever false parts are likely, because false follows are
    mostly all there are.

    Parameters
    ----------
    probability
        Probability of false parts; NaN where no model gave one.
    suspicious
        Suspicious share, same index.

    Returns
    -------
    pd.DataFrame
        Same index; share, low, high, certainty.
    """
    q, least = probability.to_numpy(dtype=float), suspicious.to_numpy(dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        lower = np.where(q > 1.0 - TAIL, least + (1.0 - least) * (TAIL - (1.0 - q)) / q, 0.0)
    upper = np.where(q > TAIL, 1.0, 0.0)
    certainty = np.where(q <= TAIL, 1.0 - q, np.where(q <= 1.0 - TAIL, 1.0, 1.0 - TAIL))
    certainty = np.where(np.isnan(q), np.nan, certainty)
    return pd.DataFrame(
        {"share": q * (least + 1.0) / 2.0, "low": lower, "high": upper, "certainty": certainty},
        index=probability.index,
    )


def session_figures(
    signals: pd.DataFrame,
    counted: pd.DataFrame,
    probability: pd.Series,
    peers: PeerMedians,
    *,
    view_shares: pd.DataFrame | None = None,
    brushed_views: pd.DataFrame | None = None,
    engagement: pd.Series | None = None,
) -> pd.DataFrame:
    """Corrected views, unique viewers, likes and follows of sessions.

    Parameters
    ----------
    signals
        Signals of sessions.
    counted
        Index session; one column a measure, and `basis`.
    probability
        Probability of inflation. Where it is NaN nothing is taken away, and `certainty` is NaN.
    peers
        Medians of peers.
    view_shares
        False shares of views (`false_view_shares`), where views were assessed.
    brushed_views
        Views that false orders bring (`brushed_views`).
    engagement
        Probability that likes, comments or follows are inflated; None: as of any inflation. Where
        no signal of a figure stands out, a third of it counts: another kind may be the false one.

    Returns
    -------
    pd.DataFrame
        Rows of the `corrected_figures` contract less the run's stamp.
    """
    p = probability.reindex(counted.index)
    engaged = p if engagement is None else engagement.reindex(counted.index)
    parts = []
    for measure, units in UNITS_OF.items():
        if measure not in counted:
            continue
        value = counted[measure]
        suspicious = suspicious_share(signals.reindex(counted.index), peers, units)
        # Counters alone attribute nothing, so any share may be false.
        suspicious = suspicious.where(counted["basis"] != "counters", 0.0)
        if units == OF_VIEWS:
            false = false_share(p, suspicious)
            if view_shares is not None:
                assessed = _assessed(view_shares.reindex(counted.index), measure)
                false = assessed.combine_first(false)
            if brushed_views is not None:
                brushed = brushed_views[brushed_views["measure"] == measure]
                false = _with_brushed(false, brushed.set_index("session_id"), value)
        else:
            one_kind = engaged / len(ENGAGEMENT_KINDS)
            false = false_share(engaged.where(suspicious > 0, one_kind), suspicious)
        parts.append(_rows(measure, value, false, counted["basis"]))
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    return frame[frame["counted"].notna()]


def _rows(measure: str, value: pd.Series, false: pd.DataFrame, basis: pd.Series) -> pd.DataFrame:
    known = false["certainty"].notna()
    false = false.where(known, 0.0)
    estimate = value * (1.0 - false["share"])
    return pd.DataFrame(
        {
            "entity_kind": "session",
            "entity_id": value.index,
            "measure": measure,
            "unit": "count",
            "counted": value,
            "estimate": estimate,
            "low": np.minimum(value * (1.0 - false["high"]), estimate),
            "high": np.maximum(value * (1.0 - false["low"]), estimate),
            "certainty": false["certainty"].where(known),
            "basis": basis,
        }
    )


def _assessed(shares: pd.DataFrame, measure: str) -> pd.DataFrame:
    """False shares of views or of viewers, from assessed views; equally certain of both."""
    factor = shares["viewers"].astype(float) if measure == "unique_viewers" else 1.0
    ends = shares[["share", "low", "high"]].astype(float).mul(factor, axis=0).clip(upper=1.0)
    return ends.assign(certainty=shares["certainty"].astype(float))


def _with_brushed(false: pd.DataFrame, brushed: pd.DataFrame, counted: pd.Series) -> pd.DataFrame:
    """False shares plus the views of brushers, as if no view were false for both reasons.

    The certainty is that of both at once.
    """
    more = brushed.drop(columns="measure").reindex(false.index).astype(float)
    added = {
        c: (more[c] / counted.where(counted > 0)).fillna(0.0) for c in ("share", "low", "high")
    }
    out = {c: (false[c] + part).clip(upper=1.0) for c, part in added.items()}
    certainty = false["certainty"] * more["certainty"].fillna(1.0)
    return pd.DataFrame(out | {"certainty": certainty}, index=false.index)
