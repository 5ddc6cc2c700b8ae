"""Every page that exists: nothing is cut, axe finds nothing grave, light, dark, on a phone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from sqlalchemy import update
from starlette.routing import Route

from serving.desk.store.tables.accounts import AccountRow
from tests.serving.desk.looks import GRAVE, WIDTHS

FILES_AND_PARTS = {  # routes that answer with a file, or with a part of another page
    "/cases/{case_id:segment}/files/{digest:segment}",
    "/appeals/{id:segment}/files/{sha256:segment}",
    "/rings/{id:segment}/graphml",
    "/laboratory/drafts/{id:segment}/replay",
}
VISITED = {"/login", "/setup", "/notice/{token:segment}", "/credit"}  # without a login
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def faults(page, path: str, language: str) -> list[str]:
    """What is wrong with a page in a language, at both widths; in English by axe as well."""
    answer = page.goto(path)
    assert answer is not None and answer.status == 200, path
    found = []
    if page.locator("html").get_attribute("lang") != {"zh": "zh-CN", "en": "en"}[language]:
        found.append(f"{path} is not in {language}")
    if language == "en":
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            rules = {} if scheme == "light" else {"runOnly": ["color-contrast"]}
            options = {"resultTypes": ["violations"]} | rules
            violations = Axe().run(page, options=options).response["violations"]
            grave = {
                v["id"]: v["nodes"][0]["html"][:120] for v in violations if v["impact"] in GRAVE
            }
            found += [f"{path} in {scheme}: {rule} {html}" for rule, html in grave.items()]
        page.emulate_media(color_scheme="light")
    for width in reversed(WIDTHS):
        page.set_viewport_size({"width": width, "height": 900})
        if (pixels := page.evaluate(TOO_WIDE)) > 0:
            found.append(f"{path} is {pixels} pixels too wide at {width} in {language}")
        picture(page, path, f"{language}-{width}")
    return found


def picture(page, path: str, name: str) -> None:
    """A picture of a page in the folder of STEELYARD_DESK_SHOTS, where it is set."""
    if folder := os.environ.get("STEELYARD_DESK_SHOTS"):
        scheme = "dark" if name in ("en-400", "zh-1400") else "light"
        page.emulate_media(color_scheme=scheme)
        kind = path.partition("?")[0].strip("/").replace("/", "-")[:40] or "queue"
        page.screenshot(path=str(Path(folder) / f"{kind}-{name}.png"))
        page.emulate_media(color_scheme="light")


def test_every_page_is_among_the_examples(application, page_addresses):
    """A page that is added needs an example here, so that it is looked at."""
    routes = {r.path for r in application.routes if isinstance(r, Route) and "GET" in r.methods}
    assert routes - FILES_AND_PARTS == set(page_addresses)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_looks_right(browser_page, desk, page_addresses, language):
    """In both languages at 1400 and 400 pixels; by axe-core with the contrast of both themes."""
    member = browser_page(name="wang")
    with desk.database.transaction() as session:
        session.execute(update(AccountRow).values(language=language))
    locale = {"en": "en-GB", "zh": "zh-CN"}[language]
    visitor = browser_page(name="wang", locale=locale)
    visitor.context.clear_cookies()
    found = []
    for route, path in page_addresses.items():
        page = visitor if route in VISITED else member
        found += faults(page, path, language)
    assert found == []
