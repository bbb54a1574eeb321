"""create_app: configuration in, application out. Every room is joined here, and every door has its guard (`doors`).

A request passes `_at_the_door` first. A route that is neither behind a guard of GUARDS, nor on the list of open
ones, nor in a room that guards itself, stays shut: forgetting to list one does not open it.
"""

import os
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from flask import Flask, Response, current_app, request
from werkzeug.middleware.proxy_fix import ProxyFix

from connectors import shelf
from connectors.base import Connector
from gateway import (
    audit,
    consent,
    limits,
    logs,
    metrics,
    notices,
    oauth,
    problems,
    retention,
    staff,
    subject,
    tryout,
    vault,
    watch,
    work,
)
from gateway.checks import deployment, needed, release, routes, run
from gateway.checks.openapi import Document, as_document
from gateway.config import Config, ConfigError
from gateway.db import db
from gateway.desk import pages as desk_pages
from gateway.desk import routes as desk
from gateway.doors import GUARDS, OPEN_ENDPOINTS, OWN_GUARDS
from gateway.front import about, health, pages, receipts
from gateway.front.requests import Watched
from gateway.leases import pages as lease_pages
from gateway.leases import repeat
from gateway.leases import routes as leases
from gateway.limits import front
from gateway.limits.refusals import Refusals
from gateway.oauth import caller, receipt_keys
from policies.library import Library

VERSION = "1.0"

log = logs.get("process")

TAKE_OVER_SECONDS = 15.0
"""How long a starting process waits for one that is ending to let go of the work."""

PROBES: Mapping[str, health.Probe] = {
    "database": health.database,
    "keys": vault.in_step,
    "work": work.ready,
    "registries": needed.all_there,
}
"""What must hold for the gateway to be ready."""

NEW_CHECK = "asking.ask"
"""The one call that makes work: refused while there is too much of it."""

TASKS = (
    run.run,
    release.tick,
    repeat.tick,
    notices.post,
    retention.due.tick,
    retention.due.erase,
    retention.keys.tick,
)
"""What the rooms have registered with `work`; named, so that it is seen that they are loaded."""

SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def create_app(
    config: Config, *, registries: Mapping[str, Connector] | None = None, library: Library | None = None
) -> Flask:
    """The application of a deployment. Registries and policies are those of the configuration and of the package
    unless others are given. Starts no work: `work.launch` does, once the tables are there.

    Raises connectors.base.ConfigurationError, policies.library.LibraryError.
    """
    shelf_of_law = library or Library.shipped()
    _init_rooms(config, registries if registries is not None else shelf.load(config.registries), shelf_of_law)
    app = Flask(__name__, static_folder=None)
    app.config.update(_settings(config))
    bound = work.Bound(config.queue, work.beyond, notices.beyond)
    app.before_request(lambda: _at_the_door(bound))
    headers = _headers(config)
    app.after_request(_seal(headers))
    oauth.init_app(app, config)
    consent.init_app(app, config, shelf_of_law)
    subject.init_app(app)
    app.register_blueprint(lease_pages.pages)
    staff.init_app(app)
    app.register_blueprint(desk_pages.pages)
    tryout.init_app(app, config, shelf_of_law)
    api = Document(app)
    api.spec.components.security_scheme("oauth2", about.security(config.issuer))
    for room in (routes.asking, routes.reading, leases.leasing, desk.reviews, receipts.receipts):
        api.register_blueprint(room)
    scopes = {room: guard.scopes for room, guard in GUARDS.items()}
    document = about.with_scopes(as_document(api), scopes)
    app.register_blueprint(pages.blueprint(config.issuer, document))
    app.register_blueprint(health.blueprint(PROBES))
    problems.install(app, config.issuer, pages.problem)
    if config.proxies:  # the address of a person is counted, and it must not be the proxy's
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.proxies, x_proto=0)  # type: ignore[method-assign]
    refusals = Refusals(config.issuer, headers)
    bounded = limits.Front(app.wsgi_app, config.threads, config.max_body, _lane, refusals)
    app.extensions["sealgate_front"] = bounded
    app.wsgi_app = Watched(bounded)  # type: ignore[method-assign]
    return app


def serve() -> Flask:
    """The application of the environment; granian calls this in its worker process. On a database file it does the
    work as well, on a server it only enqueues.

    Raises ConfigError, and what `create_app` raises.
    """
    config = Config.from_env(os.environ)
    app = _opened(config)
    if config.embedded:
        _take_over(config)
    else:
        work.prepare()
    _say("started", config)
    return app


