"""How many slow lines a front bears: `python -m tests.bench.front 200 1200`.

`--plain` has gunicorn's own gthread in place of ours, `--nginx` puts an nginx before it. Every
tenth of a second somebody POSTs; a line says something at first, then a drop a second, or nothing.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import requests

from storyclip.stack.ports import free_port
from storyclip.stack.stack import Stack
from tests.eventually import eventually
from tests.web.test_slow_lines import KINDS, Slow, threads_of_web, until_all_gone

PLAIN = {"GUNICORN_CMD_ARGS": "--worker-class gthread"}
WATCHED_S = 20.0  # gunicorn takes some to give a thousand lines their threads
WAITS_S = 5.0
GONE_S = 40.0
NGINX = """daemon off; pid FOLDER/pid; worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http { access_log off; client_body_temp_path FOLDER/body; proxy_temp_path FOLDER/proxy;
  fastcgi_temp_path FOLDER/f; uwsgi_temp_path FOLDER/u; scgi_temp_path FOLDER/s;
  client_header_timeout 10s; client_body_timeout 10s; send_timeout 10s;
  upstream web { server WEB; keepalive 16; }
  server { listen 127.0.0.1:PORT; proxy_http_version 1.1;
    location / { proxy_pass http://web; proxy_set_header Connection ""; } } }"""


def main() -> None:
    """Measure what is asked for, one line for each number of slow lines."""
    asked = argparse.ArgumentParser(prog="python -m tests.bench.front", description=__doc__)
    asked.add_argument("lines", type=int, nargs="+", help="how many slow lines at once")
    asked.add_argument("--plain", action="store_true", help="gunicorn's own threads")
    asked.add_argument("--nginx", action="store_true", help="behind an nginx that buffers")
    said = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = PLAIN if said.plain else {}
        with Stack(Path(folder) / "data", environment=environment) as stack:
            alone = [_post(stack)[1] for _ in range(100)]
            print(f"nobody else: POST p50 {1000 * median(alone):.0f} ms", flush=True)
            with _nginx(Path(folder), stack) if said.nginx else _nothing():
                for count in said.lines:
                    print(_beside(stack, count), flush=True)


def _beside(stack: Stack, count: int) -> str:
    threads = threads_of_web(stack)
    kinds = list(KINDS.values())
    lines = [Slow(stack, *kinds[number % len(kinds)]) for number in range(count)]
    watching = threading.Thread(target=until_all_gone, args=(lines, GONE_S))
    watching.start()
    posts, more_threads = list[tuple[bool, float]](), 0
    until = time.monotonic() + WATCHED_S
    while time.monotonic() < until:
        posts.append(_post(stack))
        more_threads = max(more_threads, threads_of_web(stack) - threads)
        time.sleep(0.1)
    watching.join()
    good = [took_s for is_good, took_s in posts if is_good]
    last = max((line.gone_after_s or 0 for line in lines), default=0)
    stay = sum(line.gone_after_s is None for line in lines)
    took = f"p50 {1000 * median(good):.0f} ms, worst {1000 * max(good):.0f}" if good else "none"
    return (
        f"{count} slow lines: {len(posts) - len(good)} of {len(posts)} POSTs without an answer in"
        f" {WAITS_S:g} s, the others {took}; {more_threads} more threads; {stay} lines still there"
        f" after {GONE_S:g} s, the last of the others gone after {last:.1f} s"
    )


def _post(stack: Stack) -> tuple[bool, float]:
    """Return whether a POST was answered, here with a 422, and in how many seconds."""
    began = time.monotonic()
    try:
        answer = requests.post(
            f"{stack.url}/api/metricool/publish/stories",
            json={"posts": []},
            headers={"X-Api-Key": stack.api_key},
            timeout=WAITS_S,
        )
    except requests.RequestException:
        return False, WAITS_S
    return answer.status_code == 422, time.monotonic() - began


@contextmanager
def _nginx(folder: Path, stack: Stack) -> Iterator[None]:
    """Have the stack's address be that of an nginx before it."""
    url = f"http://127.0.0.1:{free_port()}"
    words: Mapping[str, str] = {
        "FOLDER": str(folder),
        "WEB": stack.url.removeprefix("http://"),
        "PORT": url.rpartition(":")[2],
    }
    config = NGINX
    for name, value in words.items():
        config = config.replace(name, value)
    (folder / "nginx.conf").write_text(config)
    command = ["nginx", "-c", f"{folder}/nginx.conf", "-e", f"{folder}/errors"]
    with subprocess.Popen(command) as process:
        stack.url = url
        try:
            eventually(lambda: _post(stack)[0])
            yield
        finally:
            process.terminate()


@contextmanager
def _nothing() -> Iterator[None]:
    yield


if __name__ == "__main__":
    main()
