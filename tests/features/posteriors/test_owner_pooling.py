"""Claims about weighing an entity with its operator's others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from features.posteriors.owner_pooling import (
    MAX_ACCOUNT_LOG_ODDS,
    MAX_OWNER_LOG_ODDS,
    MIN_OWNER_LOG_ODDS,
    leave_session_out_log_odds,
    operator_history,
    pool_owners,
    pooled,
    pooled_anomaly_scores,
    shift_probability,
)

CLEAN = [0.01] * 200


def owners(*groups: tuple[str, int]) -> pd.Series:
    return pd.Series([name for name, many in groups for _ in range(many)], dtype=object)


def test_doubtful_order_follows_its_owner_s_others():
    """A doubtful order becomes likelier beside brushed ones and less likely beside clean ones."""
    p = np.array([0.4, *[0.95] * 20, 0.4, *[0.01] * 20, *CLEAN])
    found = pooled(p, owners(("brusher", 21), ("honest", 21), ("others", 200)))
    assert found[0] > 0.6 and found[21] < 0.35
    assert found[1:21].min() > 0.95 > 0.01 > found[22:42].max()


def test_one_false_order_at_an_honest_shop_stays_suspicious():
    """One false order at an honest shop stays suspicious."""
    p = np.array([0.9, *[0.01] * 40, *CLEAN])
    assert 0.8 < pooled(p, owners(("honest", 41), ("others", 200)))[0] < 0.95


@given(
    st.lists(
        st.tuples(st.floats(0.0, 1.0), st.sampled_from(["a", "b", "c", None])),
        min_size=1,
        max_size=60,
    ),
    st.randoms(),
)
def test_the_number_expected_stays_and_the_order_of_rows_does_not_matter(rows, shuffle):
    """The expected number stays, and the order of rows does not matter."""
    p, owner = np.array([r[0] for r in rows]), pd.Series([r[1] for r in rows], dtype=object)
    found = pooled(p, owner)
    assert (
        found.sum() == pytest.approx(p.sum(), abs=1e-3) and ((found >= 0.0) & (found <= 1.0)).all()
    )
    order = list(range(len(rows)))
    shuffle.shuffle(order)
    assert pooled(p[order], owner.iloc[order]) == pytest.approx(found[order], abs=1e-6)


@given(st.lists(st.floats(0.001, 0.999), min_size=2, max_size=30))
def test_whose_owner_is_unknown_stands_alone(p):
    """An entity without a known owner keeps its own probability."""
    assert pooled(np.array(p), pd.Series([None] * len(p), dtype=object)) == pytest.approx(
        np.array(p), abs=1e-9
    )
    assert pooled(np.array(p), pd.Series(range(len(p)))) == pytest.approx(np.array(p), abs=1e-9)


@given(st.integers(0, 2**32 - 1))
def test_owner_shares_are_the_fixed_point_of_em(seed):
    """Shares of owners are the fixed point of expectation and maximisation.

    Worked out owner by owner: the share of each, then of its others, then half of the change in
    log-odds.
    """
    rng = np.random.default_rng(seed)
    of = rng.integers(0, 4, 40)
    p = np.where(
        rng.random(40) < 0.3 * of / 3, rng.uniform(0.5, 0.98, 40), rng.uniform(0.005, 0.2, 40)
    )
    mean, updated = p.mean(), np.empty(40)
    ratio = np.clip(p / (1 - p) / (mean / (1 - mean)), 1e-3, 1e3)
    for owner in range(4):
        mine = np.flatnonzero(of == owner)
        weight, share = 1 / (1 + len(mine) / 50), mean
        for _ in range(30):
            false = share * ratio[mine] / (share * ratio[mine] + 1 - share)
            share = (10 * mean + weight * false.sum()) / (10 + weight * len(mine))
        for i, own in zip(mine, false, strict=True):
            others = (10 * mean + weight * (false.sum() - own)) / (10 + weight * (len(mine) - 1))
            updated[i] = logit(p[i]) + 0.5 * (logit(others) - logit(mean))
    low, high = -20.0, 20.0
    for _ in range(80):
        level = (low + high) / 2
        low, high = (level, high) if expit(updated - level).sum() > p.sum() else (low, level)
    assert pooled(p, pd.Series(of)) == pytest.approx(expit(updated - level), abs=1e-9)


def test_owner_history_moves_another_session():
    """The history of an owner moves another of its sessions and leaves the expected number
    unchanged."""
    p = np.array([0.9, 0.8, 0.9, 0.05, *[0.01] * 6, *CLEAN])
    owner = pd.concat(
        [owners(("cheat", 4), ("honest", 6)), pd.Series(range(200)).astype(object)],
        ignore_index=True,
    )
    found = operator_history(p, owner)
    assert (
        found.at["cheat", "sessions"] == 4
        and found.at["honest", "sessions"] == 6
        and len(found) == 202
    )
    assert found.at["cheat", "inflated_share"] == pytest.approx(
        2.75 / 13.7, abs=0.06
    )  # nearly three of four, beside ten usual ones
    assert found.at["cheat", "log_odds"] > 2.0 > 0.0 > found.at["honest", "log_odds"]
    # whoever has one session is moved by nothing but the level, which takes off what the cheat's
    # sessions gain from one another
    alone = found.loc[list(range(200)), "log_odds"]
    assert alone.max() - alone.min() < 1e-9 or alone.max() < 0.0
    assert shift_probability(0.2, found.at["cheat", "log_odds"]) == pytest.approx(
        expit(logit(0.2) + found.at["cheat", "log_odds"])
    )


def test_nobody_is_shown_whose_owner_is_unknown():
    """An entity without a known owner is in no history."""
    found = operator_history(np.array([0.5, 0.2, 0.1]), pd.Series(["a", None, "a"]))
    assert found.index.tolist() == ["a"] and found.at["a", "sessions"] == 2
    assert operator_history(np.zeros(0), pd.Series([], dtype=object)).empty


def test_half_of_the_owner_s_excess_is_added():
    """Half of what the anomaly scores of the owner's others exceed the median by is added."""
    points = np.array([6.0, 4.0, 0.0, 0.0, 2.0])
    found = pooled_anomaly_scores(points, pd.Series(["a", "a", "b", "b", None]))
    mean = 12 / 5
    a, b = (4 + 10 * mean) / 11, (6 + 10 * mean) / 11
    none = 10 * mean / 11
    assert found == pytest.approx(
        [6 + (a - mean) / 2, 4 + (b - mean) / 2, (none - mean) / 2, (none - mean) / 2, 2.0]
    )


