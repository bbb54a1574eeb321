from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.config import WAY, Config, ConfigError
from gateway.consent import TERM as CONSENT_TERM
from policies.library import Library

Environ = dict[str, str]

OIDC = {
    "SEALGATE_OIDC_ISSUER": "https://id.example/realm",
    "SEALGATE_OIDC_CLIENT_ID": "sealgate",
    "SEALGATE_OIDC_CLIENT_SECRET": "the provider's secret",
    "SEALGATE_OIDC_ASSURANCE": "substantial",
}


def _problems(environ: Environ) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        Config.from_env(environ)
    return refused.value.problems


@pytest.fixture
def live(environ: Environ) -> Environ:
    """A complete environment for a live deployment."""
    kept = {name: text for name, text in environ.items() if "RELEASE" not in name}
    return {
        **kept,
        **OIDC,
        "SEALGATE_MODE": "live",
        "SEALGATE_ISSUER": "https://gate.example",
        "SEALGATE_PROOF": "oidc",
    }


def test_values_come_in_their_types(environ: Environ, tmp_path: Path) -> None:
    """Every variable is read into the type that the code uses."""
    config = Config.from_env({**environ, "SEALGATE_THREADS": "3", "SEALGATE_RELEASE_HOLD": "P1DT2H3M4S"})
    assert config.data == tmp_path / "data"
    assert config.database_url == f"sqlite:///{tmp_path}/data/sealgate.sqlite"
    assert list(config.keks) == ["new", "old"]
    assert config.keks["new"] == b"n" * 32
    assert config.release_hold == timedelta(days=1, hours=2, minutes=3, seconds=4)
    assert config.release_grid == timedelta(seconds=1)
    assert (config.threads, config.max_body, config.reading) == (3, 65536, "strict")
    assert config.oidc_claims == {"name": "name", "born": "birthdate"}
    assert not config.live


def test_an_empty_environment_names_everything_that_is_missing() -> None:
    """All that is needed is listed at once, each with an example."""
    problems = _problems({})
    assert [line.split()[0] for line in problems] == [
        "SEALGATE_MODE",
        "SEALGATE_ISSUER",
        "SEALGATE_DATA",
        "SEALGATE_SECRET_KEY",
        "SEALGATE_INDEX_KEY",
        "SEALGATE_REGISTRIES",
        "SEALGATE_OUTBOX",
        "SEALGATE_OIDC_ISSUER",
        "SEALGATE_OIDC_CLIENT_ID",
        "SEALGATE_OIDC_CLIENT_SECRET",
        "SEALGATE_OIDC_ASSURANCE",
        "SEALGATE_KEY_FILE",
    ]
    assert all("missing" in line for line in problems)


