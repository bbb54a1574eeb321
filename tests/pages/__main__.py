"""Make the README's pictures anew: a deployment with made-up people and a stopped clock, in a headless Chromium.

    python -m tests.pages

Each is what a phone shows without scrolling.
"""

import logging
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from gateway import clock
from gateway.config import Config
from gateway.consent.forms import visit_cookie
from gateway.db import db
from policies.library import Library
from tests.gateway.subject.test_contest import TOLD, Reader, refused
from tests.pages import png
from tests.stage import NOW, Stage, environ_in, reports, with_release
from tests.workers import member_at

HERE = Path(__file__).parent
PHONE = {"width": 390, "height": 860}
POLICE = """
[police]
title = { en = "Public security bureau", zh = "公安机关" }

[police.correction]
en = "If this record is wrong or not yours, ask the public security bureau that made it to correct it."
zh = "如果记录有误或者不是您的，请向作出记录的公安机关申请更正。"
"""


@dataclass
class Camera:
    """A phone in somebody's hand."""

    site: str
    chromium: Browser

    @contextmanager
    def phone(self, locale: str, **cookies: str) -> Iterator[Page]:
        """A browser of its own, with cookies."""
        context = self.chromium.new_context(viewport=PHONE, locale=locale, color_scheme="light")  # type: ignore[arg-type]
        context.add_cookies([{"name": name, "value": value, "url": self.site} for name, value in cookies.items()])
        yield context.new_page()
        context.close()

    @contextmanager
    def at(self, reader: Reader, page: str, locale: str = "en-GB") -> Iterator[Page]:
        """A page of a request, for somebody who has shown that it is about them."""
        reader.prove()
        held = reader.client.get_cookie(visit_cookie(reader.consent_id))
        assert held is not None
        with self.phone(locale, **{held.key: held.value}) as phone:
            phone.goto(f"{self.site}/c/{reader.consent_id}/{page}")
            yield phone


def main() -> None:
    """Make them all."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with tempfile.TemporaryDirectory() as folder, clock.stopped(NOW) as time, sync_playwright() as playwright:
        environ = environ_in(Path(folder))
        Path(environ["SEALGATE_REGISTRIES"]).write_text(POLICE, "utf-8")
        stage = Stage(Config.from_env(environ), time, with_release(Library.shipped(), review_share=0.0))
        server = make_server("127.0.0.1", 0, stage.app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        chromium = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        try:
            of_the_subject(Camera(f"http://127.0.0.1:{server.server_port}", chromium), stage)
            of_the_desk(Camera(f"http://127.0.0.1:{server.server_port}", chromium), stage)
        finally:
            chromium.close()
            server.shutdown()
            thread.join()
            server.server_close()
            db.close()


def of_the_subject(camera: Camera, stage: Stage) -> None:
    """What is asked, what came out and why, and all that there is about one person."""
    asked = Reader(stage, stage.caller(name="Little Boats Nursery").asked("BARRED"))
    with camera.at(asked, "request") as page:
        keep(page, "request")
    stage.time.forward(timedelta(hours=1))
    _, reader = refused(stage, stage.caller())
    stage.until(TOLD + timedelta(hours=1))
    with camera.at(reader, "status", "zh-CN") as page:
        keep(page, "answer-zh")
    with camera.at(reader, "reasons") as page:
        page.locator("main form button").click()
        keep(page, "reasons")
    with camera.at(reader, "status") as page:
        page.locator("form[action*='/from/'] button").click()
        keep(page, "mine")


def of_the_desk(camera: Camera, stage: Stage) -> None:
    """A question about an entry that may be somebody else's."""
    stage.police.answers["NAMESAKE"] = reports(
        {"offence": "drugs.use", "decided_on": "2012-05-05", "ref": "case-7", "age_at_decision": 22}, sure=False
    )
    _, review_id = stage.opened(stage.caller(name="Moon Kindergarten"), "NAMESAKE")
    worker = member_at(stage.app, stage.time)
    with camera.phone("en-GB", **{"sealgate-staff": worker.cookie}) as page:
        page.goto(f"{camera.site}/desk/{review_id}")
        keep(page, "desk")


def keep(page: Page, name: str) -> None:
    """The picture as a file, in few colours."""
    file = HERE / f"{name}.png"
    file.write_bytes(png.in_few_colours(page.screenshot()))
    print(f"{file.relative_to(HERE.parent.parent)}: {file.stat().st_size // 1000} kB")  # noqa: T201


if __name__ == "__main__":
    main()
