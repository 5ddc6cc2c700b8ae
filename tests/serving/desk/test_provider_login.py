"""Login by an identity provider that runs in the process of the test."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import httpx
import pytest

from serving.desk.accounts.directory import list_accounts
from serving.desk.accounts.logins.provider_settings import (
    ProviderSettingsRefused,
    read_provider,
)
from serving.desk.web.application import desk_application
from serving.desk.web.settings import WebSettings
from tests.serving.desk.conftest import BASE_URL, DeskClient, browser_of
from tests.serving.desk.identity_provider import CLIENT_SECRET, IdentityProvider, served
from tests.serving.desk.looks import press, watched_pages
from tests.serving.desk.serving import served as served_desk

FILE = """
issuer = "{issuer}"
client_id = "desk"
client_secret_file = "secret"
name = "Example ID"
[roles]
patrols = ["viewer", "patrol"]
leads = ["viewer", "lead"]
"""


@pytest.fixture
def provider(clock):
    with served(IdentityProvider(clock)) as one:
        yield one


@pytest.fixture
def settings(provider, tmp_path, monkeypatch):
    monkeypatch.setenv("STEELYARD_DESK_KEY", str(tmp_path / "keys" / "desk.key"))
    return settings_at(BASE_URL, provider.url, tmp_path)


@pytest.fixture
def application(desk, settings):
    return desk_application(desk, settings)


def settings_at(address: str, issuer: str, folder: Path) -> WebSettings:
    """Settings of a desk at an address whose accounts log in at a provider."""
    (folder / "secret").write_text(CLIENT_SECRET)
    (folder / "provider.toml").write_text(FILE.format(issuer=issuer))
    return WebSettings(address, read_provider(folder / "provider.toml"))


def leave(browser: DeskClient, **form: str) -> str:
    """Ask for a login by the provider; returns where the browser is sent back to."""
    page = browser.submit("/login/provider", "/login", **form)
    assert page.status_code == 200, page.text
    target = unescape(re.search(r'content="0; url=([^"]+)"', page.text).group(1))
    return httpx.get(target).headers["location"].removeprefix(BASE_URL)


def names(desk) -> dict[str, list[str]]:
    with desk.database.snapshot() as session:
        return {a.name: a.roles for a in list_accounts(session)}


def test_user_of_a_provider_logs_in(visitor, desk, provider):
    """A first login makes the account, the next finds it by its subject, with roles of today."""
    assert "Log in by Example ID" in visitor.get("/login").text
    provider.user["preferred_username"] = "li"
    page = visitor.get(leave(visitor, next="/nights"))
    assert page.status_code == 200 and 'url=/nights"' in page.text
    assert visitor.get("/nights").status_code == 200
    assert names(desk) == {"li": ["viewer", "patrol"]}
    provider.user |= {"preferred_username": "renamed", "groups": ["leads", "unknown"]}
    again = DeskClient(browser_of(visitor.http.app))
    assert again.get(leave(again)).status_code == 200
    assert names(desk) == {"li": ["viewer", "lead"]}


def test_key_of_a_provider_account_is_open(visitor, provider, desk, application):
    """The personal key of such an account opens with the login, and it is the same each time."""
    opened = set()
    for _ in range(2):
        browser = DeskClient(browser_of(application))
        browser.get(leave(browser))
        keys = application.user_middleware[0].kwargs["site"].keys
        opened |= {key.public.id for _, key in keys._keys.values()}
    assert len(opened) == 1


def test_login_by_a_provider_in_a_browser(desk, provider, settings, browser, tmp_path):
    """One click leads to the provider and back to the page that was asked for; log out ends it."""

    def at(address: str):
        return desk_application(desk, settings_at(address, provider.url, tmp_path))

    with served_desk(at) as url, watched_pages(browser, url, provider.url) as open_page:
        page = open_page(None)
        page.goto("/nights")
        press(page.get_by_role("button", name="Log in by Example ID"))
        page.wait_for_url("**/nights")
        page.goto("/account")
        assert "u-1" in page.inner_text(".who") and not page.locator('a[href="/unlock"]').count()
        press(page.get_by_role("button", name="Log out"))
        page.goto("/nights")
        assert "/login?next=" in page.url


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "other"},
        {"aud": "another client"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"discovery": {"issuer": "https://evil.example"}},
        {"discovery": {"jwks_uri": "http://evil.example/jwks"}},
    ],
    ids=str,
)
def test_what_a_provider_gets_wrong_is_refused(visitor, desk, provider, wrong):
    """A token of another login, client, issuer or time, or keys from elsewhere, open nothing."""
    target = leave(visitor)
    provider.wrong = wrong
    assert visitor.get(target).status_code == 502
    assert names(desk) == {} and visitor.get("/").status_code == 303


def test_signature_of_another_key_is_refused(visitor, desk, provider):
    """A token that another key signed opens nothing."""
    provider.other_key = True
    assert visitor.get(leave(visitor)).status_code == 502
    assert names(desk) == {}


def test_state_is_of_one_browser_and_counts_once(visitor, application):
    """Another browser cannot finish a login, and nobody can finish it twice."""
    target = leave(visitor)
    thief = DeskClient(browser_of(application))
    assert thief.get(target).status_code == 403
    state = visitor.http.cookies["desk_provider"]
    assert visitor.get(target).status_code == 200
    visitor.http.cookies.set("desk_provider", state)
    assert visitor.get(target).status_code == 403


def test_no_group_no_login(visitor, desk, provider):
    """A user without a group that has a role does not get in, whoever vouches for it."""
    provider.user["groups"] = ["administrators"]
    assert visitor.get(leave(visitor)).status_code == 403
    assert names(desk) == {}


def test_provider_takes_over_no_local_account(visitor, desk, provider, people):
    """A user of the provider with the name of a local account does not become it."""
    people.add("wang", "administrator")
    provider.user["preferred_username"] = "wang"
    assert visitor.get(leave(visitor)).status_code == 403
    assert names(desk) == {"wang": ["administrator"]}


def test_text_waits_for_a_login_at_the_provider(visitor, provider):
    """A form that was sent without a login is shown again after the login at the provider."""
    unsent = '["/account/password", [["note", "a long note"]]]'
    page = visitor.get(leave(visitor, unsent=unsent))
    assert page.status_code == 200 and "a long note" in page.text and "Check it" in page.text


@pytest.mark.parametrize(
    "change",
    [
        ("issuer = ", "issuer = 'http://id.example'\nx = "),
        ('"patrol"]', '"root"]'),
        ('"secret"', '"none"'),
        ("client_id", "client"),
        ("[roles]", "[roles"),
    ],
)
def test_settings_that_cannot_be_followed_are_refused(tmp_path, change):
    """A file of a provider that is not safe or not whole is refused before the desk opens."""
    (tmp_path / "secret").write_text("x")
    (tmp_path / "p.toml").write_text(FILE.format(issuer="https://id.example").replace(*change))
    with pytest.raises(ProviderSettingsRefused):
        read_provider(tmp_path / "p.toml")
