"""Pages of dossiers in a real browser: accessible, without errors, on desk and phone."""

from __future__ import annotations

import pytest

axe_module = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
)
from tests.serving.desk.looks import press  # noqa: E402 - it needs axe, too


@pytest.fixture
def addresses(riskiest, falsest, largest_ring) -> list[str]:
    """A page of each kind that has a picture or a form."""
    kinds = (f"operators/{riskiest}", f"sessions/{falsest}", f"rings/{largest_ring}")
    return [*(f"/{kind}" for kind in kinds), "/search?q=100"]


@pytest.mark.slow
def test_pages_are_accessible(reading_page, addresses):
    """axe finds nothing serious at 1400 pixels."""
    page = reading_page("en", viewport={"width": 1400, "height": 1000})
    for address in addresses:
        page.goto(address)
        found = axe_module.Axe().run(page).response["violations"]
        grave = [v["nodes"][0]["html"] for v in found if v["impact"] in ("serious", "critical")]
        assert not grave, (address, [v["id"] for v in found])


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_pages_fit_a_phone(reading_page, addresses, language):
    """Nothing sticks out of a screen of 400 pixels."""
    page = reading_page(language, viewport={"width": 400, "height": 800})
    for address in addresses:
        page.goto(address)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 400, (address, wide)


def test_dossier_leads_to_everything_that_it_names(reading_page, riskiest):
    """From an operator to a session, its views and back, by links alone and without script."""
    page = reading_page(java_script_enabled=False)
    page.goto(f"/operators/{riskiest}")
    press(page.locator("#sessions tbody a").first)
    assert "/sessions/" in page.url
    press(page.locator("dl.fields a").first)
    assert page.url.endswith(f"/operators/{riskiest}")
    press(page.locator("#history tbody a").last)
    assert "night=2026-01-19" in page.url and page.locator(".tag.warn").count()
