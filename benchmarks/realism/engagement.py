"""Statistics of follows, likes and comments of an honest lake."""

from __future__ import annotations

from benchmarks.realism.audiences import Audiences
from benchmarks.realism.statistic import Statistic, quantiles


def reaction_statistics(a: Audiences) -> list[Statistic]:
    """Follows and likes."""
    acts, sessions, large, count = a.interactions, a.sessions, a.large, a.count
    gained = acts.assign(n=acts["kind"].map({"follow": 1, "unfollow": -1}).fillna(0))
    follows = gained.groupby("session_id")["n"].sum().reindex(sessions.index).fillna(0)
    likes = acts[acts["kind"] == "like"].groupby("session_id")["count"].sum()
    likes = likes.reindex(sessions.index).fillna(0)
    none, lost = (follows[large] == 0).mean(), (follows[large] < 0).mean()
    return [
        Statistic(
            "follows per 1,000 views, p5/50/95",
            "-6/21.6/163",
            quantiles((1000 * follows / count)[large], 0.05, 0.5, 0.95),
            "sessions without a gain or with a loss are rarer here",
        ),
        Statistic(
            "share of sessions with no / a negative gain of follows",
            "0.101/0.071",
            f"{none:.3f}/{lost:.3f}",
            "an unfollow counts for its session here, so a loss is rare",
        ),
        Statistic(
            "share of one-second changes of the follower count that are negative",
            "0.14-0.29",
            "not simulated",
            "follows are events here; there is no counter by the second",
        ),
        Statistic(
            "likes per view, p5/50/95",
            "0.014/0.029/0.056",
            quantiles((likes / count)[large], 0.05, 0.5, 0.95),
            "live rooms ask for likes; the figure is of videos",
        ),
    ]


def chat_statistics(a: Audiences) -> list[Statistic]:
    """Comments of rooms above a hundred viewers."""
    chat, acts = a.chat, a.interactions
    by_session = chat.groupby("session_id")
    rate = by_session.apply(
        lambda m: 1000 * m["comments"].sum() / m["viewers"].sum(), include_groups=False
    )
    fano = by_session["comments"].agg(lambda c: c.var() / c.mean())
    correlation = by_session.apply(lambda m: m["comments"].corr(m["viewers"]), include_groups=False)
    comments = acts[(acts["kind"] == "comment") & acts["session_id"].isin(chat["session_id"])]
    top = comments.groupby("session_id")["account_id"].agg(
        lambda a: a.value_counts().head(max(1, round(a.nunique() * 0.1))).sum() / len(a)
    )
    repeated = comments.groupby("session_id")["text_hash"].agg(
        lambda t: t.duplicated(keep=False).mean()
    )
    return [
        Statistic(
            "comments per 1,000 viewer-minutes",
            "5-18",
            quantiles(rate, 0.1, 0.9),
            "rooms above 100 viewers",
        ),
        Statistic(
            "Fano factor of comments by minute",
            "13-58",
            quantiles(fano, 0.1, 0.9),
            "the four measured rooms had 10,000 viewers; it grows with the room",
        ),
        Statistic(
            "share of comments by the top 10 % of chatters",
            "0.45-0.58",
            quantiles(top, 0.1, 0.9),
        ),
        Statistic(
            "share of comments that repeat a text", "0.10-0.43", quantiles(repeated, 0.1, 0.9)
        ),
        Statistic(
            "correlation of comments and viewers", "0.07-0.42", quantiles(correlation, 0.1, 0.9)
        ),
    ]
