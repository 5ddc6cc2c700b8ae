"""Sessions by their public counters, compared with forgeries of themselves."""

from __future__ import annotations

from features.declaration import SESSION, Unit, relation, signal
from features.derived.counter_forgery import forgery_odds


@relation(
    SESSION,
    reads=("sessions", "session_totals"),
    needs=(forgery_odds,),
    unit=Unit.LOG_ODDS,
    direction=1,
)
def session_forgery(_sessions, _session_totals, found):
    """Sessions with their log-odds of forged counters."""
    return found


@signal(
    session_forgery,
    typology="view_fraud",
    alarm=2.0,
    zh="其观看与在线计数被篡改的可能性为未被篡改的 {value}",
    en="its counters of views and viewers are {value} as likely to be forged as genuine",
    blind="A room that grows, or an event, departs from its past in the same way.",
)
def forged_view_odds(t):
    """Log-odds that the session's viewers, peak and views are forged.

    Before any evidence forged and genuine counters are taken for equally likely.
    """
    return t.views.max()


@signal(
    session_forgery,
    typology="engagement_fraud",
    alarm=2.0,
    zh="其关注、点赞与评论计数被篡改的可能性为未被篡改的 {value}",
    en="its counters of follows, likes and comments are {value} as likely to be forged as genuine",
    blind="New channels gain follows fast.",
)
def forged_engagement_odds(t):
    """Log-odds that the session's follows, likes and comments are forged.

    Before any evidence forged and genuine counters are taken for equally likely.
    """
    return t.acts.max()
