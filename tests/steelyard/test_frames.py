"""Frames of other systems: converted where nothing is lost, else refused with column and reason."""

from decimal import Decimal

import pandas as pd
import pytest

import steelyard
from data_contracts.errors import LakeProblem, StructuralBreak
from data_contracts.frame_checks import FrameNote
from tests.steelyard.test_door import SESSIONS, START, frames_of, views_of


def test_foreign_types_are_converted():
    """Whole ids become text, zones UTC, decimals and text numbers; values are those of a night."""
    orders = pd.DataFrame(
        {
            "order_id": [6_921_234_567_890_123_457, 6_921_234_567_890_123_458],
            "operator_id": pd.Categorical(["o1", "o1"]),
            "buyer_id": [1.0, 2.0],
            "placed_at": pd.to_datetime([START, START]).tz_localize("Asia/Shanghai"),
            "paid_amount": [Decimal("19.90"), Decimal("5")],
            "list_amount": ["20", "5.5"],
        }
    )
    rows = steelyard.snapshot({"orders": orders})["orders"].to_pandas().iloc[0]
    assert (rows["order_id"], rows["buyer_id"]) == ("6921234567890123457", "1")
    assert rows["placed_at"] == START - pd.Timedelta(hours=8)
    assert (rows["paid_amount"], rows["list_amount"]) == (19.9, 20.0)


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("order_id", [6.921234567890123e18], ["order_id", "more digits", "dtype=str"]),
        ("placed_at", [1_767_600_000], ["placed_at", "unit='s'"]),
        ("paid_amount", ["ten"], ["paid_amount", "'ten'", "pd.to_numeric"]),
        ("quantity", ["1.5"], ["quantity", "'1.5'"]),
        ("buyer_id", [b"x"], ["buyer_id", "bytes"]),
    ],
)
def test_what_would_be_lost_is_refused(column, values, words):
    """A conversion that would lose or invent something is refused with column and reason."""
    orders = pd.DataFrame(
        {"order_id": ["1"], "operator_id": "o1", "buyer_id": "b1", "placed_at": START}
    )
    with pytest.raises(StructuralBreak) as refused:
        steelyard.compute({"orders": orders.assign(**{column: values})})
    assert all(word in str(refused.value) for word in words), refused.value


def test_an_empty_result_is_never_silent():
    """Tables that tell of no such entity are refused, and a result without rows is said."""
    with pytest.raises(LakeProblem, match=r"no signal of entity 'order' .* from views; add orders"):
        steelyard.compute({"views": views_of([2])}, entity="order")
    empty = {name: frame.head(0) for name, frame in frames_of([2]).items()}
    with pytest.warns(FrameNote, match="there is no session: sessions has 0 rows, views has 0"):
        values = steelyard.compute(empty, signals=["view_count"])
    assert values.empty and list(values.columns) == ["view_count"]
    with pytest.warns(FrameNote, match="no contract names are passed over: basket"):
        steelyard.compute(
            {"views": views_of([2], basket=1), "sessions": SESSIONS}, signals=["view_count"]
        )
