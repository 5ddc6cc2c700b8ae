"""Looks at a page of the desk as people do: both languages, both widths, and axe-core."""

from __future__ import annotations

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe

WIDTHS = (1400, 400)
GRAVE = ("serious", "critical")


def look(page, path: str, name: str = "") -> None:
    """Open a page in Chinese and English at two widths; nothing is cut, axe finds nothing grave.

    Pictures go to the folder of STEELYARD_DESK_SHOTS where it is set.
    """
    folder = os.environ.get("STEELYARD_DESK_SHOTS")
    for language in ("zh", "en"):
        page.goto(path)
        switch = page.locator(f'button[name="language"][value="{language}"]')
        if switch.count():
            switch.click()  # it leads back to the page
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
