"""Sessions by the public counters of a whole session, beside forgeries of themselves (`injected.py`)."""

from __future__ import annotations

from features.declaration import SESSION, Signal, relation, signal
from features.derived.counter_forgery import forgery_odds


@relation(SESSION, reads=("sessions", "session_totals"), needs=(forgery_odds,))
def session_forgery(sessions, session_totals, found):
    """Sessions with their odds."""
    return found


def _odds(source, typology, zh, en, blind):
    return signal(
        source,
        unit="log-odds",
        typology=typology,
        direction=1,
        alarm=2.0,
        zh=zh,
        en=en,
        blind=blind,
    )


@_odds(
    session_forgery,
    "view_fraud",
    "观看与在线计数更像注水后的样子（对数几率 {value:.1f}）",
    "its views and viewers look more like forged counters than like published ones (log-odds {value:.1f})",
    "A room that grows, or an event, departs from its past in the same way.",
)
def forged_view_odds(t):
    """Log-odds that the session's viewers, peak and views are forged, for equal numbers of forged and published sessions."""
    return t.views.max()


@_odds(
    session_forgery,
    "engagement_fraud",
    "关注、点赞与评论计数更像注水后的样子（对数几率 {value:.1f}）",
    "its follows, likes and comments look more like forged counters than like published ones (log-odds {value:.1f})",
    "New channels gain follows fast.",
)
def forged_engagement_odds(t):
    """Log-odds that the session's follows, likes and comments are forged, for equal numbers of forged and published sessions."""
    return t.acts.max()


SIGNALS: tuple[Signal, ...] = (forged_view_odds, forged_engagement_odds)
