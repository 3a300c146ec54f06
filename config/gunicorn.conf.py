"""gunicorn's settings for the web process: `gunicorn -c config/gunicorn.conf.py app:main()`.

Listens on this machine only. Where a proxy on another host must reach it:
`GUNICORN_CMD_ARGS="--bind 0.0.0.0:8000"`.
"""

import sys

from gunicorn import glogging

from config.logging import configure
from config.settings import Settings, SettingsInvalid

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
worker_class = "gthread"  # gevent froze every request behind one locked SQLite writer
workers = 1  # the state is in the database and Redis: raise it freely
threads = 128  # every open stream holds one
keepalive = 75  # outlives a proxy's idle connections, usually kept for 60 s
graceful_timeout = 20  # streams close within 4 s of SIGTERM, a request within its deadline
control_socket_disable = True  # gunicorn 27 opens one in the home folder otherwise
