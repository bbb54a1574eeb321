"""“Would I pass?”: a policy in plain words, and a made-up record tried against it, without a trace.

These pages know no cookie, no database, no queue and no log. What is typed is in the body of one request, in memory
while it is answered, and in the page that goes back; who sent it is not asked.
"""

from flask import Flask

from gateway.config import Config
from gateway.tryout import shelf
from gateway.tryout.pages import pages
from policies.library import Library

__all__ = ["init_app", "pages"]


def init_app(app: Flask, config: Config, library: Library) -> None:
    """Give an application the pages under /would-i-pass, about the published documents of a library."""
    shelf.init(app, library, config.reading)
    app.register_blueprint(pages)