def test_nothing_and_one_entity_are_left_alone():
    """No entity and a single one are left as they are."""
    for few in ([], [0.3]):
        assert pooled(np.array(few), pd.Series(["a"] * len(few))).tolist() == few
        assert pooled_anomaly_scores(np.array(few), pd.Series(["a"] * len(few))).tolist() == few


def test_operator_takes_half_of_its_sessions_and_orders():
    """An operator's log-odds take half of what its sessions and orders showed. Clean sessions do
    not clear its orders."""
    p = np.array([0.3, 0.3, 0.3, *CLEAN])
    showed = np.zeros((len(p), 2))
    showed[0], showed[1], showed[2] = (4.0, 0.0), (-6.0, 0.0), (-6.0, 6.0)
    found = pool_owners(p, showed)
    update = logit(found) - logit(p)
    level = update[3:].mean()
    assert (update[:3] - level) == pytest.approx(
        [0.5 * 4.0, 0.5 * MIN_OWNER_LOG_ODDS, 0.5 * (MIN_OWNER_LOG_ODDS + 6.0)], abs=1e-9
    )
    assert found.sum() == pytest.approx(p.sum(), abs=1e-6) and found[0] > 0.6 > 0.3 > found[1]


@given(
    st.lists(
        st.tuples(st.floats(0.001, 0.999), st.floats(-30.0, 30.0), st.floats(-30.0, 30.0)),
        min_size=1,
        max_size=40,
    )
)
def test_expected_number_of_operators_stays(rows):
    """The expected number of operators is unchanged, and none is moved beyond the bounds."""
    p, showed = np.array([r[0] for r in rows]), np.array([r[1:] for r in rows])
    found = pool_owners(p, showed)
    assert found.sum() == pytest.approx(p.sum(), abs=1e-3)
    update = logit(found) - logit(p)
    assert update.max() - update.min() <= 0.5 * 2 * (MAX_OWNER_LOG_ODDS - MIN_OWNER_LOG_ODDS) + 1e-3


def test_of_whom_nothing_was_shown_stays_where_it_was():
    """An operator without a history keeps its probability."""
    p = np.array([0.2, 0.4, 0.7])
    assert pool_owners(p, np.full((3, 2), np.nan)) == pytest.approx(p, abs=1e-9)
    assert pool_owners(p, np.zeros((3, 0))) is p


def test_view_is_updated_by_its_account_s_other_sessions():
    """What an account did in other sessions moves its view; its own session does not.

    Four accounts with one doubtful view in session 0: seen false elsewhere, false in the same
    session alone, clean elsewhere, nowhere else.
    """
    rows = [
        ("bot", 0, 0.2),
        ("bot", 1, 0.95),
        ("bot", 2, 0.95),
        ("twice", 0, 0.2),
        ("twice", 0, 0.95),
        ("clean", 0, 0.2),
    ]
    rows += (
        [("clean", i, 0.001) for i in range(1, 9)]
        + [("once", 0, 0.2), (None, 0, 0.2), (None, 1, 0.95)]
        + [(f"a{i}", 3, 0.01) for i in range(300)]
    )
    who, session, p = (list(column) for column in zip(*rows, strict=True))
    found = leave_session_out_log_odds(np.array(p), pd.Series(who, dtype=object), np.array(session))
    assert found[0] == MAX_ACCOUNT_LOG_ODDS and found[5] < -0.3
    assert found[[3, 4, 14, 15, 16]] == pytest.approx(0.0, abs=1e-9)
    assert leave_session_out_log_odds(
        np.zeros(0), pd.Series(dtype=object), np.zeros(0, dtype=int)
    ).shape == (0,)


@given(st.integers(0, 2**32 - 1))
def test_shares_in_other_sessions_match_a_direct_sum(seed):
    """Shares in other sessions are those of the account's views there.

    Beside a sum over the views themselves, account by account and session by session.
    """
    rng = np.random.default_rng(seed)
    who, session, p = rng.integers(0, 5, 40), rng.integers(0, 4, 40), rng.uniform(0.01, 0.6, 40)
    mean = p.mean()
    ratio = p / (1 - p) / (mean / (1 - mean))
    share = np.full(5, mean)
    for _ in range(30):
        false = share[who] * ratio / (share[who] * ratio + 1 - share[who])
        for a in range(5):
            weight = 1 / (1 + (who == a).sum() / 50)
            share[a] = (mean + weight * false[who == a].sum()) / (1 + weight * (who == a).sum())
    found = leave_session_out_log_odds(p, pd.Series(who), session)
    for i in range(40):
        others = (who == who[i]) & (session != session[i])
        weight = 1 / (1 + (who == who[i]).sum() / 50)
        expected = logit(
            (mean + weight * false[others].sum()) / (1 + weight * others.sum())
        ) - logit(mean)
        assert found[i] == pytest.approx(min(expected, MAX_ACCOUNT_LOG_ODDS), abs=1e-9)
