"""A new key of the blind index, on a server with many writers."""

import pytest

from gateway.retention.reindex import rotate_index
from gateway.vault.ring import ring
from tests.gateway.db.waiting import beside
from tests.stage import Stage


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_nothing_is_of_the_new_key_while_somebody_may_not_know_it(stage: Stage) -> None:
    """Who looked up by the former keys alone, and then waited for long, must not miss what was written meanwhile."""
    waits: list[bool] = []
    beside(rotate_index, "anything", meanwhile=lambda: waits.append(ring().index_waits))
    assert waits == [True]
