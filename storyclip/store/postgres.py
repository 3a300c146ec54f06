"""PostgreSQL's connections: few, each with a limit to all it can wait for, none kept for ever."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import peewee
import psycopg
from playhouse.db_url import parse as parse_url

from storyclip.domain.errors import StoreUnavailable
from storyclip.store.server_run import run_of
from storyclip.store.urgent import is_patient, is_urgent, within

CONNECT_S = 3  # for each address of the host; psycopg takes whole seconds, 2 at least
LOCK_S = 3.0  # a lane's lock is held for milliseconds, unless its holder stands still
STATEMENT_S = 10.0
IN_TRANSACTION_S = 5.0  # a process that stands still in a transaction has its locks taken away
ANSWER_S = STATEMENT_S + 2  # the server keeps its own limits, unless it stands still itself
PLACE_S = 5.0  # until one of the pool's connections is free
LOST_LINE_S = 5.0  # bytes that nobody acknowledges
LIMITS = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
LOCKED = "55P03"
UNDONE = ("40P01", "40001")  # deadlock, serialization failure: the same again may well succeed

URGENT_CONNECT_S = 2  # a host with two silent addresses takes twice that, and no tick may last 5 s
URGENT_LOCK_S = 0.2
URGENT_STATEMENT_S = 1.5


def sqlstate_of(failure: BaseException | None) -> str | None:
    """Return PostgreSQL's code for what went wrong, None where the server has not said it."""
    while failure is not None:
        if isinstance(failure, psycopg.Error) and failure.sqlstate is not None:
            return failure.sqlstate
        failure = failure.__cause__ or failure.__context__  # also what a rollback failed after
    return None


def is_held_by_another(failure: StoreUnavailable) -> bool:
    """Return whether it was given up because somebody else would not let go of a row."""
    return sqlstate_of(failure.__cause__) == LOCKED


