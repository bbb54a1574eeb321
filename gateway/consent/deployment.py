"""What the consent pages know of their deployment: its configuration and its library of policies, set once."""

from dataclasses import dataclass

from gateway.config import Config
from policies.library import Library


@dataclass(frozen=True)
class _Deployment:
    config: Config
    library: Library


_deployment: _Deployment | None = None


def init(config: Config, library: Library) -> None:
    """Set the deployment; the application factory does it."""
    global _deployment
    _deployment = _Deployment(config, library)


def _ours() -> _Deployment:
    if _deployment is None:
        raise RuntimeError("consent.init_app(app, config) has not been called")
    return _deployment


def config() -> Config:
    """The deployment's configuration. Raises RuntimeError before `init`."""
    return _ours().config


def library() -> Library:
    """The deployment's policies. Raises RuntimeError before `init`."""
    return _ours().library


def url(path: str) -> str:
    """The public address of a path of ours."""
    return f"{config().issuer}{path}"
