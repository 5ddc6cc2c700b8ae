"""The desk from the command line: opened, managed, stopped; two desks on one file."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys

import httpx
import pytest
from typer.testing import CliRunner

from data_contracts.errors import LakeProblem
from serving.cli.main import app
from serving.desk.web.server import open_desk
from serving.desk.web.settings import SettingsRefused, settings_for

PASSWORD = "correct horse battery"


@pytest.fixture
def lake(tmp_path):
    """A lake whose nights are yet to come."""
    (tmp_path / "lake" / "runs").mkdir(parents=True)
    (tmp_path / "lake" / "runs" / "published.json").write_text("{}")
    return tmp_path / "lake"


def run(*arguments: str):
    done = CliRunner().invoke(app, [*arguments, "--json"])
    if done.exception is not None:
        raise done.exception
    return json.loads(done.stdout)


def hidden(page: httpx.Response) -> dict[str, str]:
    return {
        n: re.search(f'name="{n}" value="([^"]*)"', page.text).group(1) for n in ("csrf", "once")
    }


def set_password(browser: httpx.Client, link: str, name: str) -> None:
    token = link.rpartition("token=")[2]
    page = browser.get("/setup", params={"token": token})
    form = {"token": token, "name": name, "password": PASSWORD, "password_again": PASSWORD}
    assert browser.post("/setup", data=hidden(page) | form).headers["location"] == "/login"


def test_two_desks_serve_one_lake_and_stop(lake):
    """A desk prints its address and the first link; another process shares its accounts."""
    command = [sys.executable, "-m", "serving.cli.main", "desk", str(lake), "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            lines = iter(running.stdout.readline, "}\n")
            opened = json.loads("".join(lines) + "}")
            assert opened["address"].startswith("http://127.0.0.1:")
            with httpx.Client(base_url=opened["address"], timeout=30) as browser:
                set_password(browser, opened["setup"], "root")
                # this process writes to the same file while the other serves it
                added = run("desk-account", "add", str(lake), "li", "--role", "viewer")[0]
                set_password(browser, added["link"], "li")
                page = browser.get("/login")
                form = {"name": "li", "password": PASSWORD, "next": "/account"}
                answer = browser.post("/login", data=hidden(page) | form)
                assert answer.headers["location"] == "/account"
                assert browser.get("/account").status_code == 200
                run("desk-account", "disable", str(lake), "li")
                assert browser.get("/account").status_code == 303
        finally:
            running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 0
    names = {a["account"]: a["state"] for a in run("desk-account", "list", str(lake))}
    assert names == {"root": "active", "li": "disabled"}
    private = [p for p in (lake / "desk").iterdir() if p.stat().st_mode & 0o077]
    assert private == [] and (lake / "desk").stat().st_mode & 0o077 == 0


def test_accounts_are_managed_from_the_command_line(lake):
    """An account is added with a link, disabled, enabled, and given another link."""
    added = run("desk-account", "add", str(lake), "li", "--role", "patrol", "--role", "lead")[0]
    assert added["roles"] == "patrol,lead" and added["link"].startswith("/setup?token=")
    assert run("desk-account", "list", str(lake))[0]["login"] == "invited"
    assert run("desk-account", "disable", str(lake), "li")[0]["state"] == "disabled"
    assert run("desk-account", "enable", str(lake), "li")[0]["state"] == "active"
    link = run(
        "desk-account", "reset-password", str(lake), "li", "--public-url", "https://d.example"
    )
    assert link[0]["link"].startswith("https://d.example/setup?token=")
    for again in (["add", str(lake), "li", "--role", "lead"], ["disable", str(lake), "nobody"]):
        assert CliRunner().invoke(app, ["desk-account", *again]).exception.exit_code == 21


def test_folder_that_is_no_lake_is_refused(tmp_path):
    """A mistyped folder is refused before a file is made in it."""
    with pytest.raises(LakeProblem, match="no lake"):
        open_desk(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("address", "is_safe"),
    [
        ("http://127.0.0.1:3001", True),
        ("https://desk.example", True),
        ("http://desk.example", False),
        ("http://0.0.0.0:3001", False),
        ("ftp://127.0.0.1", False),
        ("https://desk.example/below", False),
    ],
)
def test_passwords_do_not_travel_in_the_open(address, is_safe):
    """A desk beyond the loopback needs an address with TLS; its cookies demand it then."""
    if is_safe:
        assert settings_for(address, "127.0.0.1").is_secure == address.startswith("https")
        return
    with pytest.raises(SettingsRefused):
        settings_for(address, "0.0.0.0")
