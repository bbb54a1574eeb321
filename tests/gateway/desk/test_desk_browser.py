"""The adjudicator's pages in a real Chromium, without a script, in both languages, light and dark, on a small phone."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import browser, look, site
from tests.stage import Stage, reports
from tests.workers import member_at

__all__ = ["browser", "site"]

pytestmark = pytest.mark.browser

TARGETS = "button, label.tick, nav a, .step a, .choices a, a.even, a.onward"
THEFT = {
    "offence": "violence", "decided_on": "2024-01-01", "ref": "case-8", "age_at_decision": 33, "kind": "criminal",
    "disposition": "convicted", "sentences": [{"kind": "imprisonment", "length": "P2Y", "started_on": "2024-01-01"}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [("en", "light", 320), ("zh", "dark", 390)],
    ids=["small-en-light", "phone-zh-dark"],
)
def test_every_page(browser: Browser, site: str, stage: Stage, language: str, scheme: str, width: int) -> None:
    """A namesake's entry is found to be the same person's, a rule is decided, a reason given; then a refusal."""
    hr = stage.caller()
    entries = reports({"offence": "violence", "decided_on": "2024-01-01", "ref": "case-7"}, THEFT, sure=False)
    stage.police.answers["NAMESAKE"] = entries
    _, review_id = stage.opened(hr, "NAMESAKE")
    _, barred = stage.opened(hr, "BARRED")
    worker = member_at(stage.app, stage.time)
    context = browser.new_context(
        viewport={"width": width, "height": 700},
        locale={"en": "en-GB", "zh": "zh-CN"}[language],
        color_scheme="dark" if scheme == "dark" else "light",
    )
    context.add_cookies([{"name": "sealgate-staff", "value": worker.cookie, "url": site, "httpOnly": True}])
    page, noticed = context.new_page(), []
    page.set_default_timeout(10_000)
    page.on("console", lambda said: None if "status of 4" in said.text else noticed.append(said.text))
    page.goto(f"{site}/staff")
    page.locator(".rooms a", has_text={"en": "Questions for a person", "zh": "需要由人判断的问题"}[language]).click()
    look(page, TARGETS)
    page.goto(f"{site}/desk/{review_id}")
    look(page, TARGETS)
    for again in (False, True):
        for same in page.locator("input[value=same]").all():
            same.check()
        page.locator("main form button").click()
        expect(page.locator("input[value=yes]").first).to_be_visible()
        if not again:
            page.go_back()
    look(page, TARGETS)
    for holds in page.locator("input[value=yes]").all():
        holds.check()
    page.locator("main form button").click()
    look(page, TARGETS)
    page.locator("main form button").click()
    expect(page.locator("input[name=reason]").first).to_be_visible()  # no reason: the browser does not send it
    page.locator("input[name=reason]").first.check()
    page.locator("main form button").click()
    expect(page).to_have_url(f"{site}/desk/done")
    look(page, TARGETS)
    page.goto(f"{site}/desk/{review_id}")
    expect(page.locator("h1")).to_have_text({"en": "This is decided already", "zh": "这个问题已经决定"}[language])
    look(page, TARGETS)
    page.goto(f"{site}/desk/{barred}")
    look(page, TARGETS)
    page.locator("input[value=confirm]").check()
    page.locator("main form button").click()
    look(page, TARGETS)
    page.locator("a.even").click()
    expect(page).to_have_url(f"{site}/desk/{barred}")
    assert page.evaluate("document.cookie") == ""
    assert noticed == []
    context.close()
