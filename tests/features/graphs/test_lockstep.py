"""Claims about lockstep: pairs are counted exactly, flash crowds are no groups, days add up."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.derived.co_visitation import sorted_rows
from features.graphs.lockstep import Lockstep
from features.graphs.meetings.co_occurrence import meeting_pairs


def plain_pairs(actions, window, least):
    """Pairs by definition: things in which two accounts acted within the window."""
    met: dict[tuple[int, int], set[int]] = {}
    for (a, t, s), (b, u, v) in itertools.combinations(actions, 2):
        if a != b and t == u and abs(s - v) <= window:
            met.setdefault((min(a, b), max(a, b)), set()).add(t)
    return {p: len(things) for p, things in met.items() if len(things) >= least}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 4), st.integers(0, 30)), min_size=2, max_size=35
    ),
    st.integers(0, 5),
    st.integers(1, 3),
)
def test_pairs_are_those_of_the_definition(actions, window, least):
    """Pairs equal those of the definition, counted one by one."""
    a, t, s = (np.array(x) for x in zip(*actions, strict=True))
    p = meeting_pairs(a, t, s, window, least)
    assert dict(
        zip(zip(p.left.tolist(), p.right.tolist(), strict=True), p.things.tolist(), strict=True)
    ) == plain_pairs(actions, window, least)


def test_pairs_do_not_depend_on_numbering_or_crowd():
    """Pairs are the same however accounts are numbered, and a crowd of others changes none."""
    actions, _ = world(3)
    account, thing, at = (actions[c].to_numpy() for c in ("account", "thing", "at"))
    whole = meeting_pairs(account, thing, at, 60, 2, 10_000)
    assert len(whole.left) > 1_000
    turned = meeting_pairs(
        2999 - account, thing, at, 60, 2, 10_000
    )  # whoever was counted first is counted last
    pairs = {
        (int(a), int(b)): int(n)
        for a, b, n in zip(whole.left, whole.right, whole.things, strict=True)
    }
    assert pairs == {
        (2999 - int(b), 2999 - int(a)): int(n)
        for a, b, n in zip(turned.left, turned.right, turned.things, strict=True)
    }
    once = np.arange(3000, 5000)  # each comes to one thing, so none can meet anybody twice
    more = [
        np.concatenate(x) for x in ((account, once), (thing, once % 150), (at, once * 7 % 14_400))
    ]
    among_others = meeting_pairs(*more, 60, 2, 10_000)
    assert pairs == {
        (int(a), int(b)): int(n)
        for a, b, n in zip(among_others.left, among_others.right, among_others.things, strict=True)
    }


def test_pair_count_exceeds_a_byte():
    """Two accounts that meet in very many things are counted beyond what a byte holds."""
    things = np.repeat(np.arange(700), 2)
    pairs = meeting_pairs(np.tile([0, 1], 700), things, np.zeros(1400, dtype=np.int64), 1, 300)
    assert (
        pairs.left.tolist() == [0]
        and pairs.right.tolist() == [1]
        and pairs.things.tolist() == [700]
    )


@pytest.mark.parametrize("scale", [1, 1 << 40])  # small enough for one number, and not
def test_rows_are_sorted_by_their_columns_in_turn(scale):
    """Rows are sorted by their columns in turn."""
    rng = np.random.default_rng(5)
    columns = [
        rng.integers(-9, 9, 500),
        rng.integers(0, 50, 500) * scale,
        rng.integers(0, 50, 500) * scale,
    ]
    assert list(zip(*sorted_rows(*columns), strict=True)) == sorted(zip(*columns, strict=True))


def world(seed: int, pool: int = 20, sessions: int = 15):
    """An audience, a pool that comes back together, and flash crowds of the same size as the
    pool's visits."""
    rng = np.random.default_rng(seed)
    rows = [
        (int(a), int(t), int(s))
        for a, t, s in zip(
            rng.integers(0, 3000, 30_000),
            rng.integers(0, 150, 30_000),
            rng.integers(0, 14_400, 30_000),
            strict=True,
        )
    ]
    members = rng.choice(3000, pool, replace=False)
    for t in rng.choice(150, sessions, replace=False):
        start = int(rng.integers(0, 14_000))
        rows += [
            (int(a), int(t), start + int(rng.integers(0, 60)))
            for a in members
            if rng.random() < 0.8
        ]
    for t in rng.choice(150, 10, replace=False):
        start = int(rng.integers(0, 14_000))
        rows += [
            (int(a), int(t), start + int(rng.integers(0, 120)))
            for a in rng.choice(3000, 600, replace=False)
        ]
    return pd.DataFrame(rows, columns=["account", "thing", "at"]), members


@pytest.mark.parametrize("seed", [1, 2])
def test_a_pool_is_found_and_flash_crowds_are_not(seed):
    """A pool is found and flash crowds are not."""
    actions, members = world(seed)
    found = Lockstep(window=60).fit(actions)
    assert len(found.groups_) == 1
    said = set(found.groups_[0].members.tolist())
    assert len(said & set(members.tolist())) >= 0.9 * len(members) and said <= set(members.tolist())


def test_shuffled_times_leave_no_group():
    """Shuffled times leave no group."""
    actions, _members = world(3)
    shuffled = actions.assign(
        at=actions.groupby("thing")["at"].transform(
            lambda s: np.random.default_rng(int(s.iloc[0])).permutation(s)
        )
    )
    assert Lockstep(window=60).fit(shuffled).groups_ == []


def test_the_estimator_says_what_is_wrong():
    """The estimator names what is wrong with its input."""
    actions, _ = world(5)
    with pytest.raises(ValueError, match="three columns"):
        Lockstep().fit(actions[["account"]])
    with pytest.raises(ValueError, match="null is"):
        Lockstep(null="nothing").fit(actions)
