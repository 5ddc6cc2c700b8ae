"""Write docs/desk: ten screens of the desk at two widths, in two languages, light and dark.

`python -m tests.docs.desk_screens LAKE` opens a desk on a copy of a lake with published nights.
Chinese needs a font, such as fonts-wqy-microhei.
"""

from __future__ import annotations

import base64
import shutil
import sys
import tempfile
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from data_contracts.lake import Lake
from data_contracts.runs import read_outbound
from serving.desk.accounts.logins.sessions import open_login
from serving.desk.accounts.permissions import ROLES
from serving.desk.desk import Desk
from serving.desk.store.database import Database
from serving.desk.web.application import desk_application
from serving.policy.load import load_policy
from tests.serving.desk.people import Clock, People
from tests.serving.desk.serving import served

FOLDER = Path(__file__).parents[2] / "docs" / "desk"
LANGUAGES, THEMES, SIZES = ("en", "zh"), ("light", "dark"), ((1400, 1000), (400, 860))
SHEET = "<body style='margin:12px;background:#888;display:flex;flex-wrap:wrap;gap:12px'>{}</body>"
PICTURE = "<img style='width:{}px' src='data:image/png;base64,{}'>"
PICTURE_WIDTHS = {1400: 640, 400: 200}
TIMEOUT_MILLISECONDS = 120_000  # the first page of an entity waits on a busy machine


def screens(lake: Lake, browser: Browser, base: str, token: str) -> dict[str, str]:
    """Paths of ten screens by name; entities are those of the highest score that nobody audits."""
    scores = read_outbound(lake, "scores")
    scores = scores[~scores["entity_id"].isin(read_outbound(lake, "audit_sample")["entity_id"])]
    scores = scores.sort_values(["probability", "entity_id"], na_position="first")
    riskiest = scores.groupby("entity_kind").entity_id.last()
    rings = read_outbound(lake, "ring_links").ring_id
    page = opened(browser, base, token, color_scheme="light").new_page()
    page.goto("/")
    case = page.locator('main a[href^="/cases/"]').first.get_attribute("href")
    page.context.close()
    return {
        "queue": "/",
        "case": str(case),
        "operator": f"/operators/{riskiest['operator']}",
        "session": f"/sessions/{riskiest['session']}",
        "ring": f"/rings/{rings.value_counts().index[0]}" if len(rings) else "/rings",
        "laboratory": "/laboratory",
        "appeals": "/appeals",
        "complaints": "/complaints",
        "nights": "/nights",
        "credit": "/credit",
    }


def opened(browser: Browser, base: str, token: str, **options: Any) -> BrowserContext:
    """A browser context that is logged in."""
    context = browser.new_context(base_url=base, locale="en-GB", **options)
    context.set_default_timeout(TIMEOUT_MILLISECONDS)
    context.add_cookies([{"name": "desk_login", "value": token, "url": base}])
    return context


def sheet(browser: Browser, base: str, token: str, path: str) -> bytes:
    """One picture of a screen in all its variants."""
    parts = []
    for size in SIZES:
        for language in LANGUAGES:
            for theme in THEMES:
                viewport = {"width": size[0], "height": size[1]}
                context = opened(browser, base, token, viewport=viewport, color_scheme=theme)
                page = context.new_page()
                page.goto(path)
                switch = page.locator(f'button[name="language"][value="{language}"]')
                if switch.count():
                    switch.click()
                page.wait_for_load_state("networkidle")
                shot = base64.b64encode(page.screenshot()).decode()
                parts.append(PICTURE.format(PICTURE_WIDTHS[size[0]], shot))
                context.close()
    page = browser.new_page(viewport={"width": 1340, "height": 800})
    page.set_content(SHEET.format("".join(parts)))
    picture = page.screenshot(full_page=True, type="jpeg", quality=50)
    page.close()
    return picture


def main(source: Path) -> None:
    """Write the pictures of all screens."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        shutil.copytree(source, Path(temporary) / "lake")
        lake = Lake.open(Path(temporary) / "lake")
        moment = read_outbound(lake, "runs").as_of.iloc[0]
        now = moment.to_pydatetime().replace(tzinfo=UTC) + timedelta(hours=4)
        database = Database.open(f"sqlite:///{temporary}/desk.sqlite")
        desk = Desk(lake, database, load_policy(), Clock(now))
        application, people = desk_application(desk), People(desk)
        row = people.add("wang", *ROLES)
        with database.transaction() as session:
            token, login_id = open_login(session, row.id, "screens", desk.clock())
        application.user_middleware[0].kwargs["site"].keys.put(login_id, people.keys["wang"])
        with served(application) as base, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
            )
            for name, path in screens(lake, browser, base, token).items():
                (FOLDER / f"{name}.jpg").write_bytes(sheet(browser, base, token, path))
            browser.close()
        database.engine.dispose()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
