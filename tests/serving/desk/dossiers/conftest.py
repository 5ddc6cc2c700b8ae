"""One desk over the published small world for all tests of a module; nothing is written into it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from data_contracts.lake import Lake
from serving.desk.accounts.directory import NewAccount, add_account
from serving.desk.accounts.logins.sessions import open_login
from serving.desk.desk import Desk
from serving.desk.store.database import Database
from serving.desk.web.application import desk_application
from serving.policy.load import load_policy
from tests.serving.desk.looks import watched_pages
from tests.serving.desk.serving import served

NOW = datetime(2026, 1, 21, 4, tzinfo=UTC)
BASE_URL = "http://127.0.0.1"


@dataclass(frozen=True)
class ReadingDesk:
    """A desk, its application, and `client(role, language)` that is logged in."""

    desk: Desk
    application: object

    def token(self, role: str, language: str = "en") -> str:
        """The token of a login with one role."""
        desk = self.desk
        with desk.database.transaction() as session:
            name = f"{role} {language} {time.monotonic_ns()}"
            row = add_account(session, NewAccount(name, (role,), language), desk.clock())
            session.flush()
            return open_login(session, row.id, "test", desk.clock())[0]

    def client(self, role: str = "viewer", language: str = "en") -> TestClient:
        """A client that is logged in with one role."""
        http = TestClient(self.application, base_url=BASE_URL, follow_redirects=False)
        http.cookies.set("desk_login", self.token(role, language))
        return http


@pytest.fixture(scope="session")
def reading(published, night, tmp_path_factory) -> Iterator[ReadingDesk]:
    """A desk over the published small world."""
    folder = tmp_path_factory.mktemp("reading")
    database = Database.open(f"sqlite:///{folder}/desk.sqlite")
    desk = Desk(Lake.open(published), database, load_policy(), lambda: NOW)
    yield ReadingDesk(desk, desk_application(desk))
    database.engine.dispose()


@pytest.fixture(scope="session")
def reading_url(reading) -> Iterator[str]:
    """The address of that desk, served by uvicorn in a thread."""
    with served(reading.application) as address:
        yield address


@pytest.fixture
def reading_page(browser, reading, reading_url) -> Iterator[Callable]:
    """Opens a page of chromium that is logged in; fails on console errors and requests outside."""
    with watched_pages(browser, reading_url) as open_page:

        def open_in_language(language: str = "en", **options):
            return open_page(reading.token("viewer", language), **options)

        yield open_in_language
