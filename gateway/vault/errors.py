"""What may be wrong with something in the vault. None of these says what it was."""

from gateway.problems import Problem


class Shredded(Problem):
    """The data was deleted because its time was up, or at the person's wish."""

    type = "data-deleted"
    title = "This data was deleted"
    status = 410
    meaning = "Personal data is deleted when its time is up. It cannot be brought back."


class Tampered(Problem):
    """A stored value does not decrypt: it was changed, moved or written under other keys."""

    type = "stored-data-damaged"
    title = "Stored data is damaged"
    status = 500
    meaning = "A stored value failed its check of integrity. The operator has been told which one."


class Absent(LookupError):
    """Nothing was put under this owner and name."""


class UnknownKek(Tampered):
    """A row is wrapped by a key-encryption key that this process does not have; `logged` is its id."""
