"""The body of `sealgate demo`."""

import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

import requests
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TimeElapsedColumn
from rich.text import Text

from connectors.base import ConnectorError
from gateway import clock, setup
from gateway.demo import cast as casting
from gateway.demo import show
from gateway.demo.browser import Lost
from gateway.demo.cast import Cast
from gateway.demo.server import NotStarted, free_port
from gateway.demo.software import Refused, work_off_the_desk
from gateway.demo.stage import STEPS, Stage, set_up
from gateway.demo.story import TooLate, ask, received, tell
from gateway.demo.subject import Mailbox

_FAILURES = (Lost, Refused, NotStarted, TooLate, ConnectorError, setup.SetupError, requests.RequestException, OSError)
_LOOK_SECONDS = 2.0
_PAUSE_SECONDS = 0.2


def run(data: Path | None, port: int | None, *, leave: bool, as_json: bool) -> int:
    """Play the demonstration; returns the exit status: 0 when every answer is the expected one.

    `data` is the folder of its deployment, a new or an empty one (default: a temporary one, removed at the end); `port`
    of the loopback interface (default: a free one). With `leave` it ends after the table, else it stays up until
    Ctrl-C. With `as_json` standard output is one JSON document.
    """
    console = show.console(quiet=as_json)
    try:
        # SIGINT as well: a shell starts what runs in the background with SIGINT ignored, and that is inherited.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _as_interrupt)
        with _folder(data) as folder:
            return _play(folder, port or free_port(), console, leave=leave, as_json=as_json)
    except KeyboardInterrupt:
        console.print("\nEnded.")
        return 130
    except _FAILURES as error:
        console.print(f"The demonstration stopped: {error}", style="bold red")
        return 1


def _play(folder: Path, port: int, console: Console, *, leave: bool, as_json: bool) -> int:
    cast, day = casting.load(), clock.now().date()
    with _progress(console) as progress:
        bar = progress.add_task("", total=STEPS + 2 * len(cast.checks))

        def step(done: str) -> None:
            progress.console.print(Text.assemble(("✓ ", "green"), done))
            progress.advance(bar)

        stage = set_up(folder, port, cast, step)
        try:
            told = tell(stage, cast, step)
        except BaseException:
            stage.close()
            raise
    with closing(stage):
        waiting = None if leave else ask(stage, cast.yours)
        link = None if waiting is None else waiting["consent"]["url"]
        console.print(show.told(told, cast, day, console.width))
        try:
            if as_json:
                sys.stdout.write(json.dumps(show.document(told, day, stage.issuer, link), ensure_ascii=False) + "\n")
                sys.stdout.flush()
            if waiting is not None:
                console.print(
                    show.addresses(stage.issuer, stage.outbox, cast.yours, str(link), stage.seat), soft_wrap=True
                )
                _stay(stage, cast, waiting["id"], console)
        except KeyboardInterrupt:
            console.print("\nEnding.")
    return 0 if all(one.as_expected(day) for one in told) else 1


def _stay(stage: Stage, cast: Cast, yours: str, console: Console) -> NoReturn:
    """Keep the desk at work and watch the viewer's own check, until Ctrl-C."""
    shown, mailbox = False, Mailbox(stage.outbox, cast.yours.email)
    while True:
        _pass_on_codes(mailbox, console)
        if not stage.server.running:
            raise NotStarted("the server has ended")
        work_off_the_desk(stage.desk)
        answer = None if shown else received(stage, cast.yours, yours)
        if answer is not None:
            shown = True
            console.print(f"The {cast.short(cast.yours.by)} received about {cast.yours.latin}: {answer}")


def _pass_on_codes(mailbox: Mailbox, console: Console) -> None:
    """For as long as nothing else is to be looked at, show each code as soon as its letter is there."""
    until = time.monotonic() + _LOOK_SECONDS
    while time.monotonic() < until:
        for code in mailbox.codes():
            console.print(Text.assemble("Mail for you, with the code ", (code, "bold")))
        time.sleep(_PAUSE_SECONDS)


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    """The folder asked for, or one that is gone afterwards."""
    if data is None:
        with tempfile.TemporaryDirectory(prefix="sealgate-demo-") as made:
            yield Path(made)
        return
    if data.exists() and any(data.iterdir()):
        raise setup.SetupError(f"{data} is not empty; the demonstration needs a folder of its own")
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    yield data.resolve()


def _progress(console: Console) -> Progress:
    columns = (SpinnerColumn(), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)


def _as_interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
