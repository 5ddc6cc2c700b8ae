"""Verdicts on operators label their sessions and orders, and those on sessions their orders."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.engine.snapshot import Snapshot
from training.dataset.bag_labels import BAG_ROW_WEIGHT, MAX_BAG_WEIGHT, positive_shares, with_bags
from training.dataset.labels import entity_moments, operator_verdicts, verdicts, weights
from training.models.registry import BY_NAME

START = pd.Timestamp("2026-01-01")


def verdict(kind, entity, typology, said, day, source="patrol"):
    at = START + pd.Timedelta(days=day)
    return {
        "entity_kind": kind,
        "entity_id": entity,
        "typology": typology,
        "verdict": said,
        "decided_at": at,
        "source": source,
        "received_at": at,
    }


def lake(*rows):
    """Operators a, b and c with a session and two orders a day each."""
    days = pd.Series(np.tile(np.arange(30), 3))
    operator = np.repeat(["a", "b", "c"], 30)
    name = pd.Series(operator) + days.astype(str)
    at = START + pd.to_timedelta(days, unit="D")
    sessions = pd.DataFrame({"session_id": name, "operator_id": operator, "received_at": at})
    orders = pd.concat(
        sessions.assign(order_id=name + mark).rename(columns={}) for mark in ("x", "y")
    )
    outcomes = pd.DataFrame(rows)
    return Snapshot.from_frames({"sessions": sessions, "orders": orders, "outcomes": outcomes})


def labels(tables, kind, typologies):
    direct = verdicts(tables, kind, typologies).join(entity_moments(tables, kind), how="inner")
    return with_bags(tables, kind, typologies, direct)


VIEWS, ORDERS = ("view_fraud", "engagement_fraud"), ("order_fraud", "hostile_brushing")


def test_an_operator_teaches_what_it_did_before_the_verdict():
    """The two weeks before a verdict are labelled by it, of the kind that its typology names."""
    tables = lake(
        verdict("operator", "a", "view_fraud", "confirmed", 20),
        verdict("operator", "b", "order_fraud", "cleared", 20),
    )
    found = labels(tables, "session", VIEWS)
    assert set(found.index) == {f"a{day}" for day in range(6, 20)}
    assert found["confirmed"].eq(1).all() and not found["direct"].any()
    assert found["bag"].nunique() == 1
    assert found["weight"].max() < BAG_ROW_WEIGHT and found["weight"].sum() == pytest.approx(
        MAX_BAG_WEIGHT
    )
    of_orders = labels(tables, "order", ORDERS)
    assert set(of_orders["operator_id"]) == {"b"} and of_orders["confirmed"].eq(0).all()
    assert len(of_orders) == 28


def test_a_verdict_on_the_entity_counts_instead():
    """A session with a verdict of its own keeps it, at full weight, and is known in the bag."""
    tables = lake(
        verdict("operator", "a", "view_fraud", "confirmed", 20),
        verdict("session", "a10", "view_fraud", "cleared", 12),
        verdict("session", "c1", "view_fraud", "confirmed", 12),
    )
    found = labels(tables, "session", VIEWS)
    assert found.loc["a10", ["confirmed", "direct", "weight"]].tolist() == [0, True, 1.0]
    assert found.loc["a10", "bag"] == found.loc["a11", "bag"] and found.loc["c1", "bag"] == ""
    assert found.index.is_unique and len(found) == 15


def test_an_appeal_is_about_what_was_judged_before():
    """A verdict overturned on day 29 clears the window of the first, not the days since."""
    tables = lake(
        verdict("operator", "a", "view_fraud", "confirmed", 14),
        verdict("operator", "a", "view_fraud", "cleared", 29, "appeal"),
    )
    found = labels(tables, "session", VIEWS)
    assert set(found.index) == {f"a{day}" for day in range(14)} and found["confirmed"].eq(0).all()


def test_a_session_teaches_its_orders_before_its_operator_does():
    """Orders of a session that was cleared are cleared, though the operator is confirmed."""
    tables = lake(
        verdict("operator", "a", "order_fraud", "confirmed", 20),
        verdict("session", "a10", "order_fraud", "cleared", 12),
    )
    found = labels(tables, "order", ORDERS)
    assert found.loc[["a10x", "a10y"], "confirmed"].eq(0).all()
    assert found.drop(["a10x", "a10y"])["confirmed"].eq(1).all()


def test_without_verdicts_on_containers_labels_stay_as_they_are():
    """Labels stay as they are without verdicts on containers."""
    tables = lake(verdict("session", "a10", "view_fraud", "cleared", 12))
    assert list(labels(tables, "session", VIEWS).columns) == [
        "confirmed",
        "typology",
        "audited",
        "received_at",
        "operator_id",
    ]


def rows(*given):
    return pd.DataFrame(given, columns=["bag", "confirmed", "direct"])


def test_shares_of_a_bag_are_posteriors_given_that_one_is_false():
    """With small probabilities the shares of a bag sum to one; large ones stay as they are."""
    small, large = np.array([0.01, 0.03]), np.array([0.9, 0.99])
    bag = rows(("a", 1, False), ("a", 1, False))
    found = positive_shares(small, bag, np.array(["x", "y"]))
    assert found == pytest.approx(small / (1 - 0.99 * 0.97)) and found.sum() == pytest.approx(
        1, abs=0.02
    )
    assert positive_shares(large, bag, np.array(["x", "y"])) == pytest.approx(large, abs=2e-3)


def test_a_confirmed_entity_explains_its_bag():
    """A confirmed entity explains its bag."""
    p = np.array([0.2, 0.2, 0.2])
    explained = rows(("a", 1, True), ("a", 1, False), ("b", 0, False))
    assert positive_shares(p, explained, np.array(list("xyz"))).tolist() == [1.0, 0.2, 0.0]
    left = rows(("a", 0, True), ("a", 1, False))
    found = positive_shares(p[:2], left, np.array(list("xy")))
    assert found == pytest.approx([0.0, 1.0])


def test_rows_of_one_entity_are_false_together():
    """A session's prefixes are one member of its bag."""
    bag = rows(("a", 1, False), ("a", 1, False), ("a", 1, False))
    found = positive_shares(np.array([0.1, 0.3, 0.2]), bag, np.array(["x", "x", "y"]))
    assert found == pytest.approx(np.array([0.3, 0.3, 0.2]) / (1 - 0.7 * 0.8))


