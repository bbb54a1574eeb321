"""The pages of those who work here in a real Chromium, without a script, in both languages, light and dark."""

import re

import pytest
from playwright.sync_api import Browser, expect

from gateway.staff import codes, rooms
from tests.browser import browser, look, site
from tests.stage import Stage
from tests.workers import PASSWORD, add, secret_on

__all__ = ["browser", "site"]

pytestmark = pytest.mark.browser

TARGETS = "button, input:not([type=hidden]), nav a, main a"


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [("en", "light", 320), ("zh", "dark", 390)],
    ids=["small-en", "phone-zh"],
)
def test_every_page(browser: Browser, site: str, stage: Stage, language: str, scheme: str, width: int) -> None:
    """The link, a mistake, the key, home, a new password, out, and in again; then what is refused."""
    name = {"en": "Bench", "zh": "席位"}
    rooms.register(rooms.Room("/bench", ("adjudicator",), name, {"en": "Sit here.", "zh": "请在此就座。"}))
    context = browser.new_context(
        viewport={"width": width, "height": 700},
        locale={"en": "en-GB", "zh": "zh-CN"}[language],
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page, noticed = context.new_page(), []
    page.set_default_timeout(10_000)
    page.on("console", lambda said: None if re.search("status of 4", said.text) else noticed.append(said.text))
    _, link = add(roles=["adjudicator", "auditor"])

    def send(**typed: str) -> None:
        for field, value in typed.items():
            page.locator(f"#{field}").fill(value)
        page.locator("main form button").first.click()

    def code() -> str:
        stage.forward(seconds=30)
        return codes.at(secret, stage.time.at)

    page.goto(site + link)
    expect(page.locator("html")).to_have_attribute("lang", {"en": "en", "zh": "zh-Hans"}[language])
    look(page, TARGETS)
    send(password="too short", again="too short")
    look(page, TARGETS)
    send(password=PASSWORD, again=PASSWORD)
    expect(page).to_have_url(f"{site}/staff/factor")
    secret = secret_on(page.content())
    look(page, TARGETS)
    send(code="12")
    look(page, TARGETS)
    send(code=code())
    expect(page.locator(".rooms a").last).to_have_text(name[language])
    look(page, TARGETS)
    page.locator("a.even").click()
    look(page, TARGETS)
    send(present="wrong", password="another one of the marsh", again="another one of the marsh", code="1")
    look(page, TARGETS)
    page.locator("a.quiet").click()
    send()
    expect(page).to_have_url(f"{site}/staff/sign-in")
    look(page, TARGETS)
    page.goto(f"{site}/staff/password")
    send(login="judge", password="wrong", code="1")
    expect(page.locator("#login")).to_have_attribute("aria-invalid", "true")
    look(page, TARGETS)
    send(login="judge", password=PASSWORD, code=code())
    expect(page).to_have_url(f"{site}/staff/password")
    stage.forward(minutes=20)
    send(present=PASSWORD, password=PASSWORD, again=PASSWORD, code="1")
    look(page, TARGETS)
    page.goto(site + link)
    look(page, TARGETS)
    assert page.evaluate("document.cookie") == ""
    cookies = context.cookies()
    assert all(cookie["httpOnly"] and cookie["sameSite"] == "Lax" and cookie["expires"] == -1 for cookie in cookies)
    assert noticed == []
    context.close()
