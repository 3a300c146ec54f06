"""gunicorn's settings for the web process: `gunicorn -c config/gunicorn.conf.py app:main()`.

Listens on this machine only. Where a proxy on another host must reach it:
`GUNICORN_CMD_ARGS="--bind 0.0.0.0:8000"`.
"""

import gc
import signal
import sys
import threading

from gunicorn import glogging

from config import capacity, loading, private
from config.logging import configure
from config.settings import Settings, SettingsInvalid
from storyclip.web.door.hops import Proxies

private.keep_private()

try:
    settings = Settings.from_environment()
except SettingsInvalid as invalid:
    sys.exit(f"StoryClip does not start:\n{invalid}")


class Logger(glogging.Logger):
    """Leaves gunicorn's lines to the root logger: one shape and one mask for all."""

    def setup(self, cfg):
        super().setup(cfg)
        for logger in (self.error_log, self.access_log):
            logger.handlers.clear()
            logger.propagate = True
            logger.setLevel("NOTSET")


configure(settings.log_level, settings.log_format, settings.secrets())

bind = f"127.0.0.1:{settings.port}"
logger_class = Logger
# gthread whose threads wait for nobody; gevent froze every request behind one locked SQLite writer
worker_class = "storyclip.web.door.slow_lines.PatientWorker"
workers = 1  # the state is in the database and Redis: raise it freely
threads = capacity.THREADS  # every open stream holds one; they are made when they are needed
worker_connections = capacity.THREADS + capacity.KEPT_ALIVE
keepalive = 75  # outlives a proxy's idle connections, usually kept for 60 s
graceful_timeout = 20  # streams close within 2 s of SIGTERM, a request within its deadline
umask = private.UMASK  # its own of 0 would win while it makes a file
sendfile = False  # it would wait for who reads slowly
forwarder_headers = ""  # no header moves the path: SCRIPT_NAME and PATH_INFO are dropped
if settings.trusted_proxies:  # else, as ever, a proxy on this machine may say that there is TLS
    forwarded_allow_ips = ",".join(str(network) for network in settings.trusted_proxies)
control_socket_disable = True  # gunicorn 27 opens one in the home folder otherwise

threading.stack_size(capacity.STACK_BYTES)
capacity.raise_file_limit()


def post_worker_init(worker):
    """Have open streams told as soon as the worker is: it would wait for them in vain."""
    worker.proxies = Proxies(settings.trusted_proxies)
    # What is loaded by now stays: a full collection that walks it stops a thousand streams 80 ms.
    gc.collect()
    loading.is_over()
    told_before = signal.getsignal(signal.SIGTERM)

    def stop(number, frame):
        told_before(number, frame)
        _end_streams(worker)

    signal.signal(signal.SIGTERM, stop)


def worker_int(worker):
    """Do the same when it has to stop at once: its threads would outlive it."""
    _end_streams(worker)


def _end_streams(worker):
    hub = worker.wsgi.extensions["storyclip.live"].hub
    threading.Thread(target=hub.stop, name="farewell").start()  # not in a signal handler
