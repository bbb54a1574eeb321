"""A person's own pages in a real Chromium: calm, whole, on every device, and not on paper."""

import os
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from gateway import vault
from gateway.checks.run import run
from gateway.consent import people
from gateway.consent.decide import agree
from gateway.db import db
from tests.browser import browser, site
from tests.gateway.consent.conftest import provider, provider_port
from tests.gateway.consent.people import Control
from tests.gateway.subject.ways import consent_of, sign_in, with_sign_in
from tests.stage import RELEASE, Stage, StageMaker, make_stage, request_for, stage_environ

__all__ = ["browser", "make_stage", "provider", "provider_port", "site", "stage_environ"]

pytestmark = pytest.mark.browser

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
LOCALES = {"en": "en-GB", "zh": "zh-CN"}
ASKED_BY = {
    "waiting": "Riverside Primary School",
    "given": "Little Boats Nursery",
    "declined": "Moon Kindergarten",
    "told": "Sunflower Kindergarten",
}


@pytest.fixture
def stage(make_stage: StageMaker, provider: Control) -> Stage:
    """A deployment where people sign in, with a request of each kind about one person."""
    return with_sign_in(make_stage, provider)


def live(stage: Stage) -> dict[str, str]:
    """Ask for the checks and bring each as far as its name says; their consents."""
    subject = {**request_for("x")["subject"], "ids": [{"type": "passport", "value": "BARRED"}]}
    found = {}
    for state in ("told", "declined", "given", "waiting"):
        check_id = stage.caller(name=ASKED_BY[state]).asked(subject=subject)
        found[state] = consent_of(check_id).id
        if state == "declined":
            stage.decline(check_id)
        if state in ("told", "given"):
            with db.write() as session:
                vault.put(session, check_id, "vouched", subject)
                claims = {"iss": stage.config.oidc_issuer, "sub": "wang"}
                people.proved(session, consent_of(check_id), people.by_claims(claims))
            assert stage.act(check_id, agree)
            run(check_id)
        if state == "told":
            stage.settle_reviews(stage.desk())
            stage.until(RELEASE)
        stage.time.forward(timedelta(minutes=7))
    return found


def look(page: Page, name: str) -> None:
    """Look with axe, for what does not fit, for what a finger misses, and for what a printer would get."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0, f"{page.url} scrolls sideways by {wide}px"
    for target in page.locator("button, nav a, a.quiet, a.onward, a.even, .checks h2 a, .step a").all():
        box = target.bounding_box()
        assert box is None or box["height"] >= 44, f"{target.inner_text()} is {box['height']}px high"
    page.emulate_media(media="print")
    if page.locator(".private").count():
        expect(page.locator(".private").first).to_be_hidden()
        assert page.locator(".private >> visible=true").count() == 0
    page.emulate_media(media="screen")
    if folder := os.environ.get("SEALGATE_SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize(
    ("size", "language", "scheme"),
    [(PHONE, "en", "light"), (DESK, "zh", "dark")],
    ids=["phone-en-light", "desk-zh-dark"],
)
def test_the_pages(
    browser: Browser, site: str, stage: Stage, provider: Control, size: dict[str, int], language: str, scheme: str
) -> None:
    """Sign-in, everything, one of each kind, the question before erasing; without a script."""
    ids = live(stage)
    context = browser.new_context(viewport=size, locale=LOCALES[language], color_scheme=scheme)  # type: ignore[arg-type]
    page, noticed = context.new_page(), list[str]()
    page.on("console", lambda message: noticed.append(message.text))
    page.goto(f"{site}/c/mine")
    look(page, f"{language}-sign-in")
    person = sign_in(stage, provider)
    cookies = [person.client.get_cookie(name) for name in ("sealgate-mine", "sealgate-form")]
    context.add_cookies([{"name": one.key, "value": one.value, "url": site} for one in cookies if one])
    page.goto(f"{site}/c/mine")
    expect(page.locator(".checks > li")).to_have_count(4)
    look(page, f"{language}-mine")
    for state, consent_id in ids.items():
        page.goto(f"{site}/c/mine/{consent_id}")
        look(page, f"{language}-one-{state}")
    for state in ("told", "declined"):
        page.goto(f"{site}/c/mine/{ids[state]}")
        page.locator('a[href$="/erase"]').click()
        look(page, f"{language}-erase-{state}")
    page.locator("form button").click()
    page.wait_for_url(f"**/{ids['declined']}")
    look(page, f"{language}-erased")
    page.goto(f"{site}/c/mine/{ids['told']}")
    page.locator('form[action$="/open"] button').click()
    page.wait_for_url("**/status")
    look(page, f"{language}-status")
    stage.time.forward(timedelta(minutes=6))
    page.goto(f"{site}/c/mine/{ids['told']}")
    look(page, f"{language}-stale")
    assert noticed == []
    context.close()
