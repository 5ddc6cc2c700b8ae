"""Logins: new sessions, their list and their end, limits, passwords."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from serving.desk.accounts.tokens import token_digest
from serving.desk.store.tables.logins import LoginSessionRow
from tests.serving.desk.people import PASSWORD


def test_login_makes_a_new_session(client, desk, visitor, people):
    """A token that was planted in the browser is not taken over, and only digests are stored."""
    people.add("wang", "viewer")
    visitor.http.cookies.set("desk_login", "planted")
    visitor.http.cookies.set("desk_visit", "v" * 43)
    visitor.submit("/login", "/login", name="wang", password=PASSWORD)
    cookie = next(
        c for c in visitor.http.cookies.jar if c.name == "desk_login" and c.value != "planted"
    )
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert str(cookie._rest["SameSite"]).lower() == "strict"
    with desk.database.snapshot() as session:
        stored = session.scalars(select(LoginSessionRow)).one()
    assert stored.token_digest == token_digest(cookie.value)
    assert cookie.value not in repr(vars(stored))


def test_logins_are_listed_and_ended(client):
    """A user sees its logins and ends one of them; another's it cannot end."""
    here, there, other = client(), client(), client(name="li")
    ids = logins_of(here.get("/account").text)
    assert len(ids) == 1  # the own one has no button
    other.submit(f"/account/logins/{ids[0]}/end")
    assert there.get("/account").status_code == 200
    here.submit(f"/account/logins/{ids[0]}/end")
    assert there.get("/account").status_code == 303
    token = here.http.cookies["desk_login"]
    here.submit("/logout")
    here.http.cookies.set("desk_login", token)
    assert here.get("/account").status_code == 303


def logins_of(page: str) -> list[str]:
    return [p.partition("/end")[0] for p in page.split('action="/account/logins/')[1:]]


def test_logins_that_fail_are_limited(visitor, people, clock):
    """After five failures a name waits a quarter of an hour; unknown names are answered alike."""
    people.add("wang", "viewer")
    texts = set()
    for name in ("wang", "nobody"):
        answers = [
            visitor.submit("/login", "/login", name=name, password="wrong") for _ in range(5)
        ]
        assert {a.status_code for a in answers} == {403}
        texts.add(answers[-1].text.partition('role="alert"')[2].partition("</p>")[0])
    assert len(texts) == 1
    assert visitor.submit("/login", "/login", name="wang", password=PASSWORD).status_code == 429
    clock.advance(minutes=16)
    assert visitor.submit("/login", "/login", name="wang", password=PASSWORD).status_code == 303


def test_password_change_ends_other_logins(client, people):
    """A new password ends all other logins, and the personal key opens with it alone."""
    here, there = client("patrol"), client("patrol")
    new = "another good passphrase"
    form = {"new_password": new, "new_password_again": new}
    refused = here.submit("/account/password", old_password="wrong", **form)
    assert refused.status_code == 400
    assert here.submit("/account/password", old_password=PASSWORD, **form).status_code == 303
    assert there.get("/account").status_code == 303 and here.get("/account").status_code == 200
    assert here.submit("/unlock", "/unlock", password=PASSWORD).status_code == 403
    assert here.submit("/unlock", "/unlock", password=new).status_code == 303


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_login_leads_nowhere_else(visitor, people, target):
    """The page after a login is one of the desk."""
    people.add("wang", "viewer")
    form = {"name": "wang", "password": PASSWORD, "next": target}
    assert visitor.submit("/login", "/login", **form).headers["location"] == "/"
