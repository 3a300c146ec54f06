"""Where a worker's CPU goes: the real worker in one process, every thread profiled by CPU time.

`python -m tests.bench.profiling FILE` is that process; it writes what it found when told to stop.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import dramatiq
import psutil

from config.logging import configure
from config.settings import Settings, environment_with
from storyclip.stack.programs import WORKER_ENVIRONMENT
from tests.bench.stage import AT_ONCE, ask_for_many, sources, stage, until_ended

LANES, CLIPS = 50, 30
TOP = 25
THREADS = 32
WITHIN_S = 600.0
CHECKOUT = Path(__file__).parents[2]


def show() -> None:
    """Publish 1,500 clips with one profiled worker, and print its costliest functions."""
    with stage(1, {"at_once": True, "date_step": 1}, AT_ONCE) as stack:
        stack.stop_program("worker")
        environment = {
            **AT_ONCE,
            **WORKER_ENVIRONMENT,
            "DATABASE_URL": stack.database_url,
            "REDIS_URL": stack.redis_url,
            "METRICOOL_BASE_URL": stack.metricool_url,
        }
        found = stack.data_dir / "profile"
        with (stack.log_dir / "profiled.log").open("wb") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "tests.bench.profiling", str(found)],
                cwd=CHECKOUT,
                env=environment_with(environment),
                stderr=log,
            )
        lanes = stack.accounts(LANES)
        asked = {lane: sources("profile", lane, CLIPS) for lane in lanes}
        began = time.monotonic()
        until_ended(stack, ask_for_many(stack, asked), WITHIN_S)
        took_s = time.monotonic() - began
        times = psutil.Process(child.pid).cpu_times()
        child.terminate()
        child.wait()
        clips = LANES * CLIPS
        cpu_ms = 1000 * (times.user + times.system) / clips
        print(f"{clips} clips in {took_s:.1f} s; with the profiler {cpu_ms:.2f} ms CPU a clip")
        stats = pstats.Stats(str(found))
        stats.sort_stats("tottime").print_stats(TOP)
        stats.sort_stats("cumtime").print_stats("storyclip|dramatiq|redis/client|structlog", 60)


def main() -> None:
    """Be the worker until SIGTERM, then write the profile."""
    profiles: list[cProfile.Profile] = []
    # What a thread's `run` is called from: Dramatiq's threads have a `run` of their own
    plain: Callable[[threading.Thread], None] = vars(threading.Thread)["_bootstrap_inner"]

    def profiled(thread: threading.Thread) -> None:
        profile = cProfile.Profile(time.thread_time)
        profiles.append(profile)
        profile.runcall(plain, thread)

    setattr(threading.Thread, "_bootstrap_inner", profiled)  # noqa: B010  # mypy: it is private
    import worker  # after the patch: what it starts is to be seen

    settings = Settings.from_environment()
    configure(settings.log_level, settings.log_format, settings.secrets())
    running = dramatiq.Worker(
        worker.build(settings),
        worker_threads=THREADS,
        worker_timeout=int(WORKER_ENVIRONMENT["dramatiq_worker_timeout"]),
    )
    running.start()
    signal.sigwait([signal.SIGTERM])
    running.stop()
    stats = pstats.Stats(profiles[0])
    for profile in profiles[1:]:
        stats.add(profile)
    stats.dump_stats(sys.argv[1])
    os._exit(0)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    main()
