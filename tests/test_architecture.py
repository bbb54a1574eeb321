"""The tree tells the truth: who may import whom, how long things may be, and where law may live.

Every module is parsed, none is run. A rule is a function that yields what breaks it, each with its file, its line
and what to do; `test_rule_sees_a_breach` shows each rule a breach, so that a rule which sees nothing is noticed.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("policies", "connectors", "gateway")

# The parts of `gateway`: each imports only what stands to its left. `app` composes the rooms, the last two start it.
# fmt: off
LINE = [
    "clock", "config", "logs", "metrics", "db", "problems", "limits", "vault", "work", "belief", "audit", "oauth",
    "notices", "consent", "staff", "tryout", "checks", "leases", "desk", "subject", "retention", "watch", "doctor",
    "front", "migrations", "setup", "demo", "doors", "app", "serve", "worker", "cli",
]
# fmt: on

NOT_PURE = {
    **dict.fromkeys(("time", "sched", "zoneinfo"), "the day is an argument"),
    **dict.fromkeys(("os", "platform", "subprocess", "shutil", "tempfile"), "what it needs is an argument"),
    **dict.fromkeys(("socket", "ssl", "http", "urllib", "smtplib", "asyncio"), "connectors ask, policies do not"),
    **dict.fromkeys(("random", "secrets", "uuid"), "the same record must give the same answer"),
    **dict.fromkeys(("logging", "warnings", "syslog"), "records must not reach a log: return it or raise it"),
    **dict.fromkeys(("sqlite3", "dbm", "shelve", "threading", "multiprocessing"), "the domain keeps no state"),
}
AMBIENT = {"now", "today", "utcnow", "fromtimestamp", "environ", "getenv"}
BAD_NAMES = {"utils", "util", "helpers", "helper", "common", "services", "managers", "misc"}
CLOSED_SETS = ("disposition", "sentence", "trait", "grade", "substance")

Problems = Iterator[str]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One Python file: where it is, what it is called, what it says."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def name(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def part(self) -> str:
        """The part of its package that it belongs to: `consent` of `gateway.consent.ask`, '' for the package root."""
        return f"{self.name}.".split(".")[1]

    def at(self, node: ast.AST | int, what: str) -> str:
        return f"{self.path}:{node if isinstance(node, int) else getattr(node, 'lineno', 1)}: {what}"

    def functions(self) -> Iterator[Function]:
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def imports(self) -> Iterator[tuple[ast.stmt, str]]:
        """Each import with the module it names: `from gateway import clock` names `gateway.clock`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                for alias in node.names:
                    full = f"{node.module}.{alias.name}"
                    yield node, full if full in NAMES else node.module


def read(pattern: str) -> list[Module]:
    """The files of the three packages whose name fits, as they stand on the disk."""
    paths = sorted(chain.from_iterable((ROOT / package).rglob(pattern) for package in PACKAGES))
    return [Module(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in paths]


MODULES = read("*.py")
NAMES = {module.name for module in MODULES}


def words() -> tuple[set[str], dict[str, set[str]]]:
    """The offence categories, and the closed sets that rules of law are made of."""
    offences = set(tomllib.loads((ROOT / "policies/offences.toml").read_text("utf-8")))
    sets = tomllib.loads((ROOT / "policies/words.toml").read_text("utf-8"))
    return offences - {"other", "unknown"}, {"offence": offences, **{name: set(sets[name]) for name in CLOSED_SETS}}


OFFENCES, SETS = words()


def absolute_imports(module: Module) -> Problems:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield module.at(node, "relative import; write the whole name, from gateway.… import …")


def imports_at_the_top(module: Module) -> Problems:
    if module.path.startswith("gateway/cli/"):  # the command keeps start-up fast
        return
    for function in module.functions():
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield module.at(node, f"import inside {function.name}; move it up, or turn the dependency round")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("__import__", "import_module")):
            yield module.at(node, "import by a string; import it at the top, so that this test can see it")


