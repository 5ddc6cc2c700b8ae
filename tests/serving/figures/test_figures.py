"""Corrected figures at worked values: bands of shares, orders, brushed views and totals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.engine.snapshot import Snapshot
from serving.figures.nightly_figures import counted_figures
from serving.figures.operator_figures import operator_figures, platform_figures
from serving.figures.order_figures import brushed_views, order_figures
from serving.figures.session_figures import COLUMNS, session_figures
from serving.figures.view_shares import viewer_factor
from tests.spec.tables import rows, views
from training.estimator.share_bands import ShareBands
from training.estimator.share_prior import OrderShares, SharePrior

BANDS = ShareBands((1.0,), (-1.0, -0.1), (-1.0, 0.0), (0.2, 0.1), (0.97, 0.9))
SHARES = OrderShares(0.6, dict.fromkeys(("session", "operator", "platform"), BANDS))


class _TotalsOnly:
    """A share model of which totals are asked alone."""

    bands = dict.fromkeys(("operator", "platform"), BANDS)


PRIOR = SharePrior([], (), {"views": _TotalsOnly()}, SHARES)  # type: ignore[dict-item]


def _orders(n: int, amount: float = 10.0) -> pd.DataFrame:
    return pd.DataFrame(
        {"session_id": "s", "operator_id": "o", "net_amount": amount},
        index=[f"r{i}" for i in range(n)],
    )


def _shares(share: float, low: float, high: float, certainty: float) -> pd.DataFrame:
    return pd.DataFrame(
        {"share": share, "low": low, "high": high, "certainty": certainty},
        index=pd.Index(["s"], name="session_id"),
    )


def _counted(**figures: float) -> pd.DataFrame:
    return pd.DataFrame({**figures, "basis": "events"}, index=pd.Index(["s"], name="session_id"))


def test_probable_orders_are_taken_and_small_sums_are_not():
    """Of ten orders the two probable ones are taken; eight of 5 % take nothing."""
    orders = _orders(10)
    p = pd.Series([0.9, 0.7] + [0.05] * 8, index=orders.index)
    got = order_figures(orders, p, "session", orders["session_id"], SHARES).set_index("measure")
    found = got.loc["orders", ["counted", "estimate", "low", "high", "certainty"]].tolist()
    assert found == pytest.approx([10.0, 8.0, 7.0, 9.0, 0.9])
    assert got.loc["net_sales", ["estimate", "low", "high"]].tolist() == [80.0, 70.0, 90.0]
    calm = order_figures(orders, p * 0 + 0.05, "operator", orders["operator_id"], SHARES)
    found = calm.set_index("measure").loc["orders", ["estimate", "low", "high", "certainty"]]
    assert found.tolist() == pytest.approx([10.0, 8.0, 10.0, 0.97])


def test_net_sales_take_the_amounts_of_the_most_probable_orders():
    """Net sales take the amounts of the most probable orders."""
    orders = _orders(4).assign(net_amount=[100.0, 1.0, 1.0, 1.0])
    p = pd.Series([0.9, 0.1, 0.1, 0.1], index=orders.index)
    got = order_figures(orders, p, "session", orders["session_id"], SHARES).set_index("measure")
    assert got.at["net_sales", "estimate"] == 3.0 and got.at["orders", "estimate"] == 3.0


def test_orders_without_a_probability_are_counted_and_nothing_is_certain():
    """Orders without a probability are counted, and no certainty is stated."""
    orders, nothing = _orders(2), pd.Series(dtype=float)
    for p, shares in ((nothing, SHARES), (pd.Series(0.9, orders.index), None)):
        got = order_figures(orders, p, "session", orders["session_id"], shares)
        found = got.set_index("measure").loc["orders"]
        assert found[["estimate", "low", "high"]].tolist() == [2.0, 2.0, 2.0]
        assert np.isnan(found["certainty"])


def test_a_refunded_order_is_an_order_and_no_net_sale():
    """A refunded order is an order, and no net sale."""
    orders = _orders(2).assign(net_amount=[0.0, 20.0])
    p = pd.Series(0.0, index=orders.index)
    got = order_figures(orders, p, "operator", orders["operator_id"], SHARES).set_index("measure")
    assert got.at["orders", "counted"] == 2 and got.at["net_sales", "counted"] == 20.0


def test_session_figures_follow_the_shares_of_their_measure():
    """Views and viewers follow the share of views; likes without a model stand as counted."""
    shares = {"views": _shares(0.5, 0.4, 0.6, 0.9)}
    got = session_figures(_counted(views=70.0, unique_viewers=30.0, likes=9.0), shares)
    got = got.set_index("measure")
    ends = ["estimate", "low", "high"]
    assert got.loc["views", ends].tolist() == pytest.approx([35.0, 28.0, 42.0])
    assert got.loc["unique_viewers", ends].tolist() == pytest.approx([15.0, 12.0, 18.0])
    assert got.loc["likes", ends].tolist() == [9.0] * 3 and np.isnan(got.at["likes", "certainty"])
    assert got.at["views", "certainty"] == 0.9


@given(
    score=st.floats(0.0, 2.0),
    share=st.floats(0.0, 1.0),
    counted=st.integers(0, 10**6),
    offsets=st.lists(st.floats(-1.0, 1.0), min_size=6, max_size=6),
)
def test_estimates_lie_in_intervals_within_what_was_counted(score, share, counted, offsets):
    """0 <= low <= estimate <= high <= counted, whatever the bands."""
    bands = ShareBands((1.0,), *(tuple(offsets[k : k + 2]) for k in (0, 2, 4)), (0.9, 0.9))
    found = bands.of(np.array([score]), np.array([share])).set_axis(["s"])
    got = session_figures(_counted(views=float(counted)), {"views": found}).iloc[0]
    assert -1e-9 <= got["low"] <= got["estimate"] <= got["high"] <= counted


def test_clean_scores_leave_figures_as_counted():
    """Below the score of taking an estimate is the count, and the interval says what may be."""
    found = BANDS.of(np.array([0.3]), np.array([0.7])).set_axis(["s"])
    got = session_figures(_counted(views=100.0), {"views": found}).iloc[0]
    assert got[["estimate", "low", "high"]].tolist() == pytest.approx([100.0, 10.0, 100.0])


def test_fewer_viewers_are_false_than_views_where_bots_come_back():
    """Six views: a bot three times, a person once, a person twice, once as suspicious as a bot.

    One view has no account.
    """
    who = np.array(["bot", "bot", "bot", "p", "q", "q", None], dtype=object)
    posterior = np.array([0.9, 0.9, 0.9, 0.0, 0.9, 0.0, 0.0])
    of = viewer_factor(
        np.append(posterior, 0.0), np.array(["s"] * 7 + ["clean"]), np.append(who, "p")
    )
    assert of["s"] == pytest.approx((0.9 / 3) / (3.6 / 7)) and of["clean"] == 1.0
    shares = {"views": _shares(0.5, 0.4, 0.6, 0.95)}
    counted = _counted(views=70.0, unique_viewers=30.0)
    got = session_figures(counted, shares, pd.Series({"s": 0.6})).set_index("measure")
    assert got.at["views", "estimate"] == pytest.approx(35.0)
    assert got.loc["unique_viewers", ["estimate", "low", "high"]].tolist() == pytest.approx(
        [21.0, 30 * 0.64, 30 * 0.76]
    )


def test_figure_without_a_share_stands_as_counted():
    """Without share models a figure stands as counted, and nothing is certain."""
    got = session_figures(_counted(views=100.0), {}).iloc[0]
    assert got[["estimate", "low", "high"]].tolist() == [100.0, 100.0, 100.0]
    assert np.isnan(got["certainty"])


def test_what_a_brusher_watched_is_as_false_as_its_order():
    """Two orders of one buyer who watched three times count once; honest buyers' views stay."""
    seen = pd.DataFrame(
        [["r1", "s", "b", 3], ["r2", "s", "b", 3], ["r3", "s", "h", 2]],
        columns=["order_id", "session_id", "buyer_id", "views"],
    )
    got = brushed_views(seen, pd.Series({"r1": 0.8, "r2": 0.7, "r3": 0.3}), 0.6)
    assert got.loc["s"].tolist() == pytest.approx([2.4, 0.8])
    shares = {"views": _shares(0.0, 0.0, 0.1, 0.95)}
    figure = session_figures(_counted(views=10.0), shares, brushed_views=got).iloc[0]
    found = figure[["estimate", "low", "high", "certainty"]].tolist()
    assert found == pytest.approx([7.6, 6.6, 10.0, 0.95])


