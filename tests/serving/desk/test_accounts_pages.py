"""Accounts are invited, admitted as persons and disabled at the desk."""

from __future__ import annotations

import re

import pytest

from serving.desk.accounts.logins.invitations import invite_first
from serving.desk.accounts.logins.sessions import open_login
from serving.desk.store.tables.accounts import AccountRow
from serving.desk.web.application import desk_application
from serving.oversight.people.roster import read_roster
from tests.serving.desk.conftest import DeskClient, browser_of
from tests.serving.desk.people import PASSWORD


def set_password(browser: DeskClient, token: str, name: str = "") -> None:
    page = f"/setup?token={token}"
    form = {"token": token, "name": name, "password": PASSWORD, "password_again": PASSWORD}
    answer = browser.submit("/setup", page, **form)
    assert answer.headers["location"] == "/login", answer.text


def log_in(browser: DeskClient, name: str, password: str = PASSWORD):
    return browser.submit("/login", "/login", name=name, password=password, next="/")


def test_first_account_invites_and_admits_another(desk, application):
    """The first account is the first person of the lake; it invites an account and admits it."""
    with desk.database.transaction() as session:
        token = invite_first(session, desk.clock())
    root = DeskClient(browser_of(application))
    set_password(root, token, "root")
    assert read_roster(desk.lake).people["root"].roles == ("administrator",)
    assert root.get(f"/setup?token={token}").status_code == 410  # it works once
    assert log_in(root, "root").headers["location"] == "/"
    page = root.submit("/accounts", "/accounts", name="li", role=["patrol", "lead"], language="en")
    link = re.search(r"/setup\?token=([\w-]+)", page.text).group(1)
    li = DeskClient(browser_of(application))
    set_password(li, link)
    assert log_in(li, "li").status_code == 303
    with desk.database.snapshot() as session:
        row = session.query(AccountRow).filter_by(name="li").one()
    admitted = root.submit(f"/accounts/{row.id}/admit", "/accounts")
    assert admitted.headers["location"] == "/accounts"
    person = read_roster(desk.lake).people["li"]
    assert person.roles == ("officer", "approver") and person.public_key.raw == row.public_key
    disabled = root.submit(f"/accounts/{row.id}/change", "/accounts", act="disable")
    assert disabled.status_code == 303
    assert li.get("/").headers["location"].startswith("/login")
    assert log_in(li, "li").status_code == 403


def test_last_administrator_stays(client, desk):
    """The last administrator of the desk is neither disabled nor given other roles."""
    root = client("administrator", name="root-1")
    for form in ({"act": "disable"}, {"role": "viewer"}):
        answer = root.submit(f"/accounts/{root.account.id}/change", "/accounts", **form)
        assert answer.status_code == 400 and "last administrator" in answer.text
    assert root.get("/accounts").status_code == 200


@pytest.mark.parametrize("path", ["", "/x/change", "/x/invite", "/x/admit"])
def test_accounts_are_managed_by_administrators_only(client, path):
    """No other role reaches the management of accounts, whatever form it sends."""
    other = client("viewer", "patrol", "reviewer", "lead", "policy", "auditor")
    assert other.get("/accounts").status_code == 403
    answer = other.submit(f"/accounts{path}", role="administrator", name="evil", act="enable")
    assert answer.status_code == 403


def test_audit_log_names_reads_and_is_for_auditors(client):
    """A read of a night is a line with its reader; only auditors read the log."""
    reader, auditor = client("viewer", name="zhao"), client("auditor", name="sun")
    assert "Night of" in reader.get("/nights").text
    assert reader.get("/audit-log").status_code == 403
    page = auditor.get("/audit-log?account=zhao&kind=night").text
    assert "night read" in page and "2026-01-20" in page and "1 of 1" in page


def test_roles_change_at_the_next_request(client, desk, people):
    """A role that was taken away is gone at the next page, without a new login."""
    auditor = client("auditor", "viewer", name="sun")
    assert auditor.get("/audit-log").status_code == 200
    people.add("sun", "viewer")
    assert auditor.get("/audit-log").status_code == 403


def test_signing_key_opens_again_after_a_restart(desk, people, application):
    """After a restart the login stands, and the password opens the signing key again."""
    people.add("root-1", "administrator")
    with desk.database.transaction() as session:
        token, _ = open_login(session, people.add("root-1", "administrator").id, "b", desk.clock())
    other = people.add("li", "patrol")
    browser = DeskClient(browser_of(desk_application(desk)))  # a new process knows no key
    browser.http.cookies.set("desk_login", token)
    answer = browser.submit(f"/accounts/{other.id}/admit", "/accounts")
    assert answer.headers["location"] == "/unlock?next=%2Faccounts"
    assert browser.submit("/unlock", "/unlock", password="wrong").status_code == 403
    answer = browser.submit("/unlock", "/unlock", password=PASSWORD, next="/accounts")
    assert answer.headers["location"] == "/accounts"
