"""A desk over the published small world: its accounts, a client, and a page in a browser."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from data_contracts.lake import Lake
from serving.desk.accounts.logins.sessions import open_login
from serving.desk.accounts.permissions import ROLES
from serving.desk.desk import Desk
from serving.desk.store.database import Database
from serving.desk.store.tables.accounts import AccountRow
from serving.desk.web.application import desk_application
from serving.policy.load import load_policy
from tests.serving.desk.looks import watched_pages
from tests.serving.desk.people import Clock, People
from tests.serving.desk.serving import served
from tests.whole.night_runs import copied

CHROMIUM = Path("/usr/bin/chromium")
BASE_URL = "http://127.0.0.1"


@dataclass
class DeskClient:
    """A browser without scripts that is logged in: `get` pages, `submit` their forms."""

    http: TestClient
    account: AccountRow | None = None

    def get(self, path: str, **options):
        return self.http.get(path, **options)

    def fields(self, path: str) -> dict[str, str]:
        """Token and key of the forms of a page."""
        text = self.get(path).text
        return {n: _hidden(text, n) for n in ("csrf", "once")}

    def submit(self, path: str, page: str = "/account", **form):
        """Post a form as a page of the desk has it. `files` are sent as attachments."""
        files = form.pop("files", None)
        return self.http.post(path, data=self.fields(page) | form, files=files)


def browser_of(application) -> TestClient:
    """A browser without scripts that asks for English and follows no redirect."""
    english = {"accept-language": "en-GB,en"}
    return TestClient(application, base_url=BASE_URL, follow_redirects=False, headers=english)


def _hidden(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found, f"the page has no form with {name}"
    return found.group(1)


@pytest.fixture(scope="session")
def desk_lake(published, tmp_path_factory) -> Path:
    """A copy of the published lake that desks of tests copy again; do not write into it."""
    return copied(published, tmp_path_factory.mktemp("desk") / "lake")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory) -> Path:
    """A file of SQLite that is migrated and empty, to be copied."""
    path = tmp_path_factory.mktemp("database") / "desk.sqlite"
    Database.open(f"sqlite:///{path}").engine.dispose()
    return path


@contextmanager
def desk_in(folder: Path, lake: Path, empty_database: Path, clock: Clock) -> Iterator[Desk]:
    """A desk in a folder, with copies of a lake and of an empty database."""
    shutil.copytree(lake, folder / "lake", copy_function=_link_or_copy)
    shutil.copy2(empty_database, folder / "desk.sqlite")
    database = Database.open(f"sqlite:///{folder}/desk.sqlite")
    yield Desk(Lake.open(folder / "lake"), database, load_policy(), clock)
    database.engine.dispose()


@pytest.fixture
def desk(desk_lake, empty_database, tmp_path, clock) -> Iterator[Desk]:
    """A desk with a lake and a database of its own."""
    with desk_in(tmp_path, desk_lake, empty_database, clock) as one:
        yield one


def _link_or_copy(source: str, target: str) -> None:
    """Parquet files are never written into, so a link is a copy; records are copied."""
    if source.endswith(".parquet"):
        Path(target).hardlink_to(source)
    else:
        shutil.copy2(source, target)


@pytest.fixture
def people(desk) -> People:
    return People(desk)


@pytest.fixture
def application(desk):
    return desk_application(desk)


def log_in(application, people: People, name: str, *roles: str) -> tuple[str, AccountRow]:
    """Log an account in with its key open; returns the token of the login, and the account."""
    row = people.add(name, *(roles or ROLES))
    with people.desk.database.transaction() as session:
        token, login_id = open_login(session, row.id, "test", people.desk.clock())
    application.user_middleware[0].kwargs["site"].keys.put(login_id, people.keys[name])
    return token, row


@pytest.fixture
def client(application, people) -> Callable[..., DeskClient]:
    """`client("patrol", name="li")` is logged in with these roles; `client()` with all of them."""

    def logged_in(*roles: str, name: str = "wang") -> DeskClient:
        token, row = log_in(application, people, name, *roles)
        http = browser_of(application)
        http.cookies.set("desk_login", token)
        return DeskClient(http, row)

    return logged_in


@pytest.fixture
def visitor(application) -> DeskClient:
    """A browser that is not logged in."""
    return DeskClient(browser_of(application))


@pytest.fixture
def desk_url(application) -> Iterator[str]:
    """The address of the desk, served by uvicorn in a thread."""
    with served(application) as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    """Debian's chromium; tests that need it are skipped, saying so, where it is absent.

    It is stopped with its module: while it runs nothing else in the thread can run a loop.
    """
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed (apt-get install chromium)")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        yield opened
        opened.close()


@pytest.fixture
def browser_page(browser, desk_url, client):
    """`browser_page("patrol")` is a page of chromium, logged in; at `page.desk_url` is the desk.

    The test fails on an error in its console, and on a request that leaves the machine.
    """
    with watched_pages(browser, desk_url) as open_page:

        def open_with_roles(*roles: str, name: str = "wang", **options):
            return open_page(client(*roles, name=name).http.cookies["desk_login"], **options)

        yield open_with_roles
