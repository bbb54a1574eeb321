"""What became of a check, in a real Chromium: the answer, its reasons, contesting it, and repeated checks."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from gateway.consent.forms import visit_cookie
from tests.browser import browser, site
from tests.gateway.subject.test_contest import TOLD, Reader, refused
from tests.stage import Stage

__all__ = ["browser", "site"]

pytestmark = pytest.mark.browser

PHONE, DESK = {"width": 320, "height": 640}, {"width": 1280, "height": 900}
WINDOWS = [(PHONE, "en-GB", "light"), (DESK, "zh-CN", "light"), (PHONE, "zh-CN", "dark"), (DESK, "en-GB", "dark")]
"""Every two of size, language and colours meet once. A page is seen in the first two, the next one in the others."""
TARGETS = "main button, nav a, a.quiet, a.onward, a.even, label.tick"
WORDS = {"Yes", "No", "是", "否"}
TELLING = ("drug", "吸毒", "5 May 2012", "2012年5月5日", "ontest", "异议", "reasons", "查看理由")


class Windows:
    """One person at four browsers, who notices whatever is wrong with a page."""

    def __init__(self, browser: Browser, site: str) -> None:
        self.site = site
        self.noticed: list[str] = []
        self.pages: list[Page] = []
        self.pair = slice(0, 2)
        for size, locale, colours in WINDOWS:
            context = browser.new_context(viewport=size, locale=locale, color_scheme=colours)  # type: ignore[arg-type]
            page = context.new_page()
            page.on("console", lambda said: None if "status of 422" in said.text else self.noticed.append(said.text))
            page.on("request", lambda sent: None if sent.url.startswith(site) else self.noticed.append(sent.url))
            self.pages.append(page)

    def let_in(self, reader: Reader) -> None:
        """With the proof of a reader."""
        held = reader.client.get_cookie(visit_cookie(reader.consent_id))
        assert held
        for page in self.pages:
            page.context.add_cookies([{"name": held.key, "value": held.value, "url": self.site}])

    def open(self, reader: Reader, name: str, kept_off_paper: bool = False) -> None:
        """Open a page of a check and look at it: in both sizes and both languages."""
        self.pair = slice(2, 4) if self.pair.start == 0 else slice(0, 2)
        for page in self.pages[self.pair]:
            page.goto(f"{self.site}/c/{reader.consent_id}/{name}")
            look(page, kept_off_paper)

    def send(self, kept_off_paper: bool) -> None:
        """Press the button of the page that is open, and look at what comes."""
        for page in self.pages[self.pair]:
            page.locator("main form button").first.click()
            look(page, kept_off_paper)


def look(page: Page, kept_off_paper: bool) -> None:
    """With axe, for scripts, for what does not fit, for what a finger misses or a key, and on paper."""
    page.wait_for_load_state()  # a click does not wait for the page that it leads to
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.locator("script, iframe, img, [onclick], [style]").count() == 0
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0, f"{page.url} scrolls sideways by {wide}px"
    for text, high in page.locator(TARGETS).evaluate_all("all => all.map(e => [e.innerText, e.offsetHeight])"):
        assert high >= 44, f"{text} is {high}px high"
    tab_through(page)
    if kept_off_paper:
        page.emulate_media(media="print")
        on_paper = page.locator("main").inner_text()
        assert not WORDS & set(on_paper.splitlines())
        assert not [word for word in TELLING if word in on_paper], on_paper
        page.emulate_media(media="screen")


def tab_through(page: Page) -> None:
    """The keyboard reaches everything, and one sees where it is."""
    every = page.locator("a[href], button, input:not([type=hidden])")
    names = every.evaluate_all("all => all.map((e, n) => e.type == 'radio' ? e.name : (e.id ||= `reach-${n}`))")
    reached = set()
    for _ in set(names):
        page.keyboard.press("Tab")
        where = "e.type == 'radio' ? e.name : e.id, getComputedStyle(e).outlineStyle"
        name, ring = page.evaluate(f"(e => [{where}])(document.activeElement)")
        assert ring == "solid", f"{name} shows no focus on {page.url}"
        reached.add(name)
    assert reached >= set(names), f"the keyboard does not reach everything on {page.url}"


def test_the_answer_and_what_can_be_done_with_it(browser: Browser, site: str, stage: Stage) -> None:
    """A no with its reasons, contested; a yes that is repeated, and the end of that."""
    school = stage.caller("cn/minors-contact", name="Riverside Primary School")
    repeated = school.asked("CLEAN", policy="cn/minors-contact", role="staff", lease="P3Y")
    stage.agree(repeated)
    _, reader = refused(stage, stage.caller())
    stage.until(TOLD)
    reader.prove()
    yes, windows = Reader(stage, repeated), Windows(browser, site)
    windows.let_in(reader)
    windows.let_in(yes)
    windows.open(reader, "status", kept_off_paper=True)
    windows.open(reader, "reasons")
    windows.send(kept_off_paper=True)
    windows.open(reader, "contest", kept_off_paper=True)
    windows.send(kept_off_paper=True)
    (page, *_) = windows.pages[windows.pair]
    page.locator("input[value=law]").check()
    page.locator("main form button").click()
    windows.open(reader, "status", kept_off_paper=True)
    windows.open(yes, "status", kept_off_paper=True)
    windows.open(yes, "lease/end")
    assert windows.noticed == []
    for page in windows.pages:
        page.context.close()
