"""Every environment variable that Sealgate reads, in the order in which the manual lists them."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.config import forms


@dataclass(frozen=True)
class Variable:
    """One variable: what it is for, how it is read, and what holds when it is not set."""

    name: str
    what: str
    read: Callable[[str], object]
    example: str
    default: str | None = None
    required: bool = True
    secret: bool = False

    @property
    def attribute(self) -> str:
        """The name of the value on `Config`."""
        return self.name.removeprefix("SEALGATE_").lower()


_KEY = "Xk0…(43 characters)"

VARIABLES: tuple[Variable, ...] = (
    Variable("SEALGATE_MODE", "live, or trial for demonstrations and tests", forms.one_of("live", "trial"), "live"),
    Variable("SEALGATE_ISSUER", "public base URL of this gateway", forms.url, "https://gate.example"),
    Variable("SEALGATE_DATA", "folder for everything that is kept", forms.folder, "/var/lib/sealgate"),
    Variable(
        "SEALGATE_DATABASE_URL",
        "the database; by default the file sealgate.sqlite in the data folder",
        forms.database_url,
        "postgresql://sealgate:password@db.example:5432/sealgate",
        required=False,
        secret=True,
    ),
    Variable(
        "SEALGATE_SECRET_KEY", "signs cookies and form tokens", forms.long_secret, "32 random characters", secret=True
    ),
    Variable(
        "SEALGATE_KEKS",
        "keys that wrap the keys of personal data, the current one first, where there is no key file",
        forms.keys,
        f"main:{_KEY},former:{_KEY}",
        required=False,
        secret=True,
    ),
    Variable(
        "SEALGATE_KEY_FILE",
        "file of those keys, which `sealgate keys` and the server keep up: needed for backups to forget",
        forms.file,
        "/etc/sealgate/sealgate.keys",
        required=False,
    ),
    Variable("SEALGATE_INDEX_KEY", "first key of the blind index", forms.key, _KEY, secret=True),
    Variable(
        "SEALGATE_SHRED_TERM",
        "how long after its answer, or its end without one, a person's data can be read at all, in backups too",
        forms.duration,
        "P180D",
        default="P180D",
    ),
    Variable(
        "SEALGATE_BACKUP_TERM",
        "how long a copy of the database or of the key file is kept; a part of the shred term",
        forms.duration,
        "P30D",
        default="P30D",
    ),
    Variable(
        "SEALGATE_METADATA_TERM",
        "how long after its end is kept that there was a check: who asked, when, under which policy",
        forms.duration,
        "P1095D",
        default="P1095D",
    ),
    Variable("SEALGATE_REGISTRIES", "file that names the registries", forms.file, "/etc/sealgate/registries.toml"),
    Variable(
        "SEALGATE_OUTBOX",
        "where messages to people go: a file, or a mail server",
        forms.outbox,
        "smtp://user:password@mail.example:587?from=gate@gate.example",
        secret=True,
    ),
    Variable(
        "SEALGATE_PROOF",
        "how people prove who they are: oidc, or particulars (trial mode only)",
        forms.one_of("oidc", "particulars"),
        "oidc",
        default="oidc",
    ),
    Variable(
        "SEALGATE_OIDC_ISSUER",
        "the OpenID Connect provider that people sign in at",
        forms.provider_url,
        "https://id.example",
        required=False,
    ),
    Variable("SEALGATE_OIDC_CLIENT_ID", "our client there", forms.secret, "sealgate", required=False),
    Variable(
        "SEALGATE_OIDC_CLIENT_SECRET", "its secret", forms.secret, "(from the provider)", required=False, secret=True
    ),
    Variable(
        "SEALGATE_OIDC_ASSURANCE",
        "how sure a sign-in there makes who somebody is: low, substantial or high; a policy states the least",
        forms.one_of("low", "substantial", "high"),
        "substantial",
        required=False,
    ),
    Variable(
        "SEALGATE_OIDC_CLAIMS",
        "which claim gives which particular",
        forms.claims,
        "name=name,born=birthdate,id.cn-resident-id=resident_id",
        default="name=name,born=birthdate",
    ),
    Variable(
        "SEALGATE_CODE_ASSURANCE",
        "how sure a code makes it that is sent to a contact which an earlier sign-in has proved; not more than that",
        forms.one_of("low", "substantial", "high"),
        "low",
        default="low",
    ),
    Variable(
        "SEALGATE_CONTACT_TERM",
        "how long such a contact is kept after the last sign-in, if the person wants it; P0D: none is",
        forms.duration,
        "P365D",
        default="P365D",
    ),
    Variable(
        "SEALGATE_READING",
        "how a law is read where its wording is open: strict or broad",
        forms.one_of("strict", "broad"),
        "strict",
        default="strict",
    ),
    Variable(
        "SEALGATE_RELEASE_HOLD",
        "time from consent to release, instead of the policy's (trial mode only)",
        forms.duration,
        "PT4S",
        required=False,
    ),
    Variable(
        "SEALGATE_RELEASE_GRID",
        "raster of release times, instead of the policy's (trial mode only)",
        forms.duration,
        "PT2S",
        required=False,
    ),
    Variable(
        "SEALGATE_LOG_LEVEL",
        "debug, info, warning or error",
        forms.one_of("debug", "info", "warning", "error"),
        "info",
        default="info",
    ),
    Variable(
        "SEALGATE_METRICS",
        "where Prometheus asks, an address of this machine or of an inner network; needs the extra `metrics`",
        forms.inner_address,
        "127.0.0.1:9464",
        required=False,
    ),
    Variable(
        "SEALGATE_PROXIES",
        "reverse proxies in front that set X-Forwarded-For; without one a client could forge its address",
        forms.whole_number(0, 5),
        "1",
        default="0",
    ),
    Variable(
        "SEALGATE_PROCESSES",
        "processes that `serve` starts; more than one on PostgreSQL only",
        forms.whole_number(1, 64),
        "4",
        default="1",
    ),
    Variable(
        "SEALGATE_THREADS",
        "requests that a process works on at a time (some more wait, the rest get 503), tasks that a worker does",
        forms.whole_number(1, 128),
        "8",
        default="8",
    ),
    Variable(
        "SEALGATE_RATE",
        "calls that one client may make in a minute, over all processes; beyond it 429",
        forms.whole_number(1, 1_000_000),
        "1200",
        default="1200",
    ),
    Variable(
        "SEALGATE_QUEUE",
        "tasks that may be due and not begun before new checks are refused for a while (503)",
        forms.whole_number(1, 10_000_000),
        "10000",
        default="10000",
    ),
    Variable(
        "SEALGATE_MAX_BODY",
        "largest request body, in bytes",
        forms.whole_number(1_024, 16_777_216),
        "65536",
        default="65536",
    ),
)
