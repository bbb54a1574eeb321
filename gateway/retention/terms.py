"""When what is due.

data     a check's personal data is shredded when its end is `keep` ago: its release, or the end without one
keys     the key of a month goes when all that began in it is over for as long: `closes`
         what is not over by then, which is rare, is brought under the present month's key before: `moves`,
         a backup term earlier, so that every backup that still exists then has it under that key
copies   a copy of the key file lives for the backup term after that, and then nothing can be read any more:
         within the shred term, whichever day of the month it began
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.config import WAY, Config
from gateway.vault import keks


@dataclass(frozen=True)
class Terms:
    """How long what is kept."""

    keep: timedelta
    backup: timedelta
    metadata: timedelta

    def closes(self, period: str) -> datetime:
        """When the key of a period is destroyed."""
        return _end(period) + WAY + self.keep

    def moves(self, period: str) -> datetime:
        """When what will not be over by then is taken from under it."""
        return max(_end(period), self.closes(period) - self.backup)


_terms: Terms | None = None


def init(config: Config) -> None:
    """Set the terms of the deployment."""
    global _terms
    _terms = Terms(config.keep_term, config.backup_term, config.metadata_term)


def ours() -> Terms:
    """The terms of the deployment. Raises RuntimeError before `init`."""
    if _terms is None:
        raise RuntimeError("retention.init(config) has not been called")
    return _terms


def _end(period: str) -> datetime:
    """The first moment after a calendar month, in UTC."""
    return datetime.strptime(keks.following(period), "%Y-%m").replace(tzinfo=UTC)
