"""Harm at random moments: a process is killed or stopped, now and then, and another takes its place."""

import os
import random
import time
from collections.abc import Callable

from tests.crash.fleet import Fleet, Post
from tests.visitors import wait_for

ROUNDS = int(os.environ.get("SEALGATE_CRASH_ROUNDS", "1"))
"""How much of it: 1 for the tests of every day, more for a long night."""

SEED = int(os.environ.get("SEALGATE_CRASH_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
"""What the random moments are drawn from; printed with a test that fails."""


class Chaos:
    """Harms a fleet so many times, and waits until the load is over."""

    def __init__(self, fleet: Fleet, harms: int, pause: tuple[float, float]) -> None:
        print(f"SEALGATE_CRASH_SEED={SEED}")
        self.fleet, self.harms, self.pause = fleet, harms, pause
        self.random = random.Random(SEED)
        self.done: list[str] = []
        self._asleep: list[tuple[float, Post]] = []

    def rage(self, on: Callable[[], bool]) -> None:
        """One harm after the other, until there were enough and there is no more load."""
        victims: list[Post] = []
        while on() or len(self.done) < self.harms:
            time.sleep(self.random.uniform(*self.pause))
            self._wake()
            if len(self.done) < self.harms:
                victims = victims or self.random.sample(self.fleet.posts, len(self.fleet.posts))  # each has its turn
                self._harm(victims.pop())
        for _, post in self._asleep:
            post.go_on()

    def _wake(self) -> None:
        for moment, post in [each for each in self._asleep if each[0] <= time.monotonic()]:
            self._asleep.remove((moment, post))
            post.go_on()

    def _harm(self, post: Post) -> None:
        if post.stopped:
            return
        if post.process.poll() is not None:
            post.start()
        elif self.random.random() < 0.3:
            self._stop(post)
        else:
            self._kill(post)

    def _stop(self, post: Post) -> None:
        # The longest is longer than it takes to be held dead, where others can go on.
        seconds = self.random.choice((0.5, 2.0, 4.0, 12.0) if len(self.fleet.posts) > 1 else (0.5, 2.0))
        self.done.append(f"{post.name} stopped for {seconds} s")
        post.stop()
        self._asleep.append((time.monotonic() + seconds, post))

    def _kill(self, post: Post) -> None:
        how = self.random.choice(("all", "all", "front", "behind")) if post.children() else "all"
        self.done.append(f"{post.name} killed ({how})")
        if how == "all":
            post.kill()
        else:
            post.kill_one(front=how == "front")
        post.start()
        if len(self.fleet.posts) == 1:  # else nothing would ever be done between two harms
            wait_for("the next process", lambda: post.ready or post.process.poll() is not None, 60)