def policies_are_pure(module: Module) -> Problems:
    if not module.path.startswith("policies/"):
        return
    for node, target in module.imports():
        top = target.split(".")[0]
        if top in NOT_PURE:
            yield module.at(node, f"policies may not import {top}: {NOT_PURE[top]}")
        elif top == "numpy" and module.path != "policies/columns.py":
            yield module.at(node, "only policies/columns.py may import numpy; put what needs it there")
        elif top not in {*sys.stdlib_module_names, "marshmallow", "numpy", "policies"}:
            yield module.at(node, f"policies may not import {top}: the standard library and marshmallow are all it has")
    for use in ast.walk(module.tree):
        if isinstance(use, ast.Attribute) and use.attr in AMBIENT:
            yield module.at(use, f"policies may not ask for .{use.attr}: the day and the settings are arguments")


def connectors_know_the_model_only(module: Module) -> Problems:
    if not module.path.startswith("connectors/"):
        return
    for node, target in module.imports():
        top = target.split(".")[0]
        if top == "gateway":
            yield module.at(node, "connectors may not import gateway; let the gateway pass in what is needed")
        elif top == "policies" and target != "policies.model":
            yield module.at(node, f"connectors may import policies.model only, not {target}; let that offer it")


def gateway_stands_in_line(module: Module) -> Problems:
    if not module.path.startswith("gateway/") or not module.part:
        return
    if module.part not in LINE:
        yield module.at(1, f"gateway.{module.part} has no place in LINE; give it one, and change the README's picture")
        return
    for node, target in module.imports():
        other = f"{target}..".split(".")[1]
        if not target.startswith("gateway.") or other == module.part:
            continue
        if other not in LINE or LINE.index(other) > LINE.index(module.part):
            yield module.at(node, f"{module.part} stands left of {other} and may not import it; pass it in, or move it")


def roots_are_not_shelves(module: Module) -> Problems:
    """A root that everybody imports and that imports everybody is how one knot ties up a whole tree."""
    for node, target in module.imports():
        if not module.part:
            yield module.at(node, "the root of a package imports nothing; give this a module of its own")
        elif target in PACKAGES:
            yield module.at(node, f"the root of {target} holds nothing, and no such module; name one that exists")
        elif module.name.startswith(f"{target}."):
            yield module.at(node, f"{target} is the root above this module; import the sibling module itself")


def short_enough(module: Module) -> Problems:
    lines = module.text.count("\n")
    if lines > 300 and "300 lines because" not in (ast.get_docstring(module.tree) or ""):
        yield module.at(301, f"{lines} lines; split the file in two, or say in its docstring '300 lines because …'")
    for function in module.functions():
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > 40 and "40 lines because" not in (ast.get_docstring(function) or ""):
            what = f"{function.name} has {length} lines; split it, or say in its docstring '40 lines because …'"
            yield module.at(function, what)


def named_for_what_it_holds(module: Module) -> Problems:
    for step in set(module.name.split(".")) & BAD_NAMES:
        yield module.at(1, f"'{step}' says nothing; name the file or folder for what is in it")


def nothing_left_to_do(module: Module) -> Problems:
    for number, line in enumerate(module.text.splitlines(), start=1):
        if re.search(r"\b(TODO|FIXME|XXX)\b", line):
            yield module.at(number, "do it now, or write an issue; code keeps no such notes")


