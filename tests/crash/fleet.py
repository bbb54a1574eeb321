"""A deployment of several processes, each of which is killed, stopped and started again as a scenario wants it."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import requests
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from gateway.config import Config
from gateway.db import db
from tests import tether
from tests.server import HOST, Deployment, free_port
from tests.visitors import wait_for

START_SECONDS = 90

T = TypeVar("T")

_PENAL = "cn,administrative"
RECORDED = tuple(
    f"passport,{who},{record}"
    for who, record in (
        ("PPKESTREL9917,Zofia Wrzeszczyk,Latn,1961-02-03", f"REF-kestrel-7731,{_PENAL},drugs.use,penalised,2012-05-07"),
        ("PPHERON424288,Anneliese Plover,Latn,1975-08-19", f"REF-heron-4242,{_PENAL},theft,penalised,2011-03-17"),
        ("PPBITTERN7731,Ondrej Vlastimil,Latn,1983-11-27", ",,,,,"),
        ("PPDUNLIN31415,Marguerite Egret,Latn,1958-06-30", f"REF-dunlin-9019,{_PENAL},violence,penalised,2024-01-09"),
    )
)
"""A no, two who are a yes, and one whom a person must decide about."""


class Post:
    """A process of a deployment, and its place: whoever is started here next has the same work, and the same port."""

    def __init__(self, name: str, begin: Callable[[], "subprocess.Popen[bytes]"], url: str = "") -> None:
        self.name = name
        self.url = url
        self.stopped = False
        self.process = begin()
        self._begin = begin

    def start(self) -> None:
        """Start another one; the last one must have ended."""
        self.process = self._begin()

    @property
    def ready(self) -> bool:
        """Whether it can do its work, as far as can be asked from outside."""
        if self.process.poll() is not None:
            return False
        try:
            return not self.url or requests.get(f"{self.url}/readyz", timeout=5).ok
        except requests.RequestException:
            return False

    def kill(self) -> None:
        """kill -9 for all of it: the process in front and those that answer."""
        tether.kill(self.process)
        self.stopped = False

    def kill_one(self, front: bool) -> None:
        """kill -9 for the process in front only, or for the one behind it; returns when both have ended."""
        behind = self.children()
        victim = self.process.pid if front or not behind else behind[0]
        os.kill(victim, signal.SIGKILL)
        try:
            self.process.wait(START_SECONDS)
            wait_for("the end of the others", lambda: not any(map(alive, behind)), START_SECONDS)
        finally:
            tether.kill(self.process)

    def children(self) -> list[int]:
        """The processes that it has started."""
        try:
            listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
            return [int(pid) for pid in listed.split()]
        except OSError:
            return []

    def stop(self) -> None:
        """SIGSTOP: it lives and does nothing."""
        self._signal(signal.SIGSTOP)
        self.stopped = True

    def go_on(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)
        self.stopped = False

    def _signal(self, number: signal.Signals) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)


def alive(pid: int) -> bool:
    """Whether a process has not ended, even if nobody has asked for its status yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Fleet(Deployment):
    """A deployment with as many processes as wanted; `posts` are those that a scenario has begun."""

    def __init__(self, folder: Path, database_url: str | None = None, **settings: str) -> None:
        super().__init__(folder, database_url, RECORDED, settings)
        self.posts: list[Post] = []
        self._writing = threading.Lock()
        self._config: Config | None = None

    def add_web(self, program: str = "from gateway import serve; serve.run({host!r}, {port})") -> Post:
        """A process that answers; on a file it works as well."""
        number = sum(bool(post.url) for post in self.posts)
        port = free_port() if number else self.port
        line = program.format(host=HOST, port=port)
        return self._add(Post(f"web {number + 1}", lambda: self.run(line), f"http://{HOST}:{port}"))

    def add_worker(self, program: str = "from gateway import worker; worker.run()") -> Post:
        """A process that works."""
        number = sum(not post.url for post in self.posts)
        return self._add(Post(f"worker {number + 1}", lambda: self.run(program)))

    def _add(self, post: Post) -> Post:
        self.posts.append(post)
        return post

    @property
    def urls(self) -> list[str]:
        """Where it is to be asked."""
        return [post.url for post in self.posts if post.url]

    def all_up(self) -> None:
        """Let every stopped process go on, start every dead one, and wait until all are ready."""
        for post in self.posts:
            if post.stopped:
                post.go_on()
            if post.process.poll() is not None:
                post.start()
        for post in self.posts:
            wait_for(post.name, lambda post=post: post.ready or _restarted(post), START_SECONDS)

    def end(self) -> None:
        """Kill what still runs."""
        for post in self.posts:
            post.kill()

    @contextmanager
    def opened(self) -> Iterator[Config]:
        """As for any deployment; open once for a whole scenario, however often it is asked for."""
        if self._config is not None:
            yield self._config
            return
        with super().opened() as config:
            self._config = config
            try:
                yield config
            finally:
                self._config = None

    def write(self, about: str, act: Callable[[Session], T], seconds: float = 60) -> T:
        """Do something in the database as a process beside the others would, again until the database takes it."""
        done: list[T] = []

        def tried() -> bool:
            try:
                with self._writing, db.write(about) as session:
                    done[:] = [act(session)]
            except DBAPIError:
                return False
            return True

        wait_for("the database", tried, seconds)
        return done[0]


def _restarted(post: Post) -> bool:
    """A process that has failed to start (its port or its database were not free yet) is started again."""
    if post.process.poll() is not None:
        post.start()
    return False


@contextmanager
def afloat(fleet: Fleet) -> Iterator[Fleet]:
    """The fleet, with its database and vault open in this process too; nothing of it is left afterwards."""
    try:
        wait_for("the first process", lambda: fleet.posts[0].ready, START_SECONDS)
        with fleet.opened():
            fleet.all_up()
            yield fleet
    finally:
        fleet.end()
