"""One desk of a module, served to several people in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from serving.desk.web.application import desk_application
from tests.serving.desk.cases.working import cases_of
from tests.serving.desk.conftest import desk_in, log_in
from tests.serving.desk.looks import watched_pages
from tests.serving.desk.people import Clock, People
from tests.serving.desk.serving import served


@pytest.fixture(scope="module")
def shared(desk_lake, empty_database, tmp_path_factory) -> Iterator:
    """One desk of the module with the application that serves it."""
    folder = tmp_path_factory.mktemp("acts")
    with desk_in(folder, desk_lake, empty_database, Clock()) as desk:
        people = People(desk)
        people.add("li", "patrol")
        people.add("chen", "lead")
        cases_of(desk)
        yield desk, desk_application(desk), people


@pytest.fixture(scope="module")
def address(shared) -> Iterator[str]:
    with served(shared[1]) as url:
        yield url


@pytest.fixture
def desk(shared):
    return shared[0]


@pytest.fixture
def person_page(browser, address, shared) -> Iterator:
    """`person_page("li", "patrol")` is a page of a person who is logged in."""
    _, application, people = shared
    with watched_pages(browser, address) as open_page:
        yield lambda name, *roles: open_page(log_in(application, people, name, *roles)[0])
