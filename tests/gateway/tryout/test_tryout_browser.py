"""“Would I pass?” in a real Chromium: by people of several kinds, without a script, in light and dark."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser import browser, site

__all__ = ["browser", "site"]

pytestmark = pytest.mark.browser

PHONE, DESK, SMALL = {"width": 390, "height": 844}, {"width": 1280, "height": 900}, {"width": 320, "height": 640}
LOCALES = {"en": "en-GB", "zh": "zh-CN"}
TARGETS = "button, select, summary, label.tick, input:not([type=checkbox]), nav a, .step a, .choices a, .faults a"


class Reader:
    """A person at a browser, who notices whatever is wrong with a page."""

    def __init__(self, browser: Browser, site: str, language: str = "en", **options: object) -> None:
        settings = {"viewport": PHONE, "locale": LOCALES[language], "color_scheme": "light", **options}
        self.context = browser.new_context(**settings)  # type: ignore[arg-type]
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        self.site = site
        self.noticed: list[str] = []
        self.page.on("console", lambda message: self.heard(message.text))
        self.page.on("request", lambda request: self.asked(request.url))

    def heard(self, text: str) -> None:
        """What Chromium complains of; that we refuse what was typed is no complaint."""
        if not re.search(r"responded with a status of 4\d\d", text):
            self.noticed.append(f"console: {text}")

    def asked(self, url: str) -> None:
        """Every request goes to these pages or to the style sheet, and none has anything of a record in its address."""
        if not re.fullmatch(rf"{self.site}/(would-i-pass[a-z/-]*(\?language=(en|zh))?(#\w+)?|c/assets/[\w.-]+)", url):
            self.noticed.append(f"asked: {url}")

    def open(self, path: str) -> None:
        """Open one of the pages."""
        self.page.goto(f"{self.site}/would-i-pass{path}")

    def look(self) -> None:
        """Look with axe, for what does not fit, and for what a finger misses."""
        found = Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, f"{self.page.url} scrolls sideways by {wide}px"
        for target in self.page.locator(TARGETS).all():
            box = target.bounding_box() if target.is_visible() else None
            assert box is None or box["height"] >= 44, f"{target.get_attribute('id')} is {box['height']}px high"
        assert self.noticed == []
        assert self.context.cookies() == []

    def use(self, number: int = 1) -> None:
        """Make up a penalty for drug use."""
        for name, value in (("offence", "drugs.use"), ("kind", "administrative"), ("disposition", "penalised")):
            self.page.select_option(f"#e{number}-{name}", value)
        self.page.fill(f"#e{number}-decided_on", "2019-05-01")

    def send(self) -> None:
        """Ask for the answer."""
        self.page.locator("main form > button").click()


@pytest.mark.parametrize(
    ("size", "language", "scheme"),  # every two of them together
    [(PHONE, "en", "light"), (PHONE, "zh", "dark"), (DESK, "zh", "light"), (DESK, "en", "dark")],
    ids=["phone-en-light", "phone-zh-dark", "desk-zh-light", "desk-en-dark"],
)
def test_the_whole_way(browser: Browser, site: str, language: str, scheme: str, size: dict[str, int]) -> None:
    """The list, a policy, a mistake, each kind of answer, with everything unfolded; axe finds nothing."""
    reader = Reader(browser, site, language, color_scheme=scheme, viewport=size)
    page = reader.page
    reader.open("")
    expect(page.locator("html")).to_have_attribute("lang", {"en": "en", "zh": "zh-Hans"}[language])
    reader.look()
    page.locator('.choices a[href$="kindergarten/teacher"]').click()
    reader.look()
    page.select_option("#e1-offence", "theft")
    page.fill("#e1-age_at_act", "old")
    reader.send()
    expect(page.locator(".faults li")).to_have_count(3)
    page.locator(".faults a").first.click()
    expect(page.locator("#e1-kind, #e1-disposition, #e1-age_at_act").and_(page.locator(":focus"))).to_have_count(1)
    reader.look()
    page.fill("#e1-age_at_act", "")
    reader.use()
    page.locator("details:not([open]) > summary:visible").last.click()
    reader.use(3)
    reader.send()
    expect(page.locator("[data-outcome=ineligible]")).to_be_visible()
    for _ in range(9):
        closed = page.locator("details:not([open]) > summary:visible")
        if closed.count():
            closed.first.click()
    reader.look()
    reader.open("/cn/kindergarten/carer")
    page.select_option("#e1-offence", "violence")
    page.select_option("#e1-kind", "criminal")
    page.select_option("#e1-disposition", "convicted")
    reader.send()
    expect(page.locator("[data-outcome=undetermined]")).to_be_visible()
    reader.look()
    reader.open("/nowhere")
    reader.look()


def test_without_script_or_mouse(browser: Browser, site: str) -> None:
    """Everything can be done with the keyboard alone, and without any script."""
    reader = Reader(browser, site, java_script_enabled=False)
    page, keys = reader.page, reader.page.keyboard
    reader.open("/cn/ride-hailing/driver")
    for field, value in (
        ("offence", "Drug u"),
        ("kind", "Admin"),
        ("disposition", "Admin"),
        ("decided_on", "01052019"),
    ):
        for _ in range(40):
            keys.press("Tab")
            if page.locator(f"#e1-{field}:focus").count():
                break
        keys.type(value)
    keys.press("Enter")
    expect(page.locator("[data-outcome]")).to_be_visible()
    expect(page.locator("#e1-offence")).to_have_value("drugs.use")
    assert reader.noticed == []


def test_the_switch_keeps_what_was_typed(browser: Browser, site: str) -> None:
    """Before and after an answer the reader may change the language; what was typed goes along, in no address."""
    reader = Reader(browser, site)
    reader.open("/cn/ride-hailing/driver")
    reader.use()
    reader.send()
    before = reader.page.locator("[data-outcome]").get_attribute("data-outcome")
    reader.page.get_by_role("button", name="中文").click()
    expect(reader.page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(reader.page.locator("[data-outcome]")).to_have_attribute("data-outcome", str(before))
    expect(reader.page.locator("#e1-offence")).to_have_value("drugs.use")
    reader.send()
    expect(reader.page.locator("html")).to_have_attribute("lang", "zh-Hans")
    reader.page.locator(".step a").click()
    expect(reader.page.locator("h1")).to_have_text("我能通过吗？")
    assert reader.noticed == []


def test_small_screen(browser: Browser, site: str) -> None:
    """At 320 pixels nothing is cut off or scrolls sideways (WCAG 2.2, 1.4.10)."""
    reader = Reader(browser, site, viewport=SMALL)
    reader.open("")
    reader.look()
    reader.open("/us/twic/worker")
    reader.page.locator("details.more > summary").first.click()
    reader.look()
    reader.use()
    reader.send()
    reader.look()
