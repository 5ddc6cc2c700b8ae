"""What goes wrong in a real browser is said in clear words; nothing is lost, nothing done twice."""

from __future__ import annotations

from serving.desk.accounts.logins.sessions import IDLE_MINUTES
from tests.serving.desk.cases.working import cases_of, state_of
from tests.serving.desk.looks import press
from tests.serving.desk.people import PASSWORD

HOSTILE = "<img src=x onerror=alert(1)> \u202e {{7*7}} @chen"


def test_a_stale_tab_says_what_changed(person_page, desk):
    """The second tab of a case that was claimed meanwhile changes nothing and says so."""
    case = cases_of(desk)[0]
    first, second = person_page("li", "patrol"), person_page("chen", "lead")
    first.goto(f"/cases/{case}")
    second.goto(f"/cases/{case}")
    first.locator('button[value="claim"]').dblclick()
    first.get_by_role("status").wait_for()
    with second.expect_response(lambda r: r.request.method == "POST") as answer:
        press(second.locator('button[value="claim"]'))
    assert answer.value.status == 409
    assert "li" in second.inner_text("main") and state_of(desk, case).holder == "li"
    press(second.locator("main a").last)
    assert "li has worked on this case" in second.inner_text("p.fault")


def test_bad_input_keeps_what_was_written(person_page, desk):
    """A day that is over, and a label that is too long for its field, are refused in words."""
    case = cases_of(desk)[1]
    page = person_page("li", "patrol")
    page.goto(f"/cases/{case}")
    page.fill("#snooze-until", "2020-01-01")
    page.fill("#snooze-reason", "the goods arrive")
    press(page.locator('button[value="snooze"]'))
    assert "up to 30 days from now" in page.inner_text("p.fault")
    assert page.input_value("#kept-reason") == "the goods arrive"
    assert state_of(desk, case).snoozed_until is None


def test_hostile_words_stay_words(person_page, desk):
    """A note runs no script and asks for nothing; the browser has no error to report."""
    case = cases_of(desk)[2]
    page = person_page("li", "patrol")
    page.goto(f"/cases/{case}")
    page.fill("#text", HOSTILE)
    press(page.locator('button[value="note"]'))
    assert "<img src=x onerror=alert(1)>" in page.inner_text("article")
    assert "{{7*7}}" in page.inner_text("article") and page.locator("article img").count() == 0


def test_a_note_outlives_its_login(person_page, desk):
    """The login ends while a note is written; it waits at the login page and is sent once."""
    case = cases_of(desk)[3]
    page = person_page("li", "patrol")
    page.goto(f"/cases/{case}")
    page.fill("#text", "the parcels weigh nothing")
    desk.clock.advance(minutes=IDLE_MINUTES + 1)
    press(page.locator('button[value="note"]'))
    assert "is kept" in page.inner_text("main")
    page.fill("#name", "li")
    page.fill("#password", PASSWORD)
    press(page.get_by_role("button", name="Log in"))
    assert "the parcels weigh nothing" in page.inner_text("main")
    press(page.locator("main form button").first)
    page.goto(f"/cases/{case}")
    notes = page.locator("article dd").all_inner_texts()
    assert notes == ["the parcels weigh nothing"]


def test_a_viewer_sees_no_button_that_acts(person_page, desk):
    """Roles decide what a page offers; an address that is typed is refused in words."""
    case = cases_of(desk)[4]
    vera = person_page("vera", "viewer")
    vera.goto(f"/cases/{case}")
    assert "Your role reads cases only" in vera.inner_text("main")
    assert vera.locator("main form").count() == 0
    for path in ("/accounts", "/laboratory", "/quality", "/webhooks", "/approvals"):
        vera.goto(path)
        assert vera.locator("main form, main table").count() == 0, path
        assert vera.locator("h1").inner_text() == "Your role does not include this page", path
