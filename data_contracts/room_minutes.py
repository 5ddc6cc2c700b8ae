"""Public counters by minute, derived from events where a platform does not deliver them.

Viewers of a minute are joins up to it less leaves before it, so a stay of seconds counts once. A
view without a recorded end counts in the minute it joined, and in no other. Where more than half of
a session's views lack an end, viewers and leaves are unknown. A view without a join time counts in
no minute. Where more than half of a session's views lack one, joins, leaves and viewers are
unknown. Of a session longer than two days the first two are counted.
"""

from __future__ import annotations

REQUIRED_TABLES = ("sessions", "views")
COUNTED_COLUMNS = {
    "interactions": ("likes", "likers", "comments", "commenters", "follows", "product_clicks"),
    "orders": ("orders", "buyers", "gmv"),
    "accounts": ("new_account_joins",),
}  # by the optional table that is counted; without it they are unknown, not zero
MAX_MINUTE = 2880  # of a session, two days; later events are counted in no minute


def _minute(moment: str) -> str:
    """SQL of the minute of a session in which a moment lies."""
    return f"CAST(floor(epoch({moment} - started_at) / 60) AS BIGINT)"


def _within(moment: str) -> str:
    """SQL of the same, between the first minute of the session and its last."""
    return f"least(greatest({_minute(moment)}, 0), last_minute)"


def _counters(*names: str) -> str:
    """SQL of counters that are zero where nothing happened."""
    return ", ".join(f"CAST(coalesce({n}, 0) AS DOUBLE) AS {n}" for n in names)


# A row for each minute with an event and each session's first (ADR-0180). `viewers_after` is of the
# quiet minutes up to `next_minute`. greatest() skips nulls, hence the CASE in `v`.
SPANS = f"""
WITH s AS (
  SELECT session_id, started_at, received_at,
         least(greatest({_minute("ended_at")}, 0), {MAX_MINUTE}) AS last_minute
  FROM sessions WHERE ended_at IS NOT NULL
), v AS (
  SELECT views.session_id, account_id, device_id, last_minute,
         {_within("joined_at")} AS joined,
         CASE WHEN left_at IS NOT NULL THEN {_within("left_at")} END AS gone,
         coalesce({_minute("left_at")} > {MAX_MINUTE}, FALSE) AS stays,
         first_value(account_id) OVER (
           PARTITION BY views.session_id, device_id ORDER BY joined_at, account_id
         ) AS first_account,
         accounts.registered_at > joined_at - INTERVAL 7 DAY AS new_account
  FROM views JOIN s USING (session_id) LEFT JOIN accounts USING (account_id)
  WHERE {_minute("joined_at")} <= {MAX_MINUTE}
), k AS (
  SELECT session_id, count(joined_at) * 2 >= count(*) AS joins_known FROM views GROUP BY ALL
), e AS (
  SELECT session_id, joins_known,
    joins_known AND count(gone) * 2 >= count(v.session_id) AS ends_known
  FROM k LEFT JOIN v USING (session_id) GROUP BY session_id, joins_known
), j AS (
  SELECT session_id, joined AS minute, count(*) AS joins,
         count(*) FILTER (WHERE new_account) AS new_account_joins,
         count(*) FILTER (WHERE device_id IS NOT NULL AND account_id <> first_account)
           AS repeated_device_joins
  FROM v GROUP BY ALL
), l AS (
  SELECT session_id, coalesce(gone, joined) AS minute, count(*) AS ended, count(gone) AS leaves
  FROM v WHERE NOT stays GROUP BY ALL
), i AS (
  SELECT interactions.session_id, {_within('"at"')} AS minute,
         sum(count) FILTER (WHERE kind = 'like') AS likes,
         count(DISTINCT account_id) FILTER (WHERE kind = 'like') AS likers,
         sum(count) FILTER (WHERE kind = 'comment') AS comments,
         count(DISTINCT account_id) FILTER (WHERE kind = 'comment') AS commenters,
         count(*) FILTER (WHERE kind = 'follow')
           - count(*) FILTER (WHERE kind = 'unfollow') AS follows,
         sum(count) FILTER (WHERE kind = 'product_click') AS product_clicks
  FROM interactions JOIN s USING (session_id)
  WHERE {_minute('"at"')} <= {MAX_MINUTE} GROUP BY ALL
), o AS (
  SELECT orders.session_id, {_within("placed_at")} AS minute,
         count(*) AS orders, count(DISTINCT buyer_id) AS buyers,
         sum(paid_amount) FILTER (WHERE paid_at IS NOT NULL) AS gmv
  FROM orders JOIN s USING (session_id)
  WHERE {_minute("placed_at")} <= {MAX_MINUTE} GROUP BY ALL
), p AS (
  SELECT session_id, 0 AS minute FROM s
  UNION SELECT session_id, minute FROM j UNION SELECT session_id, minute FROM l
  UNION SELECT session_id, minute FROM i UNION SELECT session_id, minute FROM o
), c AS (
  SELECT session_id, minute,
         lead(minute, 1, last_minute + 1) OVER w AS next_minute,
         coalesce(joins_known, TRUE) AS joins_known, coalesce(ends_known, TRUE) AS ends_known,
         sum(coalesce(joins, 0)) OVER w - coalesce(sum(coalesce(ended, 0)) OVER before, 0)
           AS viewers,
         coalesce(ended, 0) AS ended,
         {_counters("joins")},
         CASE WHEN coalesce(ends_known, TRUE)
              THEN CAST(coalesce(leaves, 0) AS DOUBLE) END AS leaves,
         {_counters("likes", "likers", "comments", "commenters", "follows", "product_clicks")},
         {_counters("orders", "buyers", "gmv", "new_account_joins", "repeated_device_joins")},
         received_at
  FROM p JOIN s USING (session_id)
  LEFT JOIN e USING (session_id)
  LEFT JOIN j USING (session_id, minute) LEFT JOIN l USING (session_id, minute)
  LEFT JOIN i USING (session_id, minute) LEFT JOIN o USING (session_id, minute)
  WINDOW w AS (PARTITION BY session_id ORDER BY minute),
         before AS (
           PARTITION BY session_id ORDER BY minute ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
         )
)
SELECT * EXCLUDE (joins_known, ends_known, ended) REPLACE (
         CASE WHEN ends_known THEN CAST(viewers AS DOUBLE) END AS viewers,
         CASE WHEN joins_known THEN joins END AS joins,
         CASE WHEN joins_known THEN new_account_joins END AS new_account_joins,
         CASE WHEN joins_known THEN repeated_device_joins END AS repeated_device_joins
       ), CASE WHEN ends_known THEN CAST(viewers - ended AS DOUBLE) END AS viewers_after
FROM c ORDER BY session_id, minute
"""
"""SQL for DuckDB over relations named sessions, views, interactions, orders and accounts."""

