"""A program that kills what the stack started when the stack itself is gone, however it ended.

Reads process groups from its stdin: `123` was started, `-123` has ended. The stack, and each child
until it runs its own program, hold the other end; when all have let go, nobody is left who could
stop the groups in order, so they are killed: StoryClip is made for that. The standard library
alone, run by path, because it starts before everything and must not fail.

PR_SET_PDEATHSIG would not do: it is Linux's alone, fires when the *thread* that started a child
ends, and does not reach what the child itself forked.
"""

import contextlib
import os
import signal
import sys


def main() -> None:
    """Keep the list until the other end is closed, then kill what is still on it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line)
        if group > 0:
            groups.add(group)
        else:
            groups.discard(-group)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
