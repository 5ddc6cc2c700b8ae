"""Operators by how likely the public counters of their sessions are forged."""

from __future__ import annotations

from features.declaration import OPERATOR, Unit, relation, signal
from features.derived.counter_forgery import forgery_odds


@relation(
    OPERATOR,
    reads=("sessions", "session_totals"),
    needs=(forgery_odds,),
    unit=Unit.LOG_ODDS,
    typology="view_fraud",
    direction=1,
)
def operator_forgery(_sessions, _session_totals, odds):
    """Sessions of an operator with the log-odds that their counters are forged."""
    return odds


@signal(
    operator_forgery,
    alarm=2.0,
    zh="各场观看计数属注水的可能性平均为真实的 {value}",
    en="the view counters of its sessions are on average {value} as likely forged as genuine",
    blind="An operator that inflates every session alike has no honest past to compare with.",
)
def forged_view_odds_mean(t):
    """Mean over sessions of the log-odds that viewers, peak and views are forged."""
    return t.views.mean()


@signal(
    operator_forgery,
    alarm=2.0,
    zh="最可疑一场的观看计数属注水的可能性为真实的 {value}",
    en="the view counters of one session are {value} as likely forged as genuine",
    blind="One event among many sessions.",
)
def forged_view_odds_max(t):
    """Largest log-odds of a session that its viewers, peak and views are forged."""
    return t.views.max()
