"""The shelf: every version of every regime and policy that ships, and the one in force on a day."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeVar

from policies import documents, published
from policies.documents import DocumentError, Table
from policies.policy import Policy, read_policy
from policies.regime import Regime, SealRule
from policies.regime_file import read_regime

T = TypeVar("T", Regime, Policy)

LibraryError = DocumentError
"""A document on the shelf that cannot be used: file, place and problem."""


class NothingInForce(LookupError):
    """No version of this law or policy was in force on that day, or there is no such law or policy at all."""

    def __init__(self, what: str, day: date | None, known: str) -> None:
        super().__init__(f"{what} has no version in force on {day}{known}" if day else f"there is no {what}{known}")
        self.what = what
        self.day = day


@dataclass(frozen=True)
class Library:
    """The versions on the shelf, by id, oldest first; the digests of their files, and which of them are drafts."""

    regime_versions: Mapping[str, tuple[Regime, ...]]
    policy_versions: Mapping[str, tuple[Policy, ...]]
    digests: Mapping[str, str] = field(default_factory=dict)
    drafts: tuple[str, ...] = ()

    @classmethod
    def shipped(cls) -> "Library":
        """The documents of this package, loaded once. Raises DocumentError for the first that cannot be used."""
        return _shipped()

    @classmethod
    def load(cls, root: Traversable | Path) -> "Library":
        """Load the `regimes` and `industries` folders under `root`. Raises DocumentError.

        A published version that was edited or is missing is refused; `drafts` has the files not published yet.
        """
        read = {
            folder.name: _versions("regimes", folder, folder.name, read_regime) for folder in _folders(root / "regimes")
        }
        regimes = {name: tuple(_amended(one, read) for one in versions) for name, versions in read.items()}
        policies: dict[str, tuple[Policy, ...]] = {}
        for jurisdiction in _folders(root / "industries"):
            for industry in _folders(jurisdiction):
                policy_id = f"{jurisdiction.name}/{industry.name}"
                policies[policy_id] = _versions("industries", industry, policy_id, read_policy)
        digests = {**_digests("regimes", regimes), **_digests("industries", policies)}
        published_digests = published.read_list(root)
        published.check(published_digests, digests)
        library = cls(regimes, policies, digests, tuple(published.drafts(published_digests, digests)))
        library._check_bases()
        return library

    def public(self) -> "Library":
        """The shelf as everybody may see it: published versions only, and no proposals."""
        drafts = set(self.drafts)
        regimes = {
            name: tuple(one for one in versions if one.mode == "enacted" and _file("regimes", one) not in drafts)
            for name, versions in self.regime_versions.items()
        }
        policies = {
            name: tuple(one for one in versions if _file("industries", one) not in drafts)
            for name, versions in self.policy_versions.items()
        }
        return replace(
            self,
            regime_versions={name: versions for name, versions in regimes.items() if versions},
            policy_versions={name: versions for name, versions in policies.items() if versions},
            drafts=(),
        )

    def policies(self) -> list[str]:
        """The ids of all policies."""
        return sorted(self.policy_versions)

    def policy(self, policy_id: str, day: date) -> Policy:
        """The version of a policy in force on `day`. Raises NothingInForce."""
        return _in_force(self.policy_versions, policy_id, "policy", day)

    def version(self, policy_id: str, version: str) -> Policy:
        """One version of a policy by name, as a check has pinned it. Raises NothingInForce."""
        for policy in self.policy_versions.get(policy_id, ()):
            if policy.version == version:
                return policy
        raise NothingInForce(f"policy {policy_id} of {version}", None, "")

    def regime(self, regime_id: str, day: date) -> Regime:
        """The version of a regime in force on `day`, proposals too. Raises NothingInForce."""
        return _in_force(self.regime_versions, regime_id, "regime", day)

    def regimes(self, day: date) -> dict[str, Regime]:
        """The enacted regimes in force on `day`, by jurisdiction: what a live check is judged by."""
        found = {}
        for versions in self.regime_versions.values():
            there = [one for one in versions if one.mode == "enacted" and one.version <= day.isoformat()]
            if there:
                found[there[-1].jurisdiction] = there[-1]
        return found

    def simulated(self, day: date, *regime_ids: str) -> dict[str, Regime]:
        """The regimes in force on `day`, with these (proposals, say) in the place of the law that they would change.

        For simulation only. Raises NothingInForce.
        """
        named = [self.regime(regime_id, day) for regime_id in regime_ids]
        return {**self.regimes(day), **{regime.jurisdiction: regime for regime in named}}

    def _check_bases(self) -> None:
        laws = [one for versions in self.regime_versions.values() for one in versions if one.mode == "enacted"]
        readers = {reader for one in laws for reader in one.readers}
        for versions in self.policy_versions.values():
            for policy in versions:
                for bar in policy.bars:
                    for name in bar.basis:
                        if name not in readers:
                            raise DocumentError(
                                f"industries/{policy.id}/{policy.version}.toml",
                                f"bar[{bar.id}].basis",
                                f'"{name}" is not a reader of any regime; readers are {", ".join(sorted(readers))}',
                            )


@cache
def _shipped() -> Library:
    return Library.load(files("policies"))


def _folders(root: Traversable | Path) -> list[Traversable]:
    if not root.is_dir():
        return []
    return sorted((one for one in root.iterdir() if one.is_dir() and one.name[0] not in "._"), key=lambda one: one.name)


def _versions(shelf: str, folder: Traversable, name: str, read: Callable[[Table, str, str, str], T]) -> tuple[T, ...]:
    found = []
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if not file.name.endswith(".toml") or file.name == "examples.toml":
            continue
        place = f"{shelf}/{name}/{file.name}"
        version = file.name.removesuffix(".toml")
        try:
            date.fromisoformat(version)
        except ValueError:
            raise DocumentError(
                place, "", "a version's file is named for its day in force, such as 2026-01-01.toml"
            ) from None
        table, digest = documents.read(file, place)
        found.append(read(table, name, version, digest))
    return tuple(found)


def _digests(folder: str, shelf: Mapping[str, Sequence[Regime | Policy]]) -> dict[str, str]:
    return {_file(folder, one): one.digest for versions in shelf.values() for one in versions}


def _file(folder: str, one: Regime | Policy) -> str:
    return f"{folder}/{one.id}/{one.version}.toml"


def _amended(regime: Regime, shelf: Mapping[str, tuple[Regime, ...]]) -> Regime:
    """A proposal that amends an enacted law, with the rules and readers of that law after its own."""
    if regime.amends is None:
        return regime
    there = [one for one in shelf.get(regime.amends, ()) if one.version <= regime.version and one.mode == "enacted"]
    if not there:
        place = f"regimes/{regime.id}/{regime.version}.toml"
        raise DocumentError(place, "amends", f"no enacted version of {regime.amends} is in force on {regime.version}")
    law = there[-1]
    return replace(
        regime,
        rules={level: (*rules, *_others(law.rules[level], rules)) for level, rules in regime.rules.items()},
        readers={**law.readers, **regime.readers},
        combined=(*regime.combined, *(kind for kind in law.combined if kind not in regime.combined)),
    )


def _others(rules: Sequence[SealRule], own: Sequence[SealRule]) -> Iterator[SealRule]:
    ids = {rule.id for rule in own}
    return (rule for rule in rules if rule.id not in ids)


def _in_force(shelf: Mapping[str, tuple[T, ...]], name: str, what: str, day: date) -> T:
    if name not in shelf:
        raise NothingInForce(f'{what} "{name}"', None, f"; there are {', '.join(sorted(shelf))}")
    there = [one for one in shelf[name] if one.version <= day.isoformat()]
    if not there:
        first = shelf[name][0].version if shelf[name] else "none"
        raise NothingInForce(f"{what} {name}", day, f"; the first is of {first}")
    return there[-1]
