"""The open pages in a real Chromium: readable for everybody, in light and dark, on a phone and a desk."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.browser import browser, site

__all__ = ["browser", "site"]

pytestmark = pytest.mark.browser

SIZES = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1366, "height": 900}}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_open_pages(site: str, browser: Browser, size: str, scheme: str) -> None:
    """No fault that axe finds, nothing wider than the window, nothing from elsewhere, no complaint of the browser."""
    context = browser.new_context(viewport=SIZES[size], color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    noticed: list[str] = []
    page.on("console", lambda message: noticed.append(message.text))
    page.on("request", lambda request: None if request.url.startswith(site) else noticed.append(request.url))
    for path in ("/", "/?language=zh", "/docs", "/problems", "/problems/not-found"):
        page.goto(site + path)
        # axe is put in by the protocol, which the page's policy does not hold up.
        faults = Axe().run(page).response["violations"]
        assert [(fault["id"], fault["nodes"][0]["html"][:120]) for fault in faults] == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{path} is too wide"
    assert noticed == []
    context.close()