COUNTERS = (
    "joins",
    "leaves",
    *COUNTED_COLUMNS["interactions"],
    *COUNTED_COLUMNS["orders"],
    *COUNTED_COLUMNS["accounts"],
    "repeated_device_joins",
)


def minutes_of(spans: str) -> str:
    """SQL of every minute from a relation with the rows of `SPANS`; nothing is sorted or kept.

    Counters of a quiet minute are zero where they are known.
    """
    counters = ", ".join(
        f"CASE WHEN m = minute OR {c} IS NULL THEN {c} ELSE 0 END AS {c}" for c in COUNTERS
    )
    return (
        "SELECT session_id, m AS minute, "
        "CASE WHEN m = minute THEN viewers ELSE viewers_after END AS viewers, "
        f"{counters}, received_at "
        f"FROM (SELECT *, unnest(range(minute, next_minute)) AS m FROM {spans})"
    )


ROOM_MINUTES = f"{minutes_of(f'({SPANS})')} ORDER BY session_id, minute"
"""SQL of every minute of every session, over the same relations as `SPANS`."""


def spans_sql(present: set[str]) -> tuple[list[str], str]:
    """SQL of the minutes with events of a lake that lacks some tables.

    Parameters
    ----------
    present
        Names of the tables that the lake has.

    Returns
    -------
    tuple
        The optional tables that must exist empty, and SQL over all tables in which the counts of
        these are null.
    """
    missing = [name for name in COUNTED_COLUMNS if name not in present]
    if not missing:
        return missing, SPANS
    unknown = ", ".join(
        f"CAST(NULL AS DOUBLE) AS {column}" for name in missing for column in COUNTED_COLUMNS[name]
    )
    return missing, f"SELECT * REPLACE ({unknown}) FROM ({SPANS}) ORDER BY session_id, minute"