def test_an_operator_is_labelled_by_verdicts_on_itself():
    """A direct verdict counts instead of its typology's verdicts on sessions; others still do."""
    tables = lake(
        verdict("operator", "a", "view_fraud", "cleared", 20, "random_audit"),
        verdict("session", "a10", "view_fraud", "confirmed", 12),
        verdict("operator", "b", "order_fraud", "confirmed", 20),
        verdict("operator", "c", "view_fraud", "cleared", 20),
        verdict("order", "c10x", "order_fraud", "confirmed", 12),
    )
    model = BY_NAME["operator_rank"]
    found = operator_verdicts(tables, model, START, START + pd.Timedelta(days=28))
    assert found["confirmed"].to_dict() == {"a": 0, "b": 1, "c": 1}
    assert found["accused"].to_dict() == {"a": True, "b": True, "c": True}
    assert found["audited"].to_dict() == {"a": True, "b": False, "c": False}
    later = operator_verdicts(
        tables, model, START + pd.Timedelta(days=21), START + pd.Timedelta(days=49)
    )
    assert later.empty


def test_a_weighted_sample_is_brought_to_the_audited_prevalence():
    """Half as much weight a row leaves the audited share where it is."""
    confirmed = np.array([1] * 30 + [0] * 70 + [1] * 2 + [0] * 18)
    given = pd.DataFrame({"confirmed": confirmed, "audited": np.arange(120) >= 100})
    w = weights(given.assign(weight=np.where(np.arange(120) < 50, 0.5, 1.0)))
    assert np.average(confirmed, weights=w) == pytest.approx(3 / 22)
    assert w[0] == pytest.approx(w[101] * 0.5)


def test_an_operator_label_takes_the_weight_of_appeals():
    """A won appeal weighs as the policy says in the share and in the row of its operator."""
    tables = lake(
        *(verdict("session", f"a{i}", "view_fraud", "cleared", 12) for i in (3, 10)),
        verdict("session", "b10", "view_fraud", "confirmed", 12),
        verdict("session", "c10", "view_fraud", "cleared", 12),
    )
    model, end = BY_NAME["operator_rank"], START + pd.Timedelta(days=28)
    plain = operator_verdicts(tables, model, START, end)
    assert "weight" not in plain

    def weigh(labels, kind):
        is_known = (labels.index == "a3") | (labels.index == "c10")
        return labels.assign(weight=np.where(is_known, 2.0, 1.0)) if kind == "session" else labels

    found = operator_verdicts(tables, model, START, end, weigh)
    assert found["confirmed"].equals(plain["confirmed"])
    assert found["weight"].to_dict() == pytest.approx({"a": 1.5, "b": 1.0, "c": 2.0})
