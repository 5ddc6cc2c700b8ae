"""Claims about repetition: it neither hides nor makes a lockstep group or a dense block."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.derived.co_visitation import buy_blocks
from features.engine.snapshot import Snapshot
from features.graphs.lockstep import OCCASION_WINDOWS, Lockstep
from features.graphs.meetings.occasions import distinct_occasions

WINDOW = 60
PAUSE = OCCASION_WINDOWS * WINDOW
COLUMNS = ["account", "thing", "seconds"]


def ring_among_viewers(seed: int) -> pd.DataFrame:
    """Five bots in twelve rooms three seconds apart; 200 viewers in three rooms each."""
    g = np.random.default_rng(seed)
    rows = [
        (f"bot{r}", f"room{t}", t * 86_400 + 36_000 + 3 * r) for t in range(12) for r in range(5)
    ]
    rows += [
        (f"u{i}", f"room{t}", int(t * 86_400 + 36_000 + g.integers(0, 7_200)))
        for i in range(200)
        for t in g.choice(12, 3, replace=False)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def found(frame: pd.DataFrame) -> tuple[list[list[str]], pd.DataFrame]:
    fitted = Lockstep(window=WINDOW).fit(frame)
    return [g.members.tolist() for g in fitted.groups_], fitted.pairs_


BOTS = [[f"bot{r}" for r in range(5)]]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 1.0), st.integers(1, 4))
def test_any_rows_delivered_again_change_nothing(seed, share, times):
    """Duplicating any subset of rows any number of times, in any order, changes no figure."""
    once = ring_among_viewers(1)
    again = [once.sample(frac=share, random_state=(seed + k) % 2**32) for k in range(times)]
    more = pd.concat([once, *again]).sample(frac=1.0, random_state=seed)
    groups, pairs = found(more)
    assert groups == found(once)[0] == BOTS
    pd.testing.assert_frame_equal(pairs, found(once)[1])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 1.0), st.integers(1, 6))
def test_reconnects_within_the_pause_change_nothing(seed, share, times):
    """Views split into reconnects, each within ten windows of the one before: no figure moves."""
    once = ring_among_viewers(1)
    g, split = np.random.default_rng(seed), [once]
    rows = once[g.random(len(once)) < share]
    for _ in range(times):
        rows = rows.assign(seconds=rows["seconds"] + g.integers(1, PAUSE, len(rows)))
        split.append(rows)
    groups, pairs = found(pd.concat(split, ignore_index=True))
    assert groups == BOTS
    pd.testing.assert_frame_equal(pairs, found(once)[1])


@pytest.mark.parametrize("times", [2, 5, 12])
@pytest.mark.parametrize("who", ["bots", "all"])
def test_rejoining_later_hides_no_group(times, who):
    """Bots that leave and come back together every twenty minutes are the same group."""
    once = ring_among_viewers(2)
    again = once if who == "all" else once[once["account"].str.startswith("bot")]
    more = [again.assign(seconds=again["seconds"] + 1_200 * k) for k in range(1, times)]
    assert found(pd.concat([once, *more], ignore_index=True))[0] == BOTS


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_lost_connections_of_a_room_make_no_group(seed):
    """Whoever is in a room when its server restarts comes back in the same seconds."""
    g = np.random.default_rng(seed)
    rows = []
    for t in range(40):
        members = g.choice(300, 60, replace=False)
        joined = g.integers(0, 3_600, 60)
        rows += [(f"u{a}", f"r{t}", int(s)) for a, s in zip(members, joined, strict=True)]
        for moment in (1_800, 3_700, 5_500):
            back = members[joined < moment]
            rows += [(f"u{a}", f"r{t}", moment + int(g.integers(0, 20))) for a in back]
    assert found(pd.DataFrame(rows, columns=COLUMNS))[0] == []


def test_occasions_of_a_small_example():
    """| account | seconds | : a returns after 5 and 9 (pause 6): one occasion, after 20 another."""
    account, thing = np.array([0, 1, 0, 0, 0]), np.zeros(5, dtype=np.int64)
    at = np.array([0, 1, 5, 9, 29])
    a, _t, s, first = distinct_occasions(account, thing, at, 6)
    assert a.tolist() == [0, 1, 0] and s.tolist() == [0, 1, 29]
    assert first.tolist() == [True, True, False]


def orders_of(rows: list[tuple[str, str, pd.Timestamp]]) -> pd.DataFrame:
    orders = pd.DataFrame(rows, columns=["buyer_id", "operator_id", "placed_at"])
    orders["order_id"] = [f"o{i}" for i in range(len(orders))]
    return orders.assign(received_at=orders["placed_at"])


def test_retries_at_a_flash_sale_make_no_block():
    """Sixteen buyers of one sale whose orders are placed again minutes later are no block; the
    same buyers at six shops are one."""
    start, g = pd.Timestamp("2026-01-01 20:00"), np.random.default_rng(4)
    others = [
        (f"u{i}", f"shop{g.integers(0, 20)}", start + pd.Timedelta(hours=int(g.integers(0, 12))))
        for i in range(300)
        for _ in range(8)
    ]
    retried = [
        (f"b{i}", "sale", start + pd.Timedelta(minutes=2 * k)) for i in range(16) for k in range(5)
    ]
    pool = [
        (f"b{i}", f"shop{k}", start + pd.Timedelta(hours=k)) for i in range(16) for k in range(6)
    ]
    for rows, size in ((retried, 0), (pool, 16), (pool + pool, 16)):
        with Snapshot.from_frames({"orders": orders_of(others + rows)}) as snapshot:
            assert len(snapshot.derived_frame(buy_blocks)) == size