class Bounded(psycopg.Connection[Any]):
    """A connection on which nobody waits for ever, not even for a server that stands still."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait as psycopg does, for ANSWER_S or as long as it is urgent.

        Raises:
            psycopg.OperationalError: no answer; what was asked for may be done all the same.
        """
        if timeout is None and not is_patient():
            timeout = within(ANSWER_S)
        try:
            return super().wait(gen, interval, timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
                self.close()  # its answer could be taken for that to the next question
            raise


class _Adapter(peewee.Psycopg3Adapter):
    def connect(self, db: Any, **given: Any) -> Any:
        return Bounded.connect(dbname=db.database, fallback_application_name="storyclip", **given)


@dataclass
class _Shelf:
    """Connections of one kind that nobody uses, each with its birth; and who may have one."""

    places: threading.Semaphore
    parameters: Mapping[str, Any]
    idle: list[tuple[float, Any]] = field(default_factory=list)


class Pool(peewee.PostgresqlDatabase):
    """At most `size` connections, each of which lives for about `lifetime_s`.

    peewee's own pool makes each thread wait for all who connect, and closes no idle connection.
    """

    psycopg3_adapter = _Adapter
    _adapter: _Adapter

    def __init__(self, url: str, size: int, lifetime_s: float) -> None:
        given = parse_url(url.replace("postgres://", "postgresql://", 1))
        super().__init__(given.pop("database"), prefer_psycopg3=True)
        self.address = f"{given.get('host', '')}:{given.get('port', '')}/{self.database}"
        self._size, self._lifetime_s = size, lifetime_s
        places = threading.Semaphore(size - 1)
        self._everybody = _Shelf(places, _bounded(given, CONNECT_S, LOCK_S, STATEMENT_S))
        hurried = _bounded(given, URGENT_CONNECT_S, URGENT_LOCK_S, URGENT_STATEMENT_S)
        self._hurried = _Shelf(threading.Semaphore(1), hurried)
        self._lent: dict[int, tuple[float, _Shelf, Any]] = {}
        self._mutex = threading.Lock()
        self._closing: threading.Timer | None = None
        self._taken = threading.local()
        self._looked_at: str | None = None
        self._is_another = False

    def looked_at(self, server: str) -> None:
        """Take it that the rows of this run of this server were looked at, and let everybody on."""
        self._looked_at, self._is_another = server, False

    def connect(self, reuse_if_open: bool = False) -> bool:
        """Have a connection for this thread.

        Raises:
            StoreUnavailable: none was free for PLACE_S; or another server answers than the one that
                was looked at, and it may lack what was written last.
            psycopg.Error: the server cannot be reached.
        """
        if not self.is_closed():
            return bool(super().connect(reuse_if_open))
        self._taken.connection = self._take()  # not in `_connect`: there it would stop all others
        opened = bool(super().connect(reuse_if_open))
        if self._is_another and not is_urgent():
            self.close()
            raise StoreUnavailable("another database server answers now: its rows are looked at")
        return opened

    def close_all(self) -> None:
        """Close every connection, also those in use."""
        self.close()
        with self._mutex:
            every = [connection for _, _, connection in self._lent.values()]
            self._lent = {}
        for connection in [*every, *self._old(younger_too=True)]:
            connection.close()

    def open_connections(self) -> int:
        """Return how many connections there are."""
        with self._mutex:
            return sum(len(shelf.idle) for shelf in self._shelves()) + len(self._lent)

    def _connect(self) -> Any:
        return self._taken.connection

    def _close(self, connection: Any) -> None:
        with self._mutex:
            born_at, shelf, _ = self._lent.pop(id(connection), (0.0, None, None))
            is_whole = self._adapter.txn_status(connection) == self._adapter.txn_idle
            is_kept = shelf is not None and is_whole and not self._is_old(born_at)
            if shelf is not None and is_kept:
                shelf.idle.append((born_at, connection))
                self._close_in_time()
        if not is_kept:
            connection.close()
        if not is_whole:
            for other in self._old(younger_too=True):  # the server of all of them may be gone
                other.close()
        if shelf is not None:
            shelf.places.release()

    def _take(self) -> Any:
        shelf = self._hurried if is_urgent() else self._everybody
        if not shelf.places.acquire(timeout=within(PLACE_S)):
            raise StoreUnavailable(f"all {self._size} connections of this process are in use")
        try:
            born_at, connection = self._idle_on(shelf) or self._opened(shelf)
            with self._mutex:
                self._lent[id(connection)] = born_at, shelf, connection
        except BaseException:
            shelf.places.release()
            raise
        return connection

    def _idle_on(self, shelf: _Shelf) -> tuple[float, Any] | None:
        """Return the connection used last: the others grow old, and are closed."""
        while True:
            with self._mutex:
                if not shelf.idle:
                    return None
                born_at, connection = shelf.idle.pop()
            if not self._is_old(born_at) and not _is_dead(connection):
                return born_at, connection
            connection.close()

    def _opened(self, shelf: _Shelf) -> tuple[float, Any]:
        connection = self._adapter.connect(self, **shelf.parameters)
        connection.autocommit = True
        if self._looked_at is not None and run_of(connection) != self._looked_at:
            self._is_another = True
        return time.monotonic(), connection

    def _shelves(self) -> tuple[_Shelf, _Shelf]:
        return self._everybody, self._hurried

    def _is_old(self, born_at: float) -> bool:
        return time.monotonic() - born_at >= self._lifetime_s

    def _close_in_time(self) -> None:
        """See to it that what nobody takes again is closed when it is old."""
        if self._closing is None:
            self._closing = threading.Timer(self._lifetime_s, self._close_old)
            self._closing.daemon = True
            self._closing.start()

    def _close_old(self) -> None:
        self._closing = None
        for connection in self._old():
            connection.close()
        with self._mutex:
            if any(shelf.idle for shelf in self._shelves()):
                self._close_in_time()

    def _old(self, *, younger_too: bool = False) -> list[Any]:
        """Take from the shelves what is to be closed."""
        found = []
        with self._mutex:
            for shelf in self._shelves():
                old = [one for one in shelf.idle if younger_too or self._is_old(one[0])]
                shelf.idle = [one for one in shelf.idle if one not in old]
                found += [connection for _, connection in old]
        return found


def _bounded(given: Mapping[str, Any], connect_s: int, *waits_s: float) -> dict[str, Any]:
    """Return a connection's parameters with limits to all it can wait for; the URL's own win."""
    names = (*LIMITS, "tcp_user_timeout")
    limits = zip(names, (*waits_s, IN_TRANSACTION_S, LOST_LINE_S), strict=True)
    options = [f"-c {name}={1000 * limit_s:.0f}" for name, limit_s in limits]
    options += ["-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"]
    return {
        "connect_timeout": connect_s,
        "keepalives": 1,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": round(1000 * LOST_LINE_S),
        **given,
        "options": " ".join([*options, given.get("options", "")]).strip(),
    }


def _is_dead(connection: Any) -> bool:
    """Return whether an idle connection has something to say: nothing but that it ends."""
    if connection.closed:
        return True
    look = select.poll()
    look.register(connection.fileno(), select.POLLIN)
    return bool(look.poll(0))