def law_is_data(module: Module) -> Problems:
    """Law changes by adding a dated document; what stands in Python cannot be dated, cited or analysed."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if "." in node.value and node.value in OFFENCES:
                yield module.at(node, f"the offence {node.value} in Python; move it to a document or to TOML")
            if module.path.startswith("policies/") and re.fullmatch(r"P(\d+[YMWD])+", node.value):
                yield module.at(node, f"the period {node.value} in Python; move it to the document of its law")
        elif isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict):
            items = node.keys if isinstance(node, ast.Dict) else node.elts
            texts = {item.value for item in items if isinstance(item, ast.Constant)}
            for name, known in SETS.items():
                if len(texts) > 1 and texts <= known:
                    yield module.at(node, f"a list of {name} words in Python; move it to a document or to TOML")


RULES: list[Callable[[Module], Problems]] = [
    absolute_imports,
    imports_at_the_top,
    policies_are_pure,
    connectors_know_the_model_only,
    gateway_stands_in_line,
    roots_are_not_shelves,
    short_enough,
    named_for_what_it_holds,
    nothing_left_to_do,
    law_is_data,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_tree_keeps_the_rule(rule: Callable[[Module], Problems]) -> None:
    """No module of the three packages breaks the rule."""
    assert not (found := list(chain.from_iterable(map(rule, MODULES)))), "\n" + "\n".join(found)


def test_no_module_imports_itself_in_a_circle() -> None:
    """Modules can be put in an order in which each is read before those that need it."""
    try:
        TopologicalSorter({m.name: {target for _, target in m.imports() if target in NAMES} for m in MODULES}).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' <- '.join(error.args[1])}; move what both need into a third module")


@pytest.mark.parametrize("pattern", ["*.toml", "*.html", "*.css"])
def test_no_document_or_page_is_left_to_do(pattern: str) -> None:
    """The law and the pages carry no notes to ourselves either."""
    assert not (found := list(chain.from_iterable(map(nothing_left_to_do, read(pattern))))), "\n".join(found)


BREACHES: list[tuple[Callable[[Module], Problems], str, str]] = [
    (absolute_imports, "gateway/consent/ask.py", "from .models import Consent"),
    (imports_at_the_top, "gateway/app.py", "class A:\n    async def f(self):\n        from json import loads"),
    (imports_at_the_top, "gateway/app.py", "import importlib\nroom = importlib.import_module('gateway.desk')"),
    (policies_are_pure, "policies/rules.py", "from os import environ"),
    (policies_are_pure, "policies/rules.py", "import flask"),
    (policies_are_pure, "policies/rules.py", "import numpy as np"),
    (policies_are_pure, "policies/rules.py", "from gateway import clock"),
    (policies_are_pure, "policies/rules.py", "from datetime import date\nday = date.today()"),
    (connectors_know_the_model_only, "connectors/fake.py", "from gateway import clock"),
    (connectors_know_the_model_only, "connectors/fake.py", "from policies.evaluator import adjudicate"),
    (connectors_know_the_model_only, "connectors/fake.py", "from policies import vocabulary"),
    (gateway_stands_in_line, "gateway/audit/log.py", "from gateway.consent.models import Consent"),
    (gateway_stands_in_line, "gateway/checks/run.py", "from gateway.app import create_app"),
    (gateway_stands_in_line, "gateway/corner/things.py", ""),
    (roots_are_not_shelves, "gateway/__init__.py", "from gateway.db import db"),
    (roots_are_not_shelves, "gateway/db/sqlite.py", "from gateway.db import Base"),
    (roots_are_not_shelves, "gateway/vault.py", "from gateway import Everything"),
    (short_enough, "policies/long.py", "\n" * 301),
    (short_enough, "policies/long.py", "def f():\n" + "    pass\n" * 40),
    (named_for_what_it_holds, "gateway/utils/dates.py", ""),
    (nothing_left_to_do, "gateway/app.py", "x = 1  # TODO: y"),
    (law_is_data, "policies/rules.py", "if offence == 'drugs.use': pass"),
    (law_is_data, "gateway/checks/run.py", "never = {'theft', 'fraud'}"),
    (law_is_data, "policies/sealing.py", "counted = ('convicted', 'penalised')"),
    (law_is_data, "policies/sealing.py", "term = Duration.parse('P7Y')"),
]


@pytest.mark.parametrize(("rule", "path", "text"), BREACHES)
def test_rule_sees_a_breach(rule: Callable[[Module], Problems], path: str, text: str) -> None:
    """A rule names the file and the line of what breaks it, and says what to do."""
    found = list(rule(Module(path, text)))
    assert len(found) == 1
    assert re.match(rf"{re.escape(path)}:\d+: .+[;:] .+", found[0])


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (imports_at_the_top, "gateway/cli/deployment.py", "def serve():\n    import granian"),
        (policies_are_pure, "policies/columns.py", "import numpy as np"),
        (policies_are_pure, "policies/library.py", "import tomllib\nfrom importlib.resources import files"),
        (connectors_know_the_model_only, "connectors/fake.py", "from policies.model import Report"),
        (gateway_stands_in_line, "gateway/consent/ask.py", "from gateway import clock, vault\nimport gateway.db"),
        (short_enough, "policies/long.py", '"""A table, 300 lines because it is one table."""\n' + "\n" * 300),
        (law_is_data, "policies/truth.py", '"""Such as "drugs.use" and "theft", "fraud"."""\nlevel = "unknown"'),
    ],
)
def test_rule_lets_pass_what_is_allowed(rule: Callable[[Module], Problems], path: str, text: str) -> None:
    """The exceptions that the design makes are no breach."""
    assert not list(rule(Module(path, text)))
