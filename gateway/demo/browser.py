"""A browser without pictures: follows links, keeps cookies, fills in the form that is on the page and sends it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests

_TIMEOUT_SECONDS = 20.0


class Lost(Exception):
    """The page is not the one that was expected; says where the browser is, without query or secret."""


@dataclass
class Form:
    """The first form of a page: where it goes, its fields as they stand, and what its buttons would add."""

    action: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    """Finds the first form of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.form: Form | None = None
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and self.form is None:
            self.form, self._inside = Form(given.get("action", "")), True
        elif self._inside and self.form and given.get("name"):
            if tag == "input":
                self.form.fields[given["name"]] = given.get("value", "")
            elif tag == "button":
                self.form.buttons.append((given["name"], given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


class Browser:
    """One person's browser, with its own cookies."""

    def __init__(self, language: str = "zh-CN") -> None:
        self._session = requests.Session()
        self._session.headers["Accept"] = "text/html"
        self._session.headers["Accept-Language"] = language
        self._page: requests.Response | None = None

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    @property
    def place(self) -> str:
        """The last part of the address of the page that is open: `prove`, `code`, `request`, `done`."""
        return "" if self._page is None else urlsplit(self._page.url).path.rpartition("/")[2]

    def open(self, url: str) -> None:
        """Go to an address. Raises Lost, requests.RequestException."""
        self._see(self._session.get(url, timeout=_TIMEOUT_SECONDS))

    def send(self, **typed: str) -> None:
        """Fill in the page's form, press its button, and go where it leads; a button is chosen by its name and value.

        Raises Lost when the form has no such field, requests.RequestException.
        """
        form = self._form()
        filled = dict(form.fields)
        for name, value in typed.items():
            if name not in filled and (name, value) not in form.buttons:
                raise Lost(f"the form at {self.place} has no field {name}")
            filled[name] = value
        assert self._page is not None  # noqa: S101 - there was a form on it
        url = urljoin(self._page.url, form.action)
        self._see(self._session.post(url, data=filled, timeout=_TIMEOUT_SECONDS))

    def _form(self) -> Form:
        reader = _Reader()
        reader.feed("" if self._page is None else self._page.text)
        if reader.form is None:
            raise Lost(f"there is no form at {self.place}")
        return reader.form

    def _see(self, page: requests.Response) -> None:
        self._page = page
        if page.status_code != requests.codes.ok:
            raise Lost(f"{self.place} answered {page.status_code}")