def _session_rows() -> pd.DataFrame:
    return pd.DataFrame(
        [
            ["session", s, m, "count", 2.0, e, 1.0, 2.0, 0.9, "events"]
            for s, e in (("s1", 1.0), ("s2", 2.0))
            for m in ("views", "unique_viewers")
        ],
        columns=COLUMNS,
    )


def test_an_operators_viewers_are_counted_once_over_its_sessions():
    """Three viewers in two sessions, one in both: four unique viewers, three quarters real."""
    tables = Snapshot.from_frames(
        {
            "sessions": rows("session_id operator_id started_at", "s1 o t0", "s2 o t0"),
            "views": views("s1 a t0 t9", "s1 b t0 t9", "s2 b t0 t9", "s2 c t0 t9"),
        }
    )
    got = operator_figures(_session_rows(), tables, PRIOR).set_index("measure")
    ends = ["counted", "estimate", "low", "high"]
    assert got.loc["views", ends].tolist() == pytest.approx([4.0, 3.0, 2.6, 3.4])
    assert got.loc["unique_viewers", ends].tolist() == pytest.approx([3.0, 2.25, 1.95, 2.55])
    assert got["certainty"].tolist() == [0.9, 0.9]


def test_counters_by_the_minute_are_counted_where_no_view_is():
    """Joins are views; follows less unfollows below zero are no count."""
    minutes = "session_id minute joins likes follows"
    tables = Snapshot.from_frames(
        {
            "sessions": rows("session_id operator_id started_at", "s1 o t0", "s2 o t0"),
            "room_minutes": rows(minutes, "s1 0 5 2 1", "s1 1 7 - 2", "s2 0 3 1 -4"),
        }
    )
    got = counted_figures(tables, pd.Index(["s1", "s2", "s3"], name="session_id"))
    assert got["basis"].unique().tolist() == ["counters"]
    assert got["views"].tolist()[:2] == [12.0, 3.0] and np.isnan(got.at["s3", "views"])
    assert got.at["s1", "likes"] == 2.0 and got.at["s1", "follows"] == 3.0
    assert np.isnan(got.at["s2", "follows"])


def test_totals_have_intervals_of_their_own():
    """A platform's interval is not the sum of its sessions' ends; nothing taken stays counted."""
    got = platform_figures(_session_rows(), PRIOR).set_index("measure")
    assert got.index.tolist() == ["views"] and got.at["views", "entity_id"] == "platform"
    assert got.loc["views", ["estimate", "low", "high"]].tolist() == pytest.approx([3.0, 2.6, 3.4])
    calm = platform_figures(_session_rows().assign(estimate=2.0), PRIOR).iloc[0]
    assert calm[["estimate", "low", "high", "certainty"]].tolist() == [4.0, 3.2, 4.0, 0.97]
    without = platform_figures(_session_rows(), None).iloc[0]
    assert without["estimate"] == without["counted"] and np.isnan(without["certainty"])
