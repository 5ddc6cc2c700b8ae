"""Corrected figures at worked values: shared fates of orders, counters alone, viewers of an operator counted once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.engine.snapshot import Snapshot
from serving.figures.operator_figures import operator_figures
from serving.figures.order_figures import brushed_views, order_figures
from serving.figures.session_figures import false_share, session_figures
from serving.figures.view_shares import viewer_factor
from serving.scoring.peer_medians import PeerMedians
from tests.spec.tables import rows, views

NOBODY = PeerMedians({}, {}, {})


def test_orders_of_a_session_share_their_fate():
    """Ten orders: two surely false, three perhaps, five surely real: real between 5 and 8, not 6.5 give or take a little."""
    orders = pd.DataFrame(
        {"session_id": "s", "operator_id": "o", "paid_amount": 10.0, "refunded": False},
        index=[f"r{i}" for i in range(10)],
    )
    p = pd.Series([0.96, 0.96, 0.5, 0.5, 0.5, 0.05, 0.01, 0.01, 0.0, 0.0], index=orders.index)
    got = order_figures(orders, p, "session", "session_id").set_index("measure")
    assert got.loc["orders", ["counted", "low", "high"]].tolist() == [10.0, 5.0, 8.0]
    assert (
        got.at["orders", "estimate"] == pytest.approx(10 - p.sum())
        and got.at["net_sales", "low"] == 50.0
    )
    assert got.at["orders", "certainty"] == pytest.approx(
        0.96 - 0.05
    )  # draws of 5 % to 96 % give 5 to 8


def test_orders_without_a_probability_are_counted_and_nothing_is_certain():
    orders = pd.DataFrame(
        {"session_id": "s", "operator_id": "o", "paid_amount": 10.0, "refunded": False},
        index=["a", "b"],
    )
    got = order_figures(
        orders, pd.Series(np.nan, index=orders.index), "session", "session_id"
    ).set_index("measure")
    assert got.loc["orders", ["estimate", "low", "high"]].tolist() == [2.0, 2.0, 2.0] and np.isnan(
        got.at["orders", "certainty"]
    )


def test_a_refunded_order_is_an_order_and_no_net_sale():
    orders = pd.DataFrame(
        {
            "session_id": "s",
            "operator_id": "o",
            "paid_amount": [10.0, 20.0],
            "refunded": [True, False],
        },
        index=["a", "b"],
    )
    got = order_figures(
        orders, pd.Series(0.0, index=orders.index), "operator", "operator_id"
    ).set_index("measure")
    assert got.at["orders", "counted"] == 2 and got.at["net_sales", "counted"] == 20.0


@pytest.mark.parametrize(
    ("q", "measured", "low", "high", "certainty"),
    [
        (0.05, 0.0, 0.0, 0.0, 0.95),  # just possible: nothing is false, and that holds with 95 %
        (0.10, 0.0, 0.0, 1.0, 1.0),  # possible, and then as much as there is
        (0.95, 0.6, 0.0, 1.0, 1.0),
        (1.00, 0.6, 0.62, 1.0, 0.95),  # surely inflated: five in a hundred below 0.6 to 1
    ],
)
def test_interval_leaves_out_a_twentieth(q, measured, low, high, certainty):
    """An interval leaves out a twentieth, but neither nothing nor everything."""
    got = false_share(pd.Series([q]), pd.Series([measured])).iloc[0]
    assert got[["low", "high", "certainty"]].tolist() == pytest.approx([low, high, certainty])
    assert got["share"] == pytest.approx(q * (measured + 1) / 2)


def test_intervals_of_a_mixture_hold_as_often_as_they_say():
    """Ten thousand figures, each false at all with its probability, then anywhere between what was measured and everything."""
    rng = np.random.default_rng(11)
    q, measured = (
        rng.random(10_000) ** 3,
        np.where(rng.random(10_000) < 0.5, 0.0, rng.random(10_000)),
    )
    truth = np.where(rng.random(10_000) < q, measured + (1 - measured) * rng.random(10_000), 0.0)
    got = false_share(pd.Series(q), pd.Series(measured))
    found = (got["low"] - 1e-12 <= truth) & (truth <= got["high"] + 1e-12)
    assert found.mean() == pytest.approx(got["certainty"].mean(), abs=0.01)
    for least, most in ((0.0, 0.951), (0.951, 0.99), (0.99, 1.01)):
        some = got["certainty"].between(least, most)
        assert found[some].mean() == pytest.approx(got["certainty"][some].mean(), abs=0.02)


def test_from_counters_alone_the_interval_is_wider():
    signals = pd.DataFrame(index=pd.Index(["e", "c"], name="session_id"))
    counted = pd.DataFrame({"views": 100.0, "basis": ["events", "counters"]}, index=signals.index)
    shares = pd.DataFrame(
        {"share": 0.1, "low": 0.0, "high": 0.3, "certainty": 0.95, "viewers": 1.0}, index=["e"]
    )
    got = session_figures(
        signals, counted, pd.Series(0.4, index=signals.index), NOBODY, view_shares=shares
    ).set_index("entity_id")
    assert got.loc["e", ["low", "high"]].tolist() == [70.0, 100.0]
    assert got.loc["c", ["low", "high"]].tolist() == [0.0, 100.0]


def test_fewer_viewers_are_false_than_views_where_bots_come_back():
    """Six views: one bot that came three times, one person once, one person twice, once as suspicious as a bot; nobody known once."""
    who = np.array(["bot", "bot", "bot", "p", "q", "q", None], dtype=object)
    posterior = np.array([0.9, 0.9, 0.9, 0.0, 0.9, 0.0, 0.0])
    of = viewer_factor(
        np.append(posterior, 0.0), np.array(["s"] * 7 + ["clean"]), np.append(who, "p")
    )
    assert of["s"] == pytest.approx((0.9 / 3) / (3.6 / 7)) and of["clean"] == 1.0
    counted = pd.DataFrame(
        {"views": [70.0], "unique_viewers": [30.0], "basis": "events"},
        index=pd.Index(["s"], name="session_id"),
    )
    shares = pd.DataFrame(
        {"share": [0.5], "low": 0.4, "high": 0.6, "certainty": 0.95, "viewers": 0.6},
        index=counted.index,
    )
    got = session_figures(
        pd.DataFrame(index=counted.index),
        counted,
        pd.Series([1.0], counted.index),
        NOBODY,
        view_shares=shares,
    ).set_index("measure")
    assert got.at["views", "estimate"] == pytest.approx(35.0)
    assert got.loc["unique_viewers", ["estimate", "low", "high"]].tolist() == pytest.approx(
        [21.0, 30 * 0.64, 30 * 0.76]
    )


def test_figure_without_a_probability_stands_as_counted():
    """Without a probability a figure stands as counted, and nothing is certain."""
    signals = pd.DataFrame(index=pd.Index(["s"], name="session_id"))
    counted = pd.DataFrame({"views": [100.0], "basis": "events"}, index=signals.index)
    got = session_figures(signals, counted, pd.Series(np.nan, index=signals.index), NOBODY).iloc[0]
    assert got[["estimate", "low", "high"]].tolist() == [100.0, 100.0, 100.0] and np.isnan(
        got["certainty"]
    )


def test_unaccused_likes_are_false_a_third_as_often():
    """Likes that no signal accuses are false a third as often as engagement is."""
    signals = pd.DataFrame(index=pd.Index(["s"], name="session_id"))
    counted = pd.DataFrame(
        {"views": [100.0], "likes": [100.0], "basis": "events"}, index=signals.index
    )
    p = pd.Series(0.8, index=signals.index)
    got = session_figures(signals, counted, p, NOBODY, engagement=p * 0.75).set_index("measure")
    assert got.at["likes", "estimate"] == pytest.approx(100 * (1 - 0.2 / 2)) and got.at[
        "views", "estimate"
    ] == pytest.approx(60.0)


def test_what_a_brusher_watched_is_as_false_as_its_order():
    """Two orders of one buyer who watched three times count once, by the more suspicious; an honest buyer's views stay."""
    seen = pd.DataFrame(
        [["r1", "s", "b", 3], ["r2", "s", "b", 3], ["r3", "s", "h", 2]],
        columns=["order_id", "session_id", "buyer_id", "views"],
    )
    got = brushed_views(seen, pd.Series({"r1": 0.5, "r2": 0.2, "r3": 0.0})).set_index("measure")
    assert got.loc["views", ["share", "low", "high"]].tolist() == [1.5, 0.0, 3.0]
    assert got.loc["unique_viewers", ["share", "low", "high"]].tolist() == [0.5, 0.0, 1.0]
    signals = pd.DataFrame(index=pd.Index(["s"], name="session_id"))
    counted = pd.DataFrame({"views": [10.0], "basis": "events"}, index=signals.index)
    figure = session_figures(
        signals,
        counted,
        pd.Series(0.0, index=signals.index),
        NOBODY,
        brushed_views=got.reset_index(),
    ).iloc[0]
    assert figure[["estimate", "low", "high", "certainty"]].tolist() == [8.5, 7.0, 10.0, 1.0]


