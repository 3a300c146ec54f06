"""What a forked child plays: a worker or the web, with a crash point armed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import dramatiq
from werkzeug.serving import make_server

import app
import worker
from config.addresses import media_folder
from config.logging import configure
from config.settings import Settings
from storyclip.domain import moves
from storyclip.domain.clip import State
from storyclip.domain.crashpoint import arm
from storyclip.domain.names import NONE
from storyclip.domain.situation import Situation
from storyclip.flow import ask_first, rights, settle, step
from storyclip.flow.asking import Course, put
from storyclip.flow.sweep_files import sweep
from storyclip.flow.visit import Visit
from storyclip.spool.local import Spool
from storyclip.store import database
from storyclip.store.access import users
from storyclip.tasks import media_main

UNSAFE: dict[str, Callable[[], None]] = {}


def be_worker(
    environ: Mapping[str, str], log: str, point: str | None, nth: int, unsafe: str | None
) -> None:
    """Work until killed; die at the `nth` time that `point` is reached."""
    settings = _begin(environ, log, point, nth)
    if unsafe is not None:
        UNSAFE[unsafe]()
    dramatiq.Worker(worker.build(settings), worker_threads=4, worker_timeout=250).start()
    while True:
        signal.pause()


def be_web(
    environ: Mapping[str, str], log: str, point: str | None, nth: int, port: Connection
) -> None:
    """Serve until killed; sends its port once it listens."""
    settings = _begin(environ, log, point, nth)
    server = make_server("127.0.0.1", 0, app.build(settings), threaded=True)
    port.send(server.server_port)
    server.serve_forever()


def be_admin(environ: Mapping[str, str], log: str) -> None:
    """Take all accounts from the one user that there is, as `storyclip users accounts` does."""
    settings = _begin(environ, log, None, 0)
    database.connect(settings.database_url)
    [user] = users.every()
    rights.set_accounts(user.user_id, NONE, app.wall_clock())


def be_media(environ: Mapping[str, str], log: str, point: str | None, nth: int) -> None:
    """Look into files and bring their bytes to Metricool until killed."""
    settings = _begin(environ, log, point, nth)
    media_main.work(settings, media_main.opened(settings), threading.Event())


def sweep_once(environ: Mapping[str, str], log: str) -> None:
    """Remove what no row knows, however young, and end."""
    settings = _begin(environ, log, None, 1)
    now = media_main.opened(settings)
    spool = Spool(media_folder(settings.media_url, settings.database_url))
    sweep(now(), spool, timedelta(minutes=-1))


def _begin(environ: Mapping[str, str], log: str, point: str | None, nth: int) -> Settings:
    configure("info", "json", stream=Path(log).open("a"))  # noqa: SIM115  # as long as we live
    if point is not None:
        arm(Countdown(point, nth, hit_mark(log, point)))
    return Settings.from_environment(environ)


def hit_mark(log: str, point: str) -> Path:
    """Return the file that a child leaves when it dies at `point`.

    The exit code is no proof: the fork server hands out 255 now and then for a child that was
    killed.
    """
    return Path(f"{log}.hit-{point}")


class Countdown:
    """Says when the `nth` of a point is reached, over all threads of the process."""

    def __init__(self, point: str, nth: int, mark: Path) -> None:
        self._point, self._left, self._mark = point, nth, mark
        self._lock = threading.Lock()

    def __call__(self, point: str) -> bool:
        if point != self._point:
            return False
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self._mark.touch()
            return self._left == 0


def _without_settling() -> None:
    """Believe at once, and whatever the list shows, that an unanswered story is not there."""
    for room, look in ((settle, "of_lost"), (ask_first, "of_sends"), (settle, "_may_be_theirs")):
        assert hasattr(room, look)
        setattr(room, look, _finding_nothing)
    for name, answer in (("_to_fence_s", 0.0), ("_is_second_look", True)):
        setattr(settle, name, _always(answer))


def _with_blind_retry() -> None:
    """Send again whatever a dead worker had in hand, as a queue with retries does."""
    step._DECISIONS[State.UPLOADING] = _called_never_sent


def _called_never_sent(situation: Situation, visit: Visit) -> Course[None]:
    yield from put(moves.tried(situation.clip, moves.mine(visit.now), None))


def _finding_nothing(*_arguments: object) -> Course[None]:
    yield from ()


def _always(answer: object) -> Callable[..., object]:
    return lambda *_arguments: answer


UNSAFE["no_settling"] = _without_settling
UNSAFE["blind_retry"] = _with_blind_retry
