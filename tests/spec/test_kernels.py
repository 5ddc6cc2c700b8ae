"""Worked examples of the LIVE kernels, and their agreement with plain numpy."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from features.declaration import signals_in
from features.engine.kernel_runner import run_kernels
from features.engine.minute_kernels import (
    COLUMNS,
    GRANTED,
    JOINS,
    LEAVES,
    LIKES,
    VIEWERS,
    largest,
    median,
    total,
)
from features.signals.live import join_series, reactions, regularity, viewer_series

SIGNALS = signals_in(viewer_series, join_series, reactions)

SMOOTH = 40


def minutes(**columns) -> np.ndarray:
    """Minutes of a session: named columns, the others zero."""
    n = max(len(v) for v in columns.values())
    m = np.zeros((n, len(COLUMNS)))
    for name, values in columns.items():
        m[:, COLUMNS.index(name)] = values
    return m


def value(signal, m) -> float:
    return run_kernels(m, np.array([0, len(m)]), (signal,))[0, 0]


def test_joins_at_five_times_the_median_are_no_excess_and_above_are():
    """Joins at five times the median are no excess; more are."""
    at, above = np.full(SMOOTH, 4.0), np.full(SMOOTH, 4.0)
    at[20], above[20] = 20.0, 24.0
    assert value(join_series.unexplained_join_share, minutes(joins=at)) == 0.0
    assert value(join_series.unexplained_join_share, minutes(joins=above)) == pytest.approx(
        4.0 / above.sum()
    )


def test_a_burst_with_a_granted_boost_is_explained():
    """A burst with a granted boost is explained."""
    joins, granted = np.full(SMOOTH, 4.0), np.zeros(SMOOTH)
    joins[20], granted[20] = 200.0, 1.0
    assert value(join_series.unexplained_join_share, minutes(joins=joins, granted=granted)) == 0.0
    assert value(join_series.unexplained_join_share, minutes(joins=joins)) > 0.5


def test_early_step_is_the_start_of_a_session():
    """A step in the first five minutes is the start, and a later one is not."""
    early, late = np.full(SMOOTH, 10.0), np.full(SMOOTH, 10.0)
    early[5:] = 90.0
    late[6:] = 90.0
    assert value(viewer_series.unexplained_step_max, minutes(viewers=early)) == 0.0
    assert value(viewer_series.unexplained_step_max, minutes(viewers=late)) == pytest.approx(
        np.log(100 / 20)
    )


def test_a_fall_in_the_last_tenth_is_the_end_and_an_earlier_one_is_a_cliff():
    """A fall in the last tenth is the end; an earlier one is a cliff."""
    end, cliff = np.full(SMOOTH, 90.0), np.full(SMOOTH, 90.0)
    end[36:] = 0.0
    cliff[35:] = 0.0
    assert value(viewer_series.cliff_step_max, minutes(viewers=end)) == 0.0
    assert value(viewer_series.cliff_step_max, minutes(viewers=cliff)) == pytest.approx(
        np.log(100 / 10)
    )


def test_likes_at_a_constant_rate_vary_not_at_all():
    """Likes at a constant rate do not vary."""
    assert value(reactions.like_variation_ratio, minutes(likes=np.full(SMOOTH, 3.0))) == 0.0
    assert value(
        reactions.like_variation_ratio, minutes(likes=np.tile([0.0, 6.0], 20))
    ) == pytest.approx(1.0)


def test_a_rhythm_of_five_minutes_holds_the_variation_of_joins():
    """A rhythm of five minutes holds the variation of joins."""
    beat = np.tile([10.0, 0, 0, 0, 0], 20)
    noise = np.random.default_rng(1).poisson(2.0, 100).astype(float)
    assert value(join_series.join_period_share, minutes(joins=beat)) > 0.4
    assert value(join_series.join_period_share, minutes(joins=noise)) < 0.2


def test_the_period_share_agrees_with_a_fourier_transform():
    """At every whole period of 2 to 30 minutes, by the definition of the transform at that
    frequency."""
    x = np.random.default_rng(2).poisson(5.0, 173).astype(float)
    d = x - x.mean()
    periods = np.arange(2, 31)
    power = np.abs(np.exp(-2j * np.pi * np.outer(1.0 / periods, np.arange(len(d)))) @ d) ** 2 / (
        len(d) * (d**2).sum()
    )
    power[1:] *= 2.0
    assert value(join_series.join_period_share, minutes(joins=x)) == pytest.approx(
        power.max(), abs=1e-9
    )
    assert value(regularity.like_period_share, minutes(likes=x)) == pytest.approx(
        power.max(), abs=1e-9
    )


def test_fewer_minutes_than_a_shape_needs_are_unknown():
    """Fewer minutes than a shape needs are unknown."""
    short = minutes(viewers=np.full(9, 50.0), joins=np.ones(9))
    for signal in (
        viewer_series.unexplained_step_max,
        viewer_series.cliff_step_max,
        viewer_series.plateau_minute_share,
        join_series.join_leave_correlation,
    ):
        assert np.isnan(value(signal, short))


counts = st.lists(st.integers(0, 500), min_size=1, max_size=90)


@settings(max_examples=60, deadline=None)
@given(counts, counts, st.integers(0, 2**31))
def test_one_by_one_equals_together(a, b, seed):
    """Signals computed one by one equal those computed together."""
    rng = np.random.default_rng(seed)
    parts = [
        rng.poisson(3.0, (len(x), len(COLUMNS))).astype(float)
        + np.array(x)[:, None] * (rng.random(15) < 0.3)
        for x in (a, b)
    ]
    for m in parts:
        m[:, GRANTED] = 0.0
    together = run_kernels(np.concatenate(parts), np.array([0, len(a), len(a) + len(b)]), SIGNALS)
    alone = np.concatenate([run_kernels(m, np.array([0, len(m)]), SIGNALS) for m in parts])
    assert np.array_equal(together, alone, equal_nan=True)


def test_what_a_kernel_raises_ends_the_pass_and_is_no_value():
    """An error of a kernel ends the pass, and is no value."""

    @njit
    def refuses(m):
        if m[0, 0] > 1.0:
            raise ValueError("more than one")
        return m[0, 0]

    both, bounds = np.repeat([[1.0], [2.0]], len(COLUMNS), axis=1), np.array([0, 1, 2])
    assert run_kernels(both[:1], bounds[:2], (SimpleNamespace(compute=refuses),)).tolist() == [
        [1.0]
    ]
    with pytest.raises(ValueError, match="more than one"):
        run_kernels(both, bounds, (SimpleNamespace(compute=refuses),))


@settings(max_examples=60, deadline=None)
@given(counts)
def test_simple_kernels_agree_with_numpy(x):
    """Simple kernels agree with numpy."""
    v = np.array(x, dtype=float)
    m = minutes(viewers=v, joins=v[::-1].copy(), leaves=v)
    assert value(viewer_series.viewers_mean, m) == pytest.approx(v.mean())
    if v.mean() > 0:
        assert value(join_series.join_fano_ratio, m) == pytest.approx(v.var() / v.mean())
        assert value(viewer_series.peak_to_mean_ratio, m) == pytest.approx(v.max() / v.mean())
    if len(v) >= 10 and v.std() > 0:
        assert value(join_series.join_leave_correlation, m) == pytest.approx(
            np.corrcoef(m[:, JOINS], m[:, LEAVES])[0, 1], abs=1e-9
        )


@settings(max_examples=80, deadline=None)
@given(
    st.one_of(
        st.lists(st.integers(-3, 40), min_size=1, max_size=50),
        st.lists(st.sampled_from([0.5, 2.0, 3.0, 5000.0]), min_size=1),
    )
)
def test_counting_median_equals_numpy(x):
    """A median by counting equals that of numpy, and so do sums and the largest."""
    v = np.array(x, dtype=float)
    assert largest(v) == v.max()
    assert median(v, v.max()) == np.median(v)
    assert total(v) == v.sum()


def test_follow_entropy_is_at_most_one():
    """Minutes in which more follows were taken back than given do not raise the entropy above
    one."""
    follows = np.tile([3.0, -2.0], 20)
    assert value(regularity.follow_entropy, minutes(follows=follows)) == pytest.approx(
        np.log(20) / np.log(40)
    )


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda s: s.name)
def test_what_was_not_delivered_is_unknown_never_zero(signal):
    """Counters that were not delivered are unknown, never zero."""
    m = np.full((60, len(COLUMNS)), np.nan)
    m[:, GRANTED] = 0.0
    got = value(signal, m)
    assert np.isnan(got) or signal.name in ("minutes_count", "granted_minute_share")


def test_kernels_read_the_columns_they_are_named_for():
    """Kernels read the columns they are named for."""
    assert (COLUMNS[VIEWERS], COLUMNS[JOINS], COLUMNS[LIKES], COLUMNS[GRANTED]) == (
        "viewers",
        "joins",
        "likes",
        "granted",
    )
