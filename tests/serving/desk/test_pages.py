"""Pages of the desk in a real browser: both languages, light and dark, keyboard, texts."""

from __future__ import annotations

import re
from datetime import date, datetime
from importlib import resources
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from serving.desk.accounts.logins.invitations import invite_first
from serving.desk.accounts.permissions import PERMISSIONS
from serving.pages import text_catalogue
from tests.serving.desk.conftest import browser_of
from tests.serving.desk.looks import GRAVE, look, press
from tests.serving.desk.people import PASSWORD

PAGES = Path(str(resources.files("serving.pages")))
DESK = Path(str(resources.files("serving.desk")))
TEMPLATES = sorted((PAGES / "templates").rglob("*.j2"))
OWN_PAGES = ("/nights", "/accounts", "/account", "/audit-log", "/unlock")
ALL_ROLES = ("viewer", "patrol", "reviewer", "lead", "policy", "auditor", "administrator")


def test_queue_page_needs_a_login(visitor, client):
    """A visitor is led to the login and back; an account with a role sees the page."""
    answer = visitor.get("/?tier=D")
    assert answer.status_code == 303 and answer.headers["location"] == "/login?next=%2F%3Ftier%3DD"
    page = client("viewer").get("/")
    assert page.status_code == 200 and "Queue" in page.text


@pytest.mark.slow
def test_own_pages_look_well_in_both_languages(browser_page):
    """Own pages fit at 1400 and 400 pixels in zh and en, and axe-core finds nothing serious."""
    page = browser_page(*ALL_ROLES)
    for path in OWN_PAGES:
        look(page, path, path.strip("/"))


def test_dark_pages_have_contrast(browser_page):
    """Dark pages keep the contrast of WCAG AA, by the system's choice and by the switch."""
    page = browser_page(*ALL_ROLES, color_scheme="dark")
    rules = {"runOnly": ["color-contrast"]}
    for path in OWN_PAGES:
        page.goto(path)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 23, 29)"
        found = Axe().run(page, options=rules).response["violations"]
        assert not [v for v in found if v["impact"] in GRAVE], path
    page = browser_page(*ALL_ROLES, color_scheme="light")
    page.goto("/account")
    press(page.get_by_role("button", name="Dark"))
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.url.endswith("/account")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 23, 29)"


def test_first_account_by_keyboard(desk, browser, desk_url):
    """The setup link and the login work by the keyboard alone; the first stop skips the head."""
    with desk.database.transaction() as session:
        token = invite_first(session, desk.clock())
    context = browser.new_context(base_url=desk_url, locale="en-GB")
    page = context.new_page()
    look(page, f"/setup?token={token}", "setup")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("#name").focus()
    for words in ("wang", PASSWORD, PASSWORD):
        page.keyboard.type(words)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/login")
    assert page.get_by_role("status").inner_text() == "The password is set. Log in with it."
    look(page, "/login", "login")
    page.locator("#name").focus()
    page.keyboard.type("wang")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    assert page.locator("nav a[aria-current=page]").count() == 1
    context.close()


def test_nights_page_names_what_was_missing(client, clock):
    """The page says whether the night ran, what it lacked, and when another one is overdue."""
    one = client("viewer")
    page = one.get("/nights").text
    for words in ("complete", "Tables that were not delivered", "session_totals", "59 values"):
        assert words in page
    assert "The newest night is late" not in page
    assert "not the newest" in one.get("/nights?night=2026-01-19").text
    assert one.get("/nights?night=2026-01-18").status_code == 404
    assert one.get("/nights?night=../x").status_code == 404
    clock.advance(hours=40)
    assert "The newest night is late" in client("viewer").get("/nights").text


def test_every_text_has_both_languages():
    """Each text has Chinese and English, with the same values; no Chinese is left in English."""
    for key, both in text_catalogue.texts().items():
        assert set(both) == {"zh", "en"} and all(both.values()), key
        zh, en = (set(re.findall(r"{(\w+)", both[language])) for language in ("zh", "en"))
        assert zh == en, key
        assert not re.search(r"[\u4e00-\u9fff]", both["en"]), key


def test_every_text_that_is_used_exists():
    """Each key that a template or the code names is declared."""
    known = text_catalogue.texts()
    areas = {key.partition(".")[0] for key in known}
    used = set()
    for path in TEMPLATES:
        used |= set(re.findall(r"""\bt\(\s*["']([\w.]+)["']""", path.read_text("utf-8")))
    for path in DESK.rglob("*.py"):
        words = re.findall(r'"([a-z_]+\.[a-z_]+)"', path.read_text("utf-8"))
        used |= {w for w in words if w.startswith(("login.", "account.", "accounts.", "common."))}
    begun = {k for k in used if k.endswith(("_", "."))}  # the rest is a value
    others = set(PERMISSIONS) | {"accounts.id"}  # a column
    assert {k for k in used - begun - others if k.partition(".")[0] in areas} <= set(known)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_have_no_bare_word(path):
    """What a template shows are texts and values; names of languages alone are written there."""
    text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", path.read_text("utf-8"), flags=re.DOTALL)
    visible = re.sub(r"<[^>]*>|&\w+;", " ", text)
    words = set(re.findall(r"[^\W\d_]{2,}", visible)) - {"English", "中文", "SHA"}
    assert words == set()
    assert " style=" not in text and "<script>" not in text and "onclick" not in text


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("zh", ["1,234.5", "12%", "2026年1月20日", "2026年1月21日 00:30", "未知"]),
        ("en", ["1,234.5", "12%", "20 Jan 2026", "21 Jan 2026 00:30", "unknown"]),
    ],
)
def test_numbers_and_dates_by_language(language, expected):
    """Numbers, dates and moments are written as the language does, in China's time."""
    assert [
        text_catalogue.number(language, 1234.5, 1),
        text_catalogue.percent(language, 0.12),
        text_catalogue.day(language, date(2026, 1, 20)),
        text_catalogue.moment(language, datetime(2026, 1, 20, 16, 30)),
        text_catalogue.number(language, float("nan")),
    ] == expected


def test_evidence_is_worded_without_logarithms():
    """Evidence in nats is shown by powers of ten, log-odds as a factor; no text names either."""
    assert text_catalogue.magnitudes("en", 23.03) == "10.0"
    assert text_catalogue.odds_factor("zh", 0.6931) == "2.00"
    assert text_catalogue.magnitudes("zh", None) == text_catalogue.odds_factor("zh", None) == "未知"
    names = re.compile(r"\bnats?\b|log-odds|\bspreads?\b|奈特|对数|稳健", re.IGNORECASE)
    assert not [k for k, t in text_catalogue.texts().items() if names.search(t["zh"] + t["en"])]


def test_static_files_are_few_and_cached(visitor):
    """The sheet has at most 600 lines, and static files may be kept; each names its version."""
    assert len((PAGES / "static" / "desk.css").read_text().splitlines()) <= 600
    page = visitor.get("/login").text
    for name in ("desk.css", "htmx.min.js", "icon.svg"):
        address = re.search(rf'"(/static/{re.escape(name)}\?v=\w+)"', page).group(1)
        answer = browser_of(visitor.http.app).get(address)
        assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"]
        for other in (f"/static/{name}", f"/static/{name}?v=0123456789ab"):  # another version
            answer = browser_of(visitor.http.app).get(other)
            assert answer.headers["cache-control"] == "no-cache" and answer.headers["etag"]
