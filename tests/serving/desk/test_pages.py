"""Pages of the desk: who is shown what, and in which language."""

from __future__ import annotations


def test_queue_page_needs_a_login(visitor, client):
    """A visitor is led to the login and back; an account with a role sees the page."""
    answer = visitor.get("/?tier=D")
    assert answer.status_code == 303 and answer.headers["location"] == "/login?next=%2F%3Ftier%3DD"
    page = client("viewer").get("/")
    assert page.status_code == 200 and "Queue" in page.text


def test_browser_shows_the_queue(browser_page):
    """The first page opens in a real browser without an error of its console."""
    page = browser_page("viewer")
    page.goto("/")
    assert page.title() == "Queue · Steelyard"
