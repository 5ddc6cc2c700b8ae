"""Looks at pages of the desk as people do, and watches what their browser does."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe

WIDTHS = (1400, 400)
TIMEOUT_MILLISECONDS = 30_000
GRAVE = ("serious", "critical")
REFUSAL = re.compile(r"Failed to load resource: .* status of (401|403|409|422) ")


@contextmanager
def watched_pages(browser, url: str, *others: str) -> Iterator[Callable]:
    """Yields `open_page(token, **options)`: a page of chromium with a login of the desk at `url`.

    Fails on an error in a console, and on a request to anywhere but the desk and `others`.
    """
    contexts, faults = [], []

    def open_page(token: str | None, **options):
        context = browser.new_context(base_url=url, **({"locale": "en-GB"} | options))
        contexts.append(context)
        context.set_default_timeout(TIMEOUT_MILLISECONDS)
        if token is not None:
            context.add_cookies([{"name": "desk_login", "value": token, "url": url}])
        page = context.new_page()
        page.desk_url = url
        page.on("console", note_error)
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on("request", note_request)
        return page

    def note_error(message) -> None:
        # Chromium names the status of a page that refuses in words.
        if message.type == "error" and not REFUSAL.match(message.text):
            faults.append(f"console: {message.text}")

    def note_request(request) -> None:
        if not request.url.startswith((url, *others, "data:")):
            faults.append(f"outside: {request.url}")

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


def look(page, path: str, name: str = "") -> None:
    """Open a page in Chinese and English at two widths; nothing is cut, axe finds nothing grave.

    Pictures go to the folder of STEELYARD_DESK_SHOTS where it is set.
    """
    folder = os.environ.get("STEELYARD_DESK_SHOTS")
    for language in ("zh", "en"):
        page.goto(path)
        switch = page.locator(f'button[name="language"][value="{language}"]')
        if switch.count():
            press(switch)  # it leads back to the page
        assert page.locator("html").get_attribute("lang") == {"zh": "zh-CN", "en": "en"}[language]
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            overflow = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert overflow <= 0, f"{path} is {overflow} pixels too wide at {width} in {language}"
            if folder and name:
                shot = Path(folder) / f"{name}-{language}-{width}.png"
                page.screenshot(path=str(shot), full_page=True)
    # What axe finds does not depend on the language, and it costs more than the rest.
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    grave = {v["id"]: [n["target"] for n in v["nodes"]] for v in found if v["impact"] in GRAVE}
    assert grave == {}, path
    page.set_viewport_size({"width": 1400, "height": 900})


def press(locator) -> None:
    """Click what leads to another page, and wait for that page: an act may take a second."""
    with locator.page.expect_navigation():
        locator.click()


def said(page) -> str:
    """The message that a page shows after an act."""
    return str(page.locator("p.message").first.inner_text())
