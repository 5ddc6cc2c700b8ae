"""docs/tutorials/a-day-at-the-desk.md, step by step, by four people who see only pages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from serving.desk.accounts.logins.invitations import invite_first
from serving.desk.web.application import desk_application
from serving.oversight.appeals.appeal_record import list_appeals
from serving.oversight.measures.state import LIFTED
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.policies.policy_record import policy_in_force
from tests.serving.desk.conftest import desk_in
from tests.serving.desk.looks import press, said, watched_pages
from tests.serving.desk.people import PASSWORD, Clock
from tests.serving.desk.serving import served


@pytest.fixture
def fresh_desk(desk_lake, empty_database, tmp_path):
    """A desk without an account."""
    with desk_in(tmp_path, desk_lake, empty_database, Clock()) as desk:
        yield desk


def set_password(page, link: str, name: str) -> None:
    """Open a one-time link, set the password, and log in."""
    page.goto(link)
    if page.locator("#name").count():
        page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.fill("#password-again", PASSWORD)
    press(page.get_by_role("button", name="Set the password"))
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    press(page.get_by_role("button", name="Log in"))
    assert page.locator("html").get_attribute("lang") == "en"


@pytest.mark.slow
def test_a_day_at_the_desk(browser, fresh_desk):
    """Accounts, a case, a measure, an appeal that is won, and a policy by two people."""
    desk = fresh_desk
    with desk.database.transaction() as session:
        first = invite_first(session, desk.clock())
    with served(desk_application(desk)) as address, watched_pages(browser, address) as open_page:
        root = open_page(None)
        set_password(root, f"/setup?token={first}", "root")
        people = {}
        roles = {"li": ["patrol"], "chen": ["lead", "reviewer", "policy"], "zhao": ["policy"]}
        for name, wanted in roles.items():
            root.goto("/accounts")
            root.fill("#name", name)
            for role in wanted:
                root.check(f"#new-{role}")
            press(root.locator("section button").last)
            link = root.inner_text("main code")
            people[name] = open_page(None)
            set_password(people[name], "/setup" + link.partition("/setup")[2], name)
        root.goto("/accounts")
        for _ in roles:
            press(root.get_by_role("button", name="Admit its signature").first)
        operator = _a_case(people["li"])
        _an_appeal(desk, people["chen"], open_page(None), people["li"], operator)
        _a_policy(desk, people["zhao"], people["chen"])


def _a_case(li) -> str:
    """Li decides a case of an operator as found, and takes a measure; returns the operator."""
    li.goto("/?kind=operator")
    assert "waiting cases fit today" in li.inner_text("main")
    press(li.locator("tbody a.id").first)
    press(li.get_by_role("button", name="Claim"))
    press(li.locator("dl.fields a.id").first)
    operator = li.locator("h1 .id").inner_text()
    assert "What speaks for it" in li.inner_text("main")
    li.go_back()
    li.check('input[value="found"]')
    li.fill("#basis", "bots in two rooms of the week")
    li.check('input[value="views"]')
    press(li.get_by_role("button", name="Decide the case"))
    li.select_option("#code", label="violation warning")
    li.fill("#measure-reason", "bots in two rooms")
    press(li.get_by_role("button", name="Preview notice and proportionality"))
    press(li.get_by_role("button", name="Take the measure"))
    assert "in force" in li.inner_text("#measure-head ~ ul")
    return operator


def _an_appeal(desk, chen, shop, li, operator: str) -> None:
    """Chen sends the notice, the operator appeals, chen lets it win."""
    chen.goto(li.url)
    press(chen.get_by_role("link", name="Send the operator a link to its notice"))
    assert operator in chen.input_value("#operator_id")
    press(chen.get_by_role("button", name="Make a link"))
    notice = "/notice/" + chen.input_value("#address").partition("/notice/")[2]
    shop.goto(notice)
    shop.fill("#text", "A celebrity came to the room.")
    press(shop.get_by_role("button", name="Send the appeal"))
    chen.goto("/appeals")
    press(chen.locator("tbody a.id").first)
    chen.check("#verdict-error")
    chen.fill("#reason", "The raid is real.")
    press(chen.get_by_role("button", name="Decide and sign"))
    assert "overturned and becomes a label" in said(chen)
    shop.goto(notice)
    assert "You won" in shop.inner_text("main")
    assert shop.locator("main form").count() == 0  # nothing is left to appeal
    (appeal,) = list_appeals(desk.lake, desk.naive_now())
    measure = read_measures(desk.lake).measures[appeal.measure_id]
    assert measure.status(desk.naive_now()) == LIFTED


def _a_policy(desk, zhao, chen) -> None:
    """Zhao drafts, replays and proposes a policy; chen approves it, and it binds at its start."""
    zhao.goto("/laboratory")
    zhao.fill("#title", "Fewer reviews")
    press(zhao.get_by_role("button", name="Begin a draft"))
    text = zhao.input_value("#text")
    before = next(line for line in text.splitlines() if line.startswith("review_precision = "))
    zhao.fill("#text", text.replace(before, "review_precision = 0.3"))
    press(zhao.get_by_role("button", name="Save and check"))
    press(zhao.get_by_role("button", name="Replay", exact=True))
    zhao.wait_for_selector("#bound", timeout=60_000)
    zhao.fill("#reason", "more reviews for a month")
    press(zhao.get_by_role("button", name="Propose"))
    assert "You proposed it" in zhao.inner_text("main")
    chen.goto(zhao.url)
    press(chen.get_by_role("button", name="Approve"))
    start = desk.naive_now().date() + timedelta(days=8)
    assert "review_precision = 0.3" in policy_in_force(desk.lake, start).text
