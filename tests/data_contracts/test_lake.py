"""A lake knows its paths, and its pointer names the run of each date."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from data_contracts.runs import publish, published_runs, read_outbound, run_before, run_folder


def orders(count: int, day: str) -> pd.DataFrame:
    """Orders of one operator, received at noon of a day."""
    at = pd.Timestamp(day) + pd.Timedelta(hours=12)
    return pd.DataFrame(
        {
            "order_id": [f"{day}-{i}" for i in range(count)],
            "operator_id": "o1",
            "merchant_id": "m1",
            "buyer_id": "b1",
            "placed_at": at,
            "received_at": at,
        }
    )


def test_open_refuses_what_is_no_folder(tmp_path):
    """`Lake.open` takes a folder as text, as a path or as a lake, and says what is no folder."""
    assert Lake.open(str(tmp_path)) == Lake.open(tmp_path) == Lake.open(Lake(tmp_path))
    with pytest.raises(LakeProblem, match=r"is not a folder\. A lake is a folder"):
        Lake.open(tmp_path / "absent")


def test_files_of_a_table_in_one_file_and_by_day(tmp_path):
    """A table is one file, a folder of files, or both; an absent table has none."""
    lake = Lake(tmp_path)
    assert lake.files("orders") == [] and lake.delivered() == []
    lake.write_by_day("orders", pd.concat([orders(2, "2026-01-05"), orders(1, "2026-01-06")]))
    (tmp_path / "orders.parquet").write_bytes(b"")
    assert [lake.relative(f) for f in lake.files("orders")] == [
        "orders.parquet",
        "orders/day=2026-01-05/part-0.parquet",
        "orders/day=2026-01-06/part-0.parquet",
    ]
    assert lake.delivered() == ["orders"]


def test_every_path_lies_below_the_lake(tmp_path):
    """Paths of runs, ledger and gate differ and lie below the root."""
    lake = Lake(tmp_path)
    named = [n for n in dir(Lake) if isinstance(getattr(Lake, n), property)]
    paths = [getattr(lake, n) for n in named]
    paths += [lake.run("r"), lake.unfinished_run("r"), lake.evidence_package("m")]
    assert len(set(paths)) == len(paths) > 15
    assert all(p.is_relative_to(tmp_path) and p != tmp_path for p in paths)


def test_a_date_points_at_its_last_published_run(tmp_path):
    """Publishing a date again replaces its run, and the run before a date is the latest earlier."""
    lake = Lake(tmp_path)
    lake.runs.mkdir()
    assert published_runs(lake) == {} and run_before(lake, date(2026, 1, 9)) is None
    with pytest.raises(LakeProblem, match="has no published night"):
        run_folder(lake)
    for run, day in (("a", 6), ("b", 5), ("c", 6)):
        publish(lake, run, date(2026, 1, day))
    assert published_runs(tmp_path) == {"2026-01-05": "b", "2026-01-06": "c"}
    assert run_folder(tmp_path) == lake.run("c") and run_folder(lake, "2026-01-05") == lake.run("b")
    assert run_before(lake, date(2026, 1, 6)) == "b"
    with pytest.raises(LakeProblem, match="no night of 2026-01-07 is published"):
        run_folder(lake, "2026-01-07")


def test_absent_outbound_table_is_empty_and_inbound_refused(tmp_path):
    """An outbound table that was not written is empty; an inbound one is refused by its place."""
    lake = Lake(tmp_path)
    lake.run("a").mkdir(parents=True)
    (lake.run("a") / "manifest.json").write_text('{"run_id": "a"}', "utf-8")
    publish(lake, "a", date(2026, 1, 5))
    assert read_outbound(lake, "scores").empty and read_outbound(lake, "quarantine").empty
    with pytest.raises(LakeProblem, match="orders is an inbound table; it lies in"):
        read_outbound(lake, "orders")


def test_rows_without_receipt_are_refused_by_number(tmp_path):
    """No row goes missing when a table is written by day: undated rows refuse the delivery."""
    frame = orders(3, "2026-01-05")
    frame.loc[1, "received_at"] = pd.NaT
    lake = Lake(tmp_path)
    with pytest.raises(LakeProblem, match="1 of 3 rows have no received_at"):
        lake.write_by_day("orders", frame)
    assert lake.delivered() == []
