"""A habit of a room is no excess; a change of it is; a steady cheat keeps its plain signal."""

from __future__ import annotations

import pandas as pd

from features.catalogue import BY_NAME
from features.declaration import SESSION
from features.engine.compute import compute
from tests.spec.tables import T0, rows, sessions

NAMES = ("share_link_view_share", "busiest_step_join_share", "whole_session_stay_share")
ABOVE = [f"{n}_above_own_level" for n in NAMES]


def rooms(shares: dict[str, list[int]]) -> dict[str, pd.DataFrame]:
    """Operators whose sessions, a day apart, have ten views; so many come by a share link."""
    streams, seen = [], []
    for operator, links in shares.items():
        for day, n in enumerate(links):
            one = sessions(f"{operator}{day}").assign(operator_id=operator)
            shift = pd.Timedelta(days=day)
            streams.append(
                one.assign(started_at=one.started_at + shift, ended_at=one.ended_at + shift)
            )
            v = rows(
                "session_id account_id entry_source joined_at left_at",
                *[
                    f"{operator}{day} a{i} {'share' if i < n else 'feed'} t{60 * i} t{60 * i + 90}"
                    for i in range(10)
                ],
            )
            seen.append(v.assign(joined_at=v.joined_at + shift, left_at=v.left_at + shift))
    late = {"received_at": T0 + pd.Timedelta(days=9)}
    return {
        "sessions": pd.concat(streams, ignore_index=True).assign(**late),
        "views": pd.concat(seen, ignore_index=True).assign(**late),
    }


def values_of(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return compute(frames, [BY_NAME[n] for n in (*NAMES, *ABOVE)], SESSION)


def test_a_club_that_always_shares_is_no_excess_and_a_change_is():
    """Eight of ten by link each day: no excess. From two to ten: an excess of 80 points."""
    found = values_of(rooms({"club": [8, 8, 8, 8, 8], "new": [2, 2, 2, 2, 10]}))
    above = found["share_link_view_share_above_own_level"].round(9)
    assert above["club4"] == 0.0 and above["new4"] == 0.8
    assert found["share_link_view_share"]["club4"] == 0.8  # a steady cheat stays visible
    assert found.loc["new4", ABOVE[1:]].abs().max() < 1e-9


def test_little_history_and_overlapping_sessions_say_nothing():
    """Little history and overlapping sessions give no own level."""
    frames = rooms({"o": [2, 2, 2, 9]})
    found = values_of(frames)[ABOVE[0]].round(9)
    assert found[["o0", "o1", "o2"]].isna().all() and found["o3"] == 0.7
    late = frames["sessions"]
    late.loc[late.session_id == "o2", "ended_at"] += pd.Timedelta(days=2)  # runs into the last
    assert values_of(frames)[ABOVE[0]].isna().all()


def test_later_sessions_change_nothing_of_earlier_ones():
    """The level is that of the past: what comes later does not move it."""
    short = values_of(rooms({"o": [2, 4, 6, 9]})).loc["o3", ABOVE]
    longer = values_of(rooms({"o": [2, 4, 6, 9, 0, 10]})).loc["o3", ABOVE]
    pd.testing.assert_series_equal(short, longer)