@pytest.mark.parametrize(
    ("name", "text", "right"),
    [
        ("SEALGATE_MODE", "production", "live or trial"),
        ("SEALGATE_ISSUER", "gate.example", "base URL"),
        ("SEALGATE_ISSUER", "http://gate.example", "https://"),
        ("SEALGATE_ISSUER", "https://gate.example/", "without path"),
        ("SEALGATE_ISSUER", "https://user:pass@gate.example", "base URL"),
        ("SEALGATE_ISSUER", "https://gate.example:port", "base URL"),
        ("SEALGATE_DATA", "/nowhere/at/all", "folder"),
        ("SEALGATE_DATABASE_URL", "mysql://db", "sqlite:///"),
        ("SEALGATE_DATABASE_URL", "sqlite:///:memory:", "sqlite:///"),
        ("SEALGATE_DATABASE_URL", "postgresql://db.example", "postgresql://user:password@host:port/name"),
        ("SEALGATE_SECRET_KEY", "short", "32 random characters"),
        ("SEALGATE_KEKS", "just-a-key", "id:key"),
        ("SEALGATE_KEKS", "a:AAAA", "32 random bytes"),
        ("SEALGATE_KEKS", f"a:{'A' * 43},a:{'B' * 43}", "each id once"),
        ("SEALGATE_KEKS", f"a:{'A' * 43},b:{'A' * 43}", "different key"),
        ("SEALGATE_KEY_FILE", "/nowhere/sealgate.keys", "file that exists"),
        ("SEALGATE_SHRED_TERM", "half a year", "ISO 8601"),
        ("SEALGATE_SHRED_TERM", "P81D", "at least 52 days longer than SEALGATE_BACKUP_TERM"),
        ("SEALGATE_METADATA_TERM", "P30D", "not be shorter than SEALGATE_SHRED_TERM"),
        ("SEALGATE_INDEX_KEY", "§", "base64url"),
        ("SEALGATE_REGISTRIES", "/nowhere/registries.toml", "file that exists"),
        ("SEALGATE_OUTBOX", "mailto:a@b", "smtp://"),
        ("SEALGATE_OUTBOX", "smtp://mail.example:25", "from="),
        ("SEALGATE_OUTBOX", "file:/nowhere/at/all/outbox", "folder that exists"),
        ("SEALGATE_PROOF", "none", "oidc or particulars"),
        ("SEALGATE_OIDC_ISSUER", "http://id.example", "https://id.example"),
        ("SEALGATE_OIDC_CLAIMS", "name=name", "born=CLAIM"),
        ("SEALGATE_OIDC_CLAIMS", "name=name,born=birthdate,shoe=size", "id.TYPE"),
        ("SEALGATE_READING", "lenient", "strict or broad"),
        ("SEALGATE_RELEASE_HOLD", "2 days", "ISO 8601"),
        ("SEALGATE_RELEASE_HOLD", "P", "ISO 8601"),
        ("SEALGATE_RELEASE_GRID", "PT0S", "longer than nothing"),
        ("SEALGATE_LOG_LEVEL", "loud", "debug"),
        ("SEALGATE_PROCESSES", "2", "must be 1 unless"),
        ("SEALGATE_THREADS", "0", "from 1 to 128"),
        ("SEALGATE_THREADS", "two", "from 1 to 128"),
        ("SEALGATE_MAX_BODY", "1e6", "whole number"),
    ],
)
def test_a_wrong_value_is_named_with_what_would_be_right(environ: Environ, name: str, text: str, right: str) -> None:
    """The message names the variable and the right form, and does not repeat the value."""
    problems = _problems({**environ, name: text})
    assert len(problems) == 1
    assert problems[0].startswith(name)
    assert right in problems[0]
    if len(text) > 12:
        assert text not in problems[0]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://gate:secret@db.example:5432/gate",
        "postgresql://gate@/gate?host=/run/postgresql",
        "postgresql://gate:secret@db.example/gate?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        "sqlite:////var/lib/sealgate/gate.sqlite",
    ],
)
def test_a_database_is_on_a_server_or_in_a_file(environ: Environ, url: str) -> None:
    """Both are taken as they are; several processes may serve with a server only."""
    config = Config.from_env({**environ, "SEALGATE_DATABASE_URL": url})
    assert config.database_url == url
    assert config.embedded is url.startswith("sqlite")
    if not config.embedded:
        several = Config.from_env({**environ, "SEALGATE_DATABASE_URL": url, "SEALGATE_PROCESSES": "3"})
        assert several.processes == 3


def test_several_faults_are_listed_together(environ: Environ) -> None:
    """One start tells everything there is to mend."""
    broken = {**environ, "SEALGATE_MODE": "x", "SEALGATE_KEKS": "y", "SEALGATE_THREADS": "z"}
    assert [line.split()[0] for line in _problems(broken)] == ["SEALGATE_MODE", "SEALGATE_KEKS", "SEALGATE_THREADS"]


def test_a_misspelt_variable_is_pointed_out(environ: Environ) -> None:
    """A name that is nearly ours is a mistake; one for a registry's key is not, nor somebody else's."""
    assert _problems({**environ, "SEALGATE_MAX_BODDY": "1"}) == [
        "SEALGATE_MAX_BODDY is not a variable of Sealgate; SEALGATE_MAX_BODY is"
    ]
    assert Config.from_env({**environ, "SEALGATE_REGISTRY_KEY": "x", "OTHER": "y"})


def test_the_index_key_must_not_be_one_of_the_others(environ: Environ) -> None:
    """One key, one use."""
    (problem,) = _problems({**environ, "SEALGATE_INDEX_KEY": environ["SEALGATE_KEKS"].split(":")[1].split(",")[0]})
    assert problem.startswith("SEALGATE_INDEX_KEY must be another key")


