"""LIVE signals as Polars expressions; `series` checks that both agree before it times them."""

from __future__ import annotations

from typing import Any

LEFT_OUT = (
    "unexplained_level_shift",
    "join_period_share",
    "like_period_share",
    "comment_period_share",
)  # no plain expression


def expressions(pl: Any) -> dict[str, Any]:
    """Expression of each signal over a session's minutes, for sessions long enough for all."""
    c = pl.col
    viewers, joins, calm = c("viewers"), c("joins"), c("granted") == 0

    def quotient(top: str, bottom: str, times: float = 1.0) -> Any:
        return times * c(top).sum() / c(bottom).sum()

    def excess(name: str) -> Any:
        x = c(name)
        over = x - pl.max_horizontal(pl.lit(5.0), 5.0 * x.median())
        return over.filter((over > 0) & calm).sum() / x.sum()

    def entropy(name: str) -> Any:
        share = c(name).filter(c(name) > 0) / c(name).sum()
        return -(share * share.log()).sum() / pl.len().cast(pl.Float64).log()

    step = ((viewers + 10.0) / (viewers.shift(1) + 10.0)).log()
    place = pl.int_range(pl.len())
    last = (0.9 * pl.len()).floor().cast(pl.Int64)
    return {
        "minutes_count": pl.len().cast(pl.Float64),
        "viewers_mean": viewers.mean(),
        "peak_to_mean_ratio": viewers.max() / viewers.mean(),
        "unexplained_step_max": pl.max_horizontal(
            pl.lit(0.0), step.filter((place >= 6) & calm).max()
        ),
        "cliff_step_max": pl.max_horizontal(
            pl.lit(0.0), (-step).filter((place >= 1) & (place < last)).max()
        ),
        "plateau_minute_share": (viewers.diff() == 0).sum() / (pl.len() - 1.0),
        "join_fano_ratio": joins.var(ddof=0) / joins.mean(),
        "unexplained_join_share": excess("joins"),
        "granted_minute_share": c("granted").mean(),
        "new_account_join_share": quotient("new_account_joins", "joins"),
        "repeated_device_join_share": quotient("repeated_device_joins", "joins"),
        "viewer_minutes_per_join": quotient("viewers", "joins"),
        "join_leave_correlation": pl.corr("joins", "leaves"),
        "comment_viewer_correlation": pl.corr("comments", "viewers"),
        "click_join_correlation": pl.corr("product_clicks", "joins"),
        "comments_per_thousand_viewer_minutes": quotient("comments", "viewers", 1000.0),
        "likes_per_thousand_viewer_minutes": quotient("likes", "viewers", 1000.0),
        "likes_per_liker_minute": quotient("likes", "likers"),
        "like_variation_ratio": c("likes").std(ddof=0) / c("likes").mean(),
        "follows_per_thousand_joins": quotient("follows", "joins", 1000.0),
        "orders_per_join_ratio": quotient("orders", "joins"),
        "orders_per_click_ratio": quotient("orders", "product_clicks"),
        "orders_per_buyer_minute_ratio": quotient("orders", "buyers"),
        "unexplained_order_share": excess("orders"),
        "viewer_balance_gap": (viewers.diff() - (joins - c("leaves"))).abs().sum()
        / (pl.len() - 1.0)
        / viewers.mean(),
        "join_entropy": entropy("joins"),
        "like_entropy": entropy("likes"),
        "follow_entropy": entropy("follows"),
        "unexplained_like_share": excess("likes"),
        "unexplained_follow_share": excess("follows"),
        "like_viewer_correlation": pl.corr("likes", "viewers"),
        "follow_join_correlation": pl.corr("follows", "joins"),
    }
