"""Who may sit at the desk: a client that is registered as a desk and has the scope. Holding the scope is not enough."""

from gateway.oauth import Guard, caller
from gateway.problems import Forbidden


class DeskGuard(Guard):
    """Lets a request pass that a desk sends. Raises Unauthorized, Forbidden."""

    def _check(self) -> None:
        super()._check()
        if not caller().desk:
            raise Forbidden("This client is not one of a desk.")


at_the_desk = DeskGuard(("reviews:decide",))
