"""The whole consent in a real Chromium, against a real server on a real port, by people of several kinds."""

import logging
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlalchemy import update
from werkzeug.serving import make_server

from gateway import clock
from gateway.config import Config
from gateway.consent.models import Visit
from gateway.db import Database, db
from tests.gateway.consent.people import SUBJECT, Control, Request, answer, ask, make_app, sent_code
from tests.gateway.consent.provider import ALICE

pytestmark = pytest.mark.browser

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PHONE = {"width": 390, "height": 844}
LOCALES = {"en": "en-GB", "zh": "zh-CN"}
AGREE, DECLINE = re.compile("^(I agree|我同意)$"), re.compile("^(I decline|我不同意)$")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    if CHROMIUM is None:
        pytest.skip("NO CHROMIUM: the pages were not tested in a browser; install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    """A deployment at a free port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return {**environ, "SEALGATE_ISSUER": f"http://localhost:{free.getsockname()[1]}"}


@pytest.fixture
def site(config: Config, database: Database) -> Iterator[str]:
    """The consent pages, served; their address."""
    with served(config):
        yield config.issuer


@contextmanager
def served(config: Config) -> Iterator[None]:
    """A real server for the pages of a deployment, at the port of its address."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("localhost", int(config.issuer.rpartition(":")[2]), make_app(config), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield
    server.shutdown()
    thread.join()


class Reader:
    """A person at a browser, who notices whatever is wrong with a page."""

    def __init__(self, browser: Browser, config: Config, language: str = "en", **options: object) -> None:
        settings = {"viewport": PHONE, "locale": LOCALES[language], "color_scheme": "light", **options}
        self.context: BrowserContext = browser.new_context(**settings)  # type: ignore[arg-type]
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        self.config = config
        self.noticed: list[str] = []
        self.page.on("console", lambda message: self.heard(message.text))
        self.page.on("requestfailed", lambda request: self.failed(request.url, request.failure))
        self.page.on("request", self.elsewhere)

    def heard(self, text: str) -> None:
        """What Chromium complains of; that we refuse what was typed is no complaint."""
        if not re.search(r"responded with a status of 4\d\d", text):
            self.noticed.append(f"console: {text}")

    def failed(self, url: str, why: str | None) -> None:
        """What could not be fetched, unless we went on before it came."""
        if why != "net::ERR_ABORTED":
            self.noticed.append(f"failed: {url}")

    def elsewhere(self, request: object) -> None:
        url = str(getattr(request, "url", ""))
        if not url.startswith(f"{self.config.issuer}/c"):
            self.noticed.append(f"elsewhere: {url}")

    def look(self) -> None:
        """Look at the page with axe, and for what does not fit on a phone or under a finger."""
        self.page.wait_for_load_state()  # a click does not wait for the page that it leads to
        found = Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, f"{self.page.url} scrolls sideways by {wide}px"
        for target in self.page.locator("button, input[type=text], nav a, a.onward, a.quiet, a.even").all():
            box = target.bounding_box()
            assert box is not None
            assert box["height"] >= 44, f"{target.inner_text()} is {box['height']}px high"
        assert self.noticed == []

    def press(self, name: str | re.Pattern[str] = "") -> None:
        button = (
            self.page.locator("main").get_by_role("button", name=name) if name else self.page.locator("main button")
        )
        button.first.click()

    def particulars(self) -> None:
        for field, value in (("name", "Wang Xiaoming"), ("day", "23"), ("month", "4"), ("year", "1990")):
            self.page.locator(f"#{field}").fill(value)
        self.press()

    def prove(self, request: Request) -> None:
        self.page.goto(request.asked.url)
        self.press()
        self.particulars()
        self.page.locator("#code").fill(sent_code(self.config))
        self.press()


PUPIL = {**SUBJECT, "born": "2015-04-23", "ids": []}
MOTHER = {"names": [{"full": "李黛玉"}], "born": date(1981, 5, 6), "ids": [], "contact": {"email": "li@mail.example"}}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_consent_of_two(browser: Browser, site: str, config: Config, language: str) -> None:
    """A guardian and a pupil at one phone, one after the other: every page that only they see; axe finds nothing."""
    reader, request = Reader(browser, config, language), ask(subject=PUPIL, beside=MOTHER, language=language)
    page = reader.page
    sides = [(request.guardians_url, "李黛玉", ("1981", "5", "6")), (request.asked.url, "王小明", ("2015", "4", "23"))]
    for number, (url, name, born) in enumerate(sides):
        page.goto(url)
        reader.press()
        reader.look()
        for field, value in zip(("name", "year", "month", "day"), (name, *born), strict=True):
            page.locator(f"#{field}").fill(value)
        reader.press()
        page.locator("#code").fill(sent_code(config))
        reader.press()
        expect(page.locator("section.aside").first).to_contain_text(sides[1 - number][1])
        reader.look()
        reader.press(AGREE)
        if number == 0:
            expect(page.locator("p.lead")).to_contain_text("王小明")
            reader.look()
    assert request.row.state == "given"
    reader.look()
    page.goto(request.guardians_url)
    reader.press()
    for field, value in zip(("name", "year", "month", "day"), (sides[0][1], *sides[0][2]), strict=True):
        page.locator(f"#{field}").fill(value)
    reader.press()
    page.locator("#code").fill(sent_code(config))
    reader.press()
    assert page.url.endswith("/status")
    reader.look()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_whole_consent(browser: Browser, site: str, config: Config, language: str, scheme: str) -> None:
    """From the code to the withdrawal: each page is seen, in both languages, light and dark; axe finds nothing."""
    reader, request = Reader(browser, config, language, color_scheme=scheme), ask(language=language)
    page = reader.page
    page.goto(f"{site}/c")
    reader.look()
    page.locator("#code").fill("nonsense")
    reader.press()
    assert page.locator("#code").get_attribute("aria-invalid") == "true"
    reader.look()
    page.goto(request.asked.url)
    expect(page.locator("html")).to_have_attribute("lang", {"en": "en", "zh": "zh-Hans"}[language])
    reader.look()
    reader.press()
    reader.look()
    reader.press()
    reader.look()
    reader.particulars()
    reader.look()
    page.locator("#code").fill(sent_code(config))
    reader.press()
    reader.look()
    agree, decline = (page.get_by_role("button", name=name).bounding_box() for name in (AGREE, DECLINE))
    assert agree is not None
    assert decline is not None
    assert (agree["width"], agree["height"], agree["y"]) == (decline["width"], decline["height"], decline["y"])
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    reader.press(AGREE)
    reader.look()
    page.locator("a.quiet").click()
    reader.look()
    page.locator("summary").click()
    reader.look()
    with page.expect_download() as download:
        reader.press()
    text = download.value.path().read_text("utf-8")
    assert download.value.suggested_filename == "consent-receipt.jws"
    page.locator("a.quiet").click()
    reader.look()
    look_at(reader, site, text)
    page.goto(f"{site}/c/{request.id}/done")
    page.locator("a.onward").click()
    reader.look()
    page.locator("a.quiet[href=withdraw]").click()
    reader.look()
    page.locator("a.even").click()
    answer(request, eligible=False)
    page.reload()
    expect(page.locator(".word")).to_have_text({"en": "No", "zh": "否"}[language])
    reader.look()
    page.emulate_media(media="print")
    expect(page.locator(".word")).to_be_hidden()
    page.emulate_media(media="screen")
    with db.write() as session:
        session.execute(update(Visit).values(proved_at=clock.now() - timedelta(minutes=6)))
    page.reload()
    expect(page.locator(".word")).to_have_count(0)
    reader.look()
    page.goto(f"{site}/c/{request.id}/withdraw")
    reader.press()
    reader.look()
    assert request.row.state == "withdrawn"
    page.goto(f"{site}/c/gone")
    reader.look()


def look_at(reader: Reader, site: str, text: str) -> None:
    """Whether a receipt is ours: first what is none, then it."""
    page = reader.page
    page.goto(f"{site}/c/receipts")
    reader.look()
    page.locator("#receipt").fill("nonsense")
    reader.press()
    assert page.locator("#receipt").get_attribute("aria-invalid") == "true"
    reader.look()
    page.locator("#receipt").fill(text)
    reader.press()
    expect(page.locator("main")).to_contain_text("Sunflower Kindergarten")
    reader.look()
    page.locator("a.quiet").click()
    expect(page.locator("#receipt")).to_have_value("")


def test_declining_and_going_back(browser: Browser, site: str, config: Config) -> None:
    """The back button shows how it stands, not a form that could be sent again."""
    reader, request = Reader(browser, config), ask()
    reader.prove(request)
    reader.press(DECLINE)
    expect(reader.page.locator("h1")).to_have_text("You have declined")
    reader.page.go_back()
    expect(reader.page.get_by_role("button", name=AGREE)).to_have_count(0)
    expect(reader.page.locator("main")).to_contain_text("You declined")
    assert request.row.state == "declined"


def test_without_javascript_or_mouse(browser: Browser, site: str, config: Config) -> None:
    """Everything can be done with the keyboard alone, and without any script."""
    reader, request = Reader(browser, config, java_script_enabled=False), ask()
    page, keys = reader.page, reader.page.keyboard

    def tab_to(target: str) -> None:
        for _ in range(20):
            keys.press("Tab")
            if page.locator(f"{target}:focus-visible").count():
                return
        pytest.fail(f"{target} cannot be reached on {page.url}")

    def enter(to: str) -> None:
        keys.press("Enter")
        page.wait_for_url(re.compile(to))

    page.goto(request.asked.url)
    tab_to("a.skip")
    enter("#main")
    tab_to("button")
    enter("/prove")
    for field, value in (("#name", "Wang Xiaoming"), ("#day", "23"), ("#month", "4"), ("#year", "1990")):
        tab_to(field)
        keys.type(value)
    enter("/code")
    tab_to("#code")
    keys.type(sent_code(config))
    enter("/request")
    tab_to("button[value=decline]")
    enter("/done")
    expect(page.locator("h1")).to_have_text("You have declined")
    assert request.row.state == "declined"
    assert reader.noticed == []


def test_small_screen_and_long_words(browser: Browser, site: str, config: Config) -> None:
    """At 320 pixels nothing is cut off or scrolls sideways (WCAG 2.2, 1.4.10), with long names too."""
    long_name = "The Very Long-Named Kindergarten of the Donaudampfschifffahrtsgesellschaft in Llanfairpwllgwyngyll"
    reader, request = Reader(browser, config, viewport={"width": 320, "height": 640}), ask(institution=long_name)
    reader.page.goto(request.asked.url)
    reader.look()
    reader.prove(request)
    reader.look()


def test_language_switch_keeps_the_page(browser: Browser, site: str, config: Config) -> None:
    """The reader stays where they are."""
    reader, request = Reader(browser, config), ask()
    reader.prove(request)
    reader.page.get_by_role("link", name="中文").click()
    expect(reader.page.locator("h1")).to_have_text("您同意这项核查吗？")
    reader.press(AGREE)
    expect(reader.page.locator("h1")).to_have_text("您已同意")
    assert request.row.state == "given"


def test_browser_keeps_no_more_than_it_must(browser: Browser, site: str, config: Config) -> None:
    """What the browser keeps of a visit: no script reads it, other sites do not get it, it ends with the session."""
    reader, request = Reader(browser, config), ask()
    reader.prove(request)
    cookies = reader.context.cookies()
    assert {cookie["name"] for cookie in cookies} == {"sealgate-form", f"sealgate-{request.id[-8:]}"}
    assert all(cookie["httpOnly"] and cookie["sameSite"] == "Lax" and cookie["expires"] == -1 for cookie in cookies)
    assert reader.page.evaluate("document.cookie") == ""


def test_signing_in_at_the_provider(
    browser: Browser, environ: dict[str, str], database: Database, provider: Control
) -> None:
    """There and back in a real browser, which holds the form's redirect against the page's policy."""
    contact = {"SEALGATE_CODE_ASSURANCE": "substantial"}
    contact["SEALGATE_OIDC_CLAIMS"] = "name=name,born=birthdate,id.cn-resident-id=resident_id"
    config = Config.from_env({**environ, **provider.settings, **contact})
    number = SUBJECT["ids"][0]["value"]  # type: ignore[index]
    provider.set(person={**ALICE, "resident_id": number, "email": "a@own.example", "email_verified": True})
    with served(config):
        reader, request = Reader(browser, config), ask()
        reader.page.goto(request.asked.url)
        reader.press()
        reader.look()
        reader.press("Send a code")
        reader.page.wait_for_url("**/contact")
        reader.look()
        reader.page.get_by_role("link", name="sign in").click()
        reader.press("Go and sign in")
        reader.page.wait_for_url("**/keep")
        reader.noticed = [one for one in reader.noticed if not one.startswith(f"elsewhere: {provider.base}")]
        reader.look()
        assert not reader.page.get_by_role("checkbox").is_checked()
        reader.page.get_by_text("Keep it for").click()
        reader.press()
        reader.page.wait_for_url("**/request")
        assert [one for one in reader.noticed if not one.startswith(f"elsewhere: {provider.base}")] == []
        reader.press(AGREE)
        assert request.row.state == "given"
