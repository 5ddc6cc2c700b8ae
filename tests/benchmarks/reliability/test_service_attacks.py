"""A small slice of overload and soak against a service that is started for real."""

from __future__ import annotations

import pytest

from benchmarks.reliability import overload, soak
from benchmarks.reliability.attack import Scale
from benchmarks.reliability.served.process import publish_order_lake, running_service

FIGURES_OF_TIME = {
    "overload-goodput",
    "overload-patient",
    "overload-refusals",
    "overload-half-open",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    with running_service(publish_order_lake(folder / "lake"), folder / "log") as one:
        yield one


def test_a_service_stands_ten_times_its_connections(service):
    """Nothing fails, nobody is starved and floods are refused; times are judged on the page."""
    rows = {row["id"]: row for row in overload.attack_service(service, Scale.SMALL)}
    missed = {name: row for name, row in rows.items() if row["holds"] is False}
    assert set(missed) <= FIGURES_OF_TIME, missed
    assert rows["overload-goodput"]["value"] > 0.4


def test_a_service_stands_a_mixed_load(service):
    """No answer is 5xx, none is lost, the chain holds and nothing grows."""
    rows = soak.soak_service(service, Scale.SMALL)
    assert [row for row in rows if row["holds"] is False] == []