def test_the_backup_term_is_inside_the_shred_term(environ: Environ) -> None:
    """What is left for keeping is what backups, a key's month and a check's way do not take; never less than a day."""
    assert Config.from_env(environ).keep_term == timedelta(days=99)
    least = {**environ, "SEALGATE_SHRED_TERM": "P97D", "SEALGATE_BACKUP_TERM": "P45D"}
    assert Config.from_env(least).keep_term == timedelta(days=1)
    (problem,) = _problems({**least, "SEALGATE_BACKUP_TERM": "P46D"})
    assert problem.startswith("SEALGATE_SHRED_TERM must be at least 52 days longer than SEALGATE_BACKUP_TERM")


def test_the_usual_way_of_a_check_is_covered() -> None:
    """A key outlives the wait for consent and the longest hold of any policy, with some days left for late answers."""
    holds = [one.release.hold for all_of in Library.shipped().policy_versions.values() for one in all_of]
    assert max(holds) + CONSENT_TERM + timedelta(days=2) <= WAY


def test_signing_in_needs_its_three_variables(environ: Environ) -> None:
    """Proof by a provider is refused half configured."""
    problems = _problems({**environ, "SEALGATE_PROOF": "oidc", "SEALGATE_OIDC_CLIENT_ID": "sealgate"})
    assert [line.split()[0] for line in problems] == [
        "SEALGATE_OIDC_ISSUER",
        "SEALGATE_OIDC_CLIENT_SECRET",
        "SEALGATE_OIDC_ASSURANCE",
    ]


def test_a_code_proves_no_more_than_the_sign_in_that_it_rests_on(environ: Environ) -> None:
    """A contact was vouched for there. By default a code is worth the least, and a contact is kept for a year."""
    signing_in = {**environ, **OIDC, "SEALGATE_PROOF": "oidc"}
    usual = Config.from_env(signing_in)
    assert (usual.code_assurance, usual.contact_term) == ("low", timedelta(days=365))
    assert Config.from_env({**signing_in, "SEALGATE_CODE_ASSURANCE": "substantial"}).code_assurance == "substantial"
    (problem,) = _problems({**signing_in, "SEALGATE_CODE_ASSURANCE": "high"})
    assert problem.startswith("SEALGATE_CODE_ASSURANCE must not be higher than SEALGATE_OIDC_ASSURANCE")


def test_a_live_deployment_starts_with_what_it_needs(live: Environ) -> None:
    """A complete live environment is accepted, and knows that it is live."""
    assert Config.from_env(live).live


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"SEALGATE_PROOF": "particulars"}, "SEALGATE_PROOF must be oidc"),
        ({"SEALGATE_ISSUER": "http://localhost:8000"}, "SEALGATE_ISSUER must begin with https://"),
        ({"SEALGATE_OIDC_ISSUER": "http://127.0.0.1:9"}, "SEALGATE_OIDC_ISSUER must begin with https://"),
        ({"SEALGATE_RELEASE_HOLD": "PT1S"}, "SEALGATE_RELEASE_HOLD must not be set"),
        ({"SEALGATE_RELEASE_GRID": "PT1S"}, "SEALGATE_RELEASE_GRID must not be set"),
    ],
)
def test_a_live_deployment_refuses_what_only_a_trial_may(live: Environ, changes: Environ, named: str) -> None:
    """Weak proof, an open wire and shortened holds do not start with real people."""
    (problem,) = _problems({**live, **changes})
    assert problem.startswith(named)


def test_secrets_are_not_in_what_is_printed(live: Environ) -> None:
    """repr and the error message show no secret, nor the keys."""
    secrets = [live["SEALGATE_SECRET_KEY"], live["SEALGATE_OIDC_CLIENT_SECRET"], "n" * 20, live["SEALGATE_OUTBOX"]]
    shown = repr(Config.from_env(live)) + str(ConfigError(_problems({**live, "SEALGATE_MODE": "x"})))
    assert not [secret for secret in secrets if secret in shown]


def test_the_reference_has_every_variable() -> None:
    """The table from which the manual is made has one row for each value, with an example that reads."""
    reference = Config.reference()
    assert [row.attribute for row in reference] == [field.name for field in fields(Config)]
    shown = {row.name for row in reference if row.secret}
    hidden = {f"SEALGATE_{field.name.upper()}" for field in fields(Config) if not field.repr}
    assert shown == hidden
    assert all(row.what and row.example for row in reference)


def test_no_variable_of_the_reference_is_unreadable(live: Environ) -> None:
    """Defaults are read like any other text, so a wrong default would stop every start."""
    for row in Config.reference():
        if row.default is not None:
            row.read(row.default)