def labour() -> None:
    """Do the work of the environment in this process, which serves nothing. Raises as `serve`."""
    config = Config.from_env(os.environ)
    if config.embedded:
        raise ConfigError(["SEALGATE_DATABASE_URL must be postgresql://… for workers; on a file, serve does the work"])
    _opened(config)
    work.launch(config)
    _say("started", config)


def _say(event: str, config: Config) -> None:
    """Which version began in which process: what an upgrade process by process is followed by in the logs."""
    log.info(event, version=version("sealgate"), pid=os.getpid(), kind=config.mode)


def _opened(config: Config) -> Flask:
    logs.setup(config.log_level)
    logs.hook_uncaught()
    app = create_app(config)
    db.upgrade()
    with db.write() as session:
        if wrong := vault.wrong_keys(session):
            raise ConfigError(wrong)
        receipt_keys.prepare(session)  # published before the first receipt is signed
    needed.say_what_is_wanting()
    watch.start(config)
    return app


def _take_over(config: Config) -> None:
    """Start the work; a process that is just ending may still hold it. Raises work.AlreadyRunning if one stays."""
    until = time.monotonic() + TAKE_OVER_SECONDS
    while True:
        try:
            return work.launch(config)
        except work.AlreadyRunning:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def finish() -> None:
    """Stop taking work, let what runs finish, close the database: what `serve` or `labour` began."""
    if work.running():
        work.stop()
    metrics.stop()
    db.close()
    log.info("ended", pid=os.getpid())


def _init_rooms(config: Config, registries: Mapping[str, Connector], library: Library) -> None:
    db.init(config.database_url)
    limits.calls.init(config.rate)
    vault.init(config.keks, config.index_key, config.key_file)
    audit.init(config.issuer)
    notices.init(config)
    deployment.init(config, registries, library)
    retention.init(config)


def _settings(config: Config) -> dict[str, Any]:
    return {
        "SECRET_KEY": config.secret_key,
        "MAX_CONTENT_LENGTH": config.max_body,
        "MAX_FORM_MEMORY_SIZE": config.max_body,
        "MAX_FORM_PARTS": 100,
        **about.settings(config.issuer, VERSION),
    }


def _lane(method: str, path: str) -> str | None:
    """Where a request waits when there are many. Only what needs nothing at all does not wait.

    The subject's pages go first: what was accepted is brought to its end before more is taken on.
    """
    if path == "/healthz":
        return None
    if path == "/desk" or path.startswith(("/desk/", "/staff/")):
        return front.KNOWN
    if path in ("/c", "/readyz", "/metrics") or path.startswith("/c/"):
        return front.FIRST
    if path.startswith(("/v1/", "/desk")):
        return front.NEW if (method, path) == ("POST", "/v1/checks") else front.KNOWN
    return front.STRANGE


def _at_the_door(bound: work.Bound) -> Any:
    """The guard of the route that was found, if any, and the bounds of who has passed it; what was not found goes on
    to its 404."""
    if request.endpoint is None or request.endpoint in OPEN_ENDPOINTS or request.blueprint in OWN_GUARDS:
        return None
    guard = GUARDS.get(request.blueprint or "")
    if guard is None:
        raise problems.NotFound(logged="no_guard")
    guard()
    _within_bounds(bound)
    return None


def _within_bounds(bound: work.Bound) -> None:
    """Raises TooMany for a client that calls too often, Overloaded for a new check while too many tasks wait."""
    current_app.extensions["sealgate_front"].know(request.headers.get("Authorization", ""))
    if seconds := limits.calls.spend(client := caller().client_id):
        logs.quick("limits", "too_many_calls", client=client)
        told = f"A client may make {limits.calls.per_minute} calls in a minute."
        raise problems.TooMany(told, headers={"Retry-After": str(seconds)})
    if request.endpoint == NEW_CHECK and bound.full():
        raise limits.Overloaded(headers={"Retry-After": str(limits.soon() * 5)})


def _headers(config: Config) -> dict[str, str]:
    headers = dict(SECURITY_HEADERS)
    if config.issuer.startswith("https:"):
        headers["Strict-Transport-Security"] = "max-age=63072000"
    return headers


def _seal(headers: Mapping[str, str]) -> Callable[[Response], Response]:
    def seal(response: Response) -> Response:
        """The same headers on every answer; a room that has set a stricter one keeps it."""
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if request.endpoint not in OPEN_ENDPOINTS:
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return seal
