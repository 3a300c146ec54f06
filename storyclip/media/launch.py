"""A program of its own: runs a command with little room and low priority, and never outlives us.

`launch.py NICE CPU_S MEMORY_BYTES FILE_BYTES command...` in a process group of its own. Its stdin
is a pipe that the parent holds and never writes to: when that closes, the parent is gone, however
it ended, and the whole group is killed. (PR_SET_PDEATHSIG alone would fire when the *thread* that
started us ends; here it guards the command against our own death.) Imports nothing of ours.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
import threading

PR_SET_PDEATHSIG = 1
NOT_BEGUN = 126  # our exit code where the command cannot be run, as a shell's


def main() -> None:
    """Run the command, and end as it ended; with NOT_BEGUN if it cannot be run."""
    nice, cpu_s, memory_bytes, file_bytes = map(int, sys.argv[1:5])
    os.nice(nice)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Single-threaded as yet, which is what makes a function between fork and exec safe.
    try:
        command = subprocess.Popen(
            sys.argv[5:],
            stdin=subprocess.DEVNULL,
            env={},
            close_fds=False,
            preexec_fn=_die_with_parent,
        )
    except OSError as mishap:
        print(mishap, file=sys.stderr)
        raise SystemExit(NOT_BEGUN) from mishap
    threading.Thread(target=_kill_all_at_the_end_of_stdin, daemon=True).start()
    code = command.wait()
    if code < 0:
        os.kill(os.getpid(), -code)  # RLIMIT_CORE keeps this from leaving anything behind
    os._exit(code)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _kill_all_at_the_end_of_stdin() -> None:
    while os.read(0, 4096):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
