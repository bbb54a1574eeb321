"""What a late answer says, measured over many checks that are drawn and counted as the gateway does it.

The worst case: clear answers are ready at once, and only barred ones are ever late, because a person looks at them.
(Where clear ones that are drawn for review were late less often than refusals, the rate would be that much too low.)
Nothing in the draw is told who is who. What is met, once the observed rate has settled:

    share late among the clear       = the rate at which reviewed answers are late
    share late among the barred      < twice that: being late at most doubles the odds of a no
    and so for a lateness of one grid time, which nearly all lots are

What is not met, as the README says: a review that takes hours longer than the hold, and a contest before the release,
is late by more than the lot imitates. There, the longer the lateness, the surer the no.
"""

import heapq
import random
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt

import pytest

from gateway.checks import release
from gateway.checks.models import Check, Punctuality
from gateway.consent import Consent, grid
from gateway.consent.decide import MOST_DEFERRALS, deferrals
from tests.stage import NOW

HOLD, GRID = timedelta(hours=24), timedelta(hours=1)
CHECKS, SETTLED = 60_000, 15_000
BARRED, SLOW = 0.05, 0.1
"""Which share of the people is refused, and in which share of the refusals the review takes too long."""


@dataclass
class Seen:
    """What came out: by how many grid times answers were late, for clear and barred, and the rates meanwhile."""

    clear: Counter[int]
    barred: Counter[int]
    rate: float

    def late(self, by: int = 1) -> tuple[float, float]:
        """The shares of the clear and of the barred that were late by so many grid times, or by more."""
        clear, barred = (
            sum(found for steps, found in each.items() if steps >= by) / each.total()
            for each in (self.clear, self.barred)
        )
        return clear, barred


def simulate(chance: random.Random, longest: timedelta) -> Seen:
    """Let people come every two minutes; a slow review takes up to `longest` more than there is time for."""
    counts = Punctuality(policy="cn/kindergarten", answers=0, late=0)
    under_way: list[tuple[float, int, bool]] = []  # when it leaves, which, and whether it was late: to be counted then
    seen, rates = Seen(Counter(), Counter(), 0.0), []
    for number in range(CHECKS):
        now = NOW + number * timedelta(minutes=2)
        while under_way and under_way[0][0] <= now.timestamp():
            release.count(counts, heapq.heappop(under_way)[2])
        rate = release.rate(counts)
        consent = agreed(now, deferrals(rate, chance.random))
        assert consent.nominal_release_at
        barred = chance.random() < BARRED
        tell = consent.nominal_release_at - consent.margin
        takes = tell - now + chance.random() * longest if barred and chance.random() < SLOW else timedelta(0)
        check = Check(ready_at=now + takes)
        leaves = release.leaves_at(check, consent)
        if barred:
            heapq.heappush(under_way, (leaves.timestamp(), number, release.late(check, consent)))
        if number >= SETTLED:
            rates.append(rate)
            (seen.barred if barred else seen.clear)[(leaves - consent.nominal_release_at) // GRID] += 1
    seen.rate = sum(rates) / len(rates)
    return seen


def agreed(now: datetime, lots: int) -> Consent:
    """A consent given now, as `agree` fixes its times."""
    nominal = grid.at_or_after(now + HOLD, GRID)
    return Consent(
        hold_seconds=int(HOLD.total_seconds()), grid_seconds=GRID.seconds,
        nominal_release_at=nominal, release_at=nominal + lots * GRID,
    )  # fmt: skip


def error(share: float, of: int) -> float:
    """Four standard deviations of a share that is counted among so many."""
    return 4 * sqrt(share * (1 - share) / of)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_late_answer_says_little(seed: int) -> None:
    """Only the barred are slow, one in ten, by less than an hour: yet one in ten of the clear is late as well, and
    among the late the odds of a no are less than twice what they are among all."""
    seen = simulate(random.Random(seed), timedelta(minutes=59))
    clear, barred = seen.late()
    slow = error(SLOW, 1000)  # so many reviewed answers are remembered
    assert abs(seen.rate - SLOW) < slow
    assert abs(clear - seen.rate) < error(seen.rate, seen.clear.total())
    assert abs(barred - (1 - (1 - SLOW) * (1 - seen.rate))) < error(barred, seen.barred.total())
    assert 1 < barred / clear < 2 + error(barred, seen.barred.total()) / clear
    on_time = (1 - barred) / (1 - clear)
    assert 1 - 1.5 * SLOW < on_time <= 1, "and being on time says no more than that the review was not slow"


def test_what_the_lot_does_not_imitate() -> None:
    """Reviews that take up to half a day too long: the share of late ones is covered as before, how late is not."""
    seen = simulate(random.Random(3), timedelta(hours=12))
    clear, barred = seen.late()
    assert barred / clear < 2.2
    longer = [seen.late(by) for by in (2, 3, MOST_DEFERRALS + 1)]
    assert [barred > 5 * clear for clear, barred in longer] == [True, True, True]
    assert longer[-1][0] == 0, "no clear answer is ever so late"