def test_an_operators_viewers_are_counted_once_over_its_sessions():
    """Three viewers in two sessions, one in both: four unique viewers of sessions, of which three quarters are held real."""
    tables = Snapshot.from_frames(
        {
            "sessions": rows("session_id operator_id started_at", "s1 o t0", "s2 o t0"),
            "views": views("s1 a t0 t9", "s1 b t0 t9", "s2 b t0 t9", "s2 c t0 t9"),
        }
    )
    figures = pd.DataFrame(
        [
            ["session", s, m, "count", 2.0, e, 1.0, 2.0, 0.9 if s == "s1" else 0.97, "events"]
            for s, e in (("s1", 1.0), ("s2", 2.0))
            for m in ("views", "unique_viewers")
        ],
        columns=[
            "entity_kind",
            "entity_id",
            "measure",
            "unit",
            "counted",
            "estimate",
            "low",
            "high",
            "certainty",
            "basis",
        ],
    )
    got = operator_figures(figures, tables).set_index("measure")
    assert got.loc["views", ["counted", "estimate", "low", "high"]].tolist() == [4.0, 3.0, 2.0, 4.0]
    assert np.allclose(
        got.loc["unique_viewers", ["counted", "estimate", "low", "high"]].astype(float),
        [3.0, 2.25, 1.5, 3.0],
    )
    assert got["certainty"].tolist() == [0.9, 0.9]  # that of the least certain session
