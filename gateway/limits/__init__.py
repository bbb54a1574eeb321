"""Bounds: how many calls a client may make, how much a process takes on at a time, and what it says when it is full.

    calls.spend(client_id)          one call of a client; seconds to wait when it has none left (`rates`)
    Gate(places, lanes)             so many at work, so many waiting, nobody beyond (`gate`)
    Front(app, …)                   both in front of the whole application, and the bodies of requests (`front`)

Counts that hold for all processes together are in the database (`storage`), under ids of clients, never under addresses
or names. What was accepted is never refused later: only requests are limited, never work.
"""

from gateway.limits.front import CONNECTIONS, Front
from gateway.limits.gate import Gate, Lane
from gateway.limits.rates import Rates
from gateway.limits.refusals import Overloaded, soon
from gateway.limits.storage import DatabaseStorage

__all__ = ["CONNECTIONS", "DatabaseStorage", "Front", "Gate", "Lane", "Overloaded", "Rates", "calls", "soon"]

calls = Rates("calls")
"""The calls of every client, at all doors that know who is calling; `calls.init` says how many it may make."""
