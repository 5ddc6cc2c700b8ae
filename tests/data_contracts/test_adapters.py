"""Public sets keep what their files hold: midnight, restarts, rows without a time."""

from __future__ import annotations

import pandas as pd
import pytest

from data_contracts.adapters import ADAPTERS, ingest, twitch_broadcasts, twitch_chat
from data_contracts.errors import LakeProblem


def chat(clock: list[str]) -> pd.DataFrame:
    """One session's chat, a message a minute."""
    return pd.DataFrame(
        {
            "session": "s1",
            "minute": clock,
            "viewers": range(100, 100 + len(clock)),
            "author": "u1",
            "message_hash": "h1",
        }
    )


@pytest.mark.parametrize(
    ("clock", "minutes"),
    [
        (["23:58", "23:59", "00:00", "00:01"], [0, 1, 2, 3]),
        (["23:59", "00:00", "23:59", "00:01"], [0, 0, 1, 2]),  # a row late by a minute
        (["10:00", "09:59", "10:01"], [0, 1, 2]),
    ],
)
def test_chat_goes_over_midnight(tmp_path, clock, minutes):
    """A clock that falls by half a day passed midnight; a smaller fall is a row out of order."""
    chat(clock).to_parquet(tmp_path / "messages.parquet")
    tables = twitch_chat.tables(tmp_path)
    offsets = tables["room_minutes"].loc[:, "minute"]
    assert sorted(offsets.repeat(tables["room_minutes"]["comments"].astype(int))) == minutes
    [length] = tables["sessions"]["ended_at"] - tables["sessions"]["started_at"]
    assert length == pd.Timedelta(minutes=minutes[-1] + 1)


def test_two_starts_in_a_minute_are_two_broadcasts(tmp_path):
    """A stream that drops and starts again keeps both broadcasts, under ids of their own."""
    starts = ["2019-07-03 20:00:05", "2019-07-03 20:00:50", "2019-07-04 20:00:00"]
    one = {"channel": "c", "views": 3, "watch_min": 9, "avg_viewers": 1, "peak_viewers": 3}
    rows = [
        one | {"followers_gained": 4, "games": "Chess", "start": pd.Timestamp(s), "length_min": 9.0}
        for s in starts
    ]
    pd.DataFrame(rows).to_parquet(tmp_path / "broadcasts.parquet")
    ids = twitch_broadcasts.tables(tmp_path)["sessions"]["session_id"]
    assert ids.is_unique and len(ids) == 3
    assert ids.iloc[2] == "c-20190704T2000"


def test_undated_rows_of_a_set_are_refused_in_words(tmp_path):
    """Rows without a time refuse the set by number; nothing is half written."""
    at = pd.to_datetime(["2019-12-27 10:00:00", None])
    frame = pd.DataFrame({"order_id": [1, 2], "shop_id": 1, "user_id": [5, 6], "event_time": at})
    frame.to_parquet(tmp_path / "orders.parquet")
    with pytest.raises(LakeProblem, match="1 of 2 rows cannot be taken: placed_at_is_present"):
        ingest("shopee-orders", tmp_path, tmp_path / "lake")
    assert not (tmp_path / "lake").exists()


def test_sets_by_map_have_the_tables_of_their_description(tmp_path):
    """Two sets are maps: ids get their prefix, no item is no quantity, receipt is the event."""
    at = pd.to_datetime(["2017-01-01 08:00:01", "2017-01-01 09:30:00"])
    wide = pd.DataFrame({"basket_id": [12, 7], "household_id": [1, 2], "store_id": 3, "at": at})
    wide.assign(items=[4, 0], sales_value=9.9).to_parquet(tmp_path / "baskets.parquet")
    expected = {
        "order_id": ["12", "7"],
        "operator_id": "store-3",
        "merchant_id": "store-3",
        "buyer_id": ["household-1", "household-2"],
        "placed_at": at,
        "paid_at": at,
        "quantity": pd.array([4, None], "Int64"),
        "received_at": at,
    }
    assert_same(ADAPTERS["retail-baskets"](tmp_path)["orders"], pd.DataFrame(expected))
    wide = pd.DataFrame({"order_id": [12, 7], "shop_id": 3, "user_id": [5, 6], "event_time": at})
    wide.to_parquet(tmp_path / "orders.parquet")
    expected = {
        "order_id": ["12", "7"],
        "operator_id": "shop-3",
        "merchant_id": "shop-3",
        "buyer_id": ["user-5", "user-6"],
        "placed_at": at,
        "received_at": at,
    }
    assert_same(ADAPTERS["shopee-orders"](tmp_path)["orders"], pd.DataFrame(expected))


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """The same columns in their order, and the same rows."""
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
