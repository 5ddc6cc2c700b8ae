"""Tables that follow from others: the public counters by minute, from events."""

from __future__ import annotations

ROOM_MINUTES = """
WITH s AS (
  SELECT session_id, started_at, received_at,
         least(greatest(CAST(floor(epoch(ended_at - started_at) / 60) AS BIGINT), 0), 2880) AS last_minute
  FROM sessions WHERE ended_at IS NOT NULL
), grid AS (
  SELECT session_id, received_at, unnest(generate_series(0, last_minute)) AS minute FROM s
), v AS (
  SELECT views.session_id, account_id, device_id, last_minute,
         least(greatest(CAST(floor(epoch(joined_at - started_at) / 60) AS BIGINT), 0), last_minute) AS joined,
         CASE WHEN left_at IS NOT NULL  -- greatest() passes over nulls: without this, who has no end left in minute 0
              THEN least(greatest(CAST(floor(epoch(left_at - started_at) / 60) AS BIGINT), 0), last_minute) END AS gone,
         first_value(account_id) OVER (PARTITION BY views.session_id, device_id ORDER BY joined_at, account_id) AS first_account,
         accounts.registered_at > joined_at - INTERVAL 7 DAY AS new_account
  FROM views JOIN s USING (session_id) LEFT JOIN accounts USING (account_id)
), e AS (
  SELECT session_id, count(gone) * 2 >= count(*) AS ends_known FROM v GROUP BY ALL
), j AS (
  SELECT session_id, joined AS minute, count(*) AS joins, count(*) FILTER (WHERE new_account) AS new_account_joins,
         count(*) FILTER (WHERE device_id IS NOT NULL AND account_id <> first_account) AS repeated_device_joins
  FROM v GROUP BY ALL
), l AS (
  SELECT session_id, coalesce(gone, joined) AS minute, count(*) AS ended, count(gone) AS leaves FROM v GROUP BY ALL
), i AS (
  SELECT interactions.session_id,
         least(greatest(CAST(floor(epoch("at" - started_at) / 60) AS BIGINT), 0), last_minute) AS minute,
         sum(count) FILTER (WHERE kind = 'like') AS likes,
         count(DISTINCT account_id) FILTER (WHERE kind = 'like') AS likers,
         sum(count) FILTER (WHERE kind = 'comment') AS comments,
         count(DISTINCT account_id) FILTER (WHERE kind = 'comment') AS commenters,
         count(*) FILTER (WHERE kind = 'follow') AS follows,
         sum(count) FILTER (WHERE kind = 'product_click') AS product_clicks
  FROM interactions JOIN s USING (session_id) WHERE kind <> 'unfollow' GROUP BY ALL
), o AS (
  SELECT orders.session_id,
         least(greatest(CAST(floor(epoch(placed_at - started_at) / 60) AS BIGINT), 0), last_minute) AS minute,
         count(*) AS orders, count(DISTINCT buyer_id) AS buyers, sum(paid_amount) FILTER (WHERE paid_at IS NOT NULL) AS gmv
  FROM orders JOIN s USING (session_id) GROUP BY ALL
)
SELECT session_id, minute,
       CASE WHEN coalesce(ends_known, TRUE)
            THEN CAST(sum(coalesce(joins, 0)) OVER w - coalesce(sum(coalesce(ended, 0)) OVER before, 0) AS DOUBLE) END AS viewers,
       CAST(coalesce(joins, 0) AS DOUBLE) AS joins,
       CASE WHEN coalesce(ends_known, TRUE) THEN CAST(coalesce(leaves, 0) AS DOUBLE) END AS leaves,
       CAST(coalesce(likes, 0) AS DOUBLE) AS likes, CAST(coalesce(likers, 0) AS DOUBLE) AS likers,
       CAST(coalesce(comments, 0) AS DOUBLE) AS comments, CAST(coalesce(commenters, 0) AS DOUBLE) AS commenters,
       CAST(coalesce(follows, 0) AS DOUBLE) AS follows, CAST(coalesce(product_clicks, 0) AS DOUBLE) AS product_clicks,
       CAST(coalesce(orders, 0) AS DOUBLE) AS orders, CAST(coalesce(buyers, 0) AS DOUBLE) AS buyers,
       CAST(coalesce(gmv, 0) AS DOUBLE) AS gmv, CAST(coalesce(new_account_joins, 0) AS DOUBLE) AS new_account_joins,
       CAST(coalesce(repeated_device_joins, 0) AS DOUBLE) AS repeated_device_joins, received_at
FROM grid LEFT JOIN e USING (session_id) LEFT JOIN j USING (session_id, minute) LEFT JOIN l USING (session_id, minute)
          LEFT JOIN i USING (session_id, minute) LEFT JOIN o USING (session_id, minute)
WINDOW w AS (PARTITION BY session_id ORDER BY minute),
       before AS (PARTITION BY session_id ORDER BY minute ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
ORDER BY session_id, minute
"""
"""SQL for DuckDB over relations named sessions, views, interactions, orders and accounts.

Viewers at a minute are joins up to and with it less leaves before it, so a stay of seconds counts once. A view whose end was not
recorded counts in the minute it joined, and in no other; where more than half of a session's lack it, viewers and leaves are unknown.
"""

NEEDED = ("sessions", "views")
COUNTED = {
    "interactions": ("likes", "likers", "comments", "commenters", "follows", "product_clicks"),
    "orders": ("orders", "buyers", "gmv"),
    "accounts": ("new_account_joins",),
}
"""What each table that may be missing counts; without it these are unknown, not nought."""


def room_minutes(present: set[str]) -> tuple[list[str], str]:
    """Tables that have to stand empty beside those that are `present`, and SQL as above that says unknown of what they would count."""
    missing = [name for name in COUNTED if name not in present]
    unknown = ", ".join(
        f"CAST(NULL AS DOUBLE) AS {column}" for name in missing for column in COUNTED[name]
    )
    return (
        missing,
        f"SELECT * REPLACE ({unknown}) FROM ({ROOM_MINUTES}) ORDER BY session_id, minute"
        if missing
        else ROOM_MINUTES,
    )
