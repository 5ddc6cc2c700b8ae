"""Operators by how much the public counters of their sessions look forged."""

from __future__ import annotations

from features.declaration import OPERATOR, Signal, relation, signal
from features.derived.counter_forgery import forgery_odds


@relation(OPERATOR, reads=("sessions", "session_totals"), needs=(forgery_odds,))
def operator_forgery(sessions, session_totals, found):
    """Sessions of an operator with their odds."""
    return found


@signal(
    operator_forgery,
    unit="log-odds",
    typology="view_fraud",
    direction=1,
    alarm=2.0,
    zh="各场观看计数平均更像注水后的样子（对数几率 {value:.1f}）",
    en="its sessions' views look forged by log-odds of {value:.1f} on average",
    blind="Who inflates every session alike has no honest past to be compared with.",
)
def forged_view_odds_mean(t):
    """Mean over the operator's sessions of the log-odds that their viewers, peak and views are forged."""
    return t.views.mean()


@signal(
    operator_forgery,
    unit="log-odds",
    typology="view_fraud",
    direction=1,
    alarm=2.0,
    zh="最可疑一场的观看计数像注水后的样子（对数几率 {value:.1f}）",
    en="one session's views look forged by log-odds of {value:.1f}",
    blind="One event among many sessions.",
)
def forged_view_odds_max(t):
    """Largest log-odds of a session of the operator that its viewers, peak and views are forged."""
    return t.views.max()


SIGNALS: tuple[Signal, ...] = (forged_view_odds_mean, forged_view_odds_max)
