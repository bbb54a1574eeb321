"""The interactions by the names that documents call them. Each is a pure function with its statute in its docstring."""

from collections.abc import Mapping

from policies.interactions.counting import cap, count_tier
from policies.interactions.extend import extend, reopen
from policies.interactions.reach import Act
from policies.interactions.restart import restart, revoke
from policies.interactions.waiting import all_or_nothing, stay

INTERACTIONS: Mapping[str, Act] = {
    "extend": extend,
    "reopen": reopen,
    "all-or-nothing": all_or_nothing,
    "restart": restart,
    "stay": stay,
    "cap": cap,
    "count-tier": count_tier,
    "revoke": revoke,
}
