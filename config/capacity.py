"""How much one process holds: streams, with the threads and files they take, and connections."""

import resource

MAX_STREAMS = 1100  # each holds a thread: 1,000 viewers of a busy day, and some that reconnect
PART_OF_A_USER = 3  # a user has a third of the seats: two of them cannot lock all others out
API_THREADS = 192  # what is left for the API when all streams are taken; a user has a third
THREADS = MAX_STREAMS + API_THREADS
KEPT_ALIVE = 1000  # connections that no thread works on
WAITING_LINES = KEPT_ALIVE - 100  # beyond it the longest waiting goes, so that there is always room
WAITING_LINES_OF_ONE = 200  # address; a page has six, a proxy tells whom it stands for
STACK_BYTES = 512 * 1024  # of a thread; the usual 8 MB may be rounded up to huge pages
WANTED_FILES = 8192  # a stream has one, a database connection three
POOL_SIZE = 10  # two web and six workers: 80 of the 97 that a stock PostgreSQL gives away
POOL_LIFETIME_S = 300.0  # a burst's connections are given back, and a server's new address is found
_OTHER_FILES = 400  # API connections, database, Redis, logs


def raise_file_limit() -> None:
    """Let this process open as many files as its host allows, up to what it can need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def max_streams() -> int:
    """Return how many streams fit into this process's threads and open files."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MAX_STREAMS
    return min(MAX_STREAMS, max(1, soft - _OTHER_FILES))
