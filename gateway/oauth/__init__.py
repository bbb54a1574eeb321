"""OAuth 2.0: who is calling and what they may ask.

`init_app` adds the authorization server to an app. A room of the house puts `needs("checks:read")` in front of
its routes and asks `caller()` who is there. Institutions and clients are registered through `register`; our
signing keys are turned over by `signing.rotate`. DIVERGENCES.md lists where we differ from a standard.
"""

from flask import Flask

from gateway.config import Config
from gateway.oauth.guard import Caller, Guard, caller, needs
from gateway.oauth.routes import EXTENSION, blueprint
from gateway.oauth.server import Server

__all__ = ["Caller", "Guard", "caller", "init_app", "needs"]


def init_app(app: Flask, config: Config) -> None:
    """Serve the endpoints of the authorization server. The database and the vault must be set up by then."""
    app.extensions[EXTENSION] = Server(config.issuer)
    app.register_blueprint(blueprint)
