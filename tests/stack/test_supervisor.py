"""Children are kept running, and none is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from storyclip.stack import supervisor as supervising
from storyclip.stack.child import CHECKOUT
from tests.eventually import eventually
from tests.stack.conftest import FORKING, SLEEPER, lives, python


def test_a_program_that_is_killed_is_started_again(supervisor, reports):
    supervisor.start(python("sleeper", SLEEPER))
    before = supervisor.pids("sleeper")

    supervisor.kill("sleeper")

    eventually(lambda: supervisor.restarts("sleeper") == 1 and supervisor.pids("sleeper"))
    assert set(before).isdisjoint(supervisor.pids("sleeper"))
    assert reports == ["sleeper ended (killed by SIGKILL); it is started again at once"]


def test_what_a_dead_program_forked_does_not_live_beside_its_successor(supervisor):
    supervisor.start(python("forking", FORKING))
    eventually(lambda: len(supervisor.pids("forking")) == 2)
    leader, forked = supervisor.pids("forking")

    os.kill(leader, signal.SIGKILL)

    eventually(lambda: supervisor.restarts("forking") == 1)
    assert not lives(forked)


def test_a_program_that_cannot_start_is_tried_slower_and_slower_and_says_why(supervisor, reports):
    began_at = time.monotonic()
    supervisor.start(python("broken", "raise SystemExit('no such file: x.conf')"))

    eventually(lambda: len(reports) >= 4)

    assert time.monotonic() - began_at > 1.5
    assert "it is started again in 2 s" in reports[3]
    assert "no such file: x.conf" in reports[3]


def test_who_waits_hears_that_a_program_does_not_start(supervisor):
    supervisor.start(python("broken", "raise SystemExit('no such file: x.conf')"))

    eventually(supervisor.hopeless)

    assert "broken does not start (exit code 1)" in supervisor.hopeless()
    assert "no such file: x.conf" in supervisor.hopeless()


def test_a_stopped_program_stays_stopped_until_it_is_started(supervisor, reports):
    supervisor.start(python("sleeper", SLEEPER))
    supervisor.stop(["sleeper"], 5)

    assert supervisor.names() == []
    assert reports == []

    supervisor.start(python("sleeper", SLEEPER))
    assert supervisor.pids("sleeper")


def test_a_program_that_will_not_stop_is_killed_with_all_it_forked(supervisor, reports):
    ignoring = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    supervisor.start(python("stubborn", ignoring + FORKING))
    eventually(lambda: len(supervisor.pids("stubborn")) == 2)
    pids = supervisor.pids("stubborn")

    supervisor.stop(["stubborn"], 0.3)

    assert not any(lives(pid) for pid in pids)
    assert reports == ["stubborn did not stop in 0.3 s: killed"]


def test_stopping_asks_the_program_alone(supervisor, tmp_path):
    """Dramatiq takes a second SIGTERM for "at once"; its master passes the first one on."""
    counting = (
        "import signal, os, time; from pathlib import Path\n"
        "if os.fork():\n"
        "    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))\n"
        "else:\n"
        f"    signal.signal(signal.SIGTERM, lambda *_: Path({str(tmp_path / 'hit')!r}).touch())\n"
        "print('set', flush=True)\n"
        "while True: time.sleep(60)\n"
    )
    supervisor.start(python("counting", counting))
    eventually(lambda: (tmp_path / "counting.log").read_text().count("set") == 2)

    supervisor.stop(["counting"], 5)

    assert not (tmp_path / "hit").exists()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_when_the_supervisor_itself_is_killed(tmp_path, number):
    keeping = (
        "import time\n"
        "from pathlib import Path\n"
        "from storyclip.stack.supervisor import Supervisor\n"
        "from tests.stack.conftest import FORKING, python\n"
        f"supervisor = Supervisor(Path({str(tmp_path)!r}), print, None)\n"
        "supervisor.start(python('forking', FORKING))\n"
        "while len(supervisor.pids('forking')) < 2: time.sleep(0.02)\n"
        "print(*supervisor.pids('forking'), supervisor._guard.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", keeping], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    ) as keeper:
        assert keeper.stdout is not None
        pids = [int(word) for word in keeper.stdout.readline().split()]
        assert len(pids) == 3
        assert all(lives(pid) for pid in pids)

        keeper.send_signal(number)

    eventually(lambda: not any(lives(pid) for pid in pids))


def test_a_program_learns_nothing_of_ctrl_c_at_the_terminal(supervisor):
    supervisor.start(python("sleeper", SLEEPER))

    [pid] = supervisor.pids("sleeper")

    assert os.getpgid(pid) == pid != os.getpgid(0)


def test_a_name_that_does_not_run_is_told(supervisor):
    supervisor.start(python("sleeper", SLEEPER))

    with pytest.raises(KeyError, match="slepper does not run; these do: sleeper"):
        supervisor.kill("slepper")


def asked(monkeypatch, words):
    """A sleeper that says so of itself, and how often it was asked."""
    monkeypatch.setattr(supervising, "ASK_S", 0.02)
    monkeypatch.setattr(supervising, "ILL_FOR_S", 0.2)
    times: list[float] = []

    def trouble(pids):
        times.append(time.monotonic())
        return words

    return replace(python("sleeper", SLEEPER), trouble=trouble), times


def test_who_lives_and_is_of_no_use_is_killed_and_started_again(supervisor, reports, monkeypatch):
    program, _ = asked(monkeypatch, "deaf")
    supervisor.start(program)

    eventually(lambda: supervisor.restarts("sleeper"))

    assert reports[0] == "sleeper lives and is of no use (deaf): killed"


def test_who_is_well_is_asked_and_left_alone(supervisor, reports, monkeypatch):
    program, times = asked(monkeypatch, None)
    supervisor.start(program)

    eventually(lambda: times and times[-1] - times[0] > 0.6)

    assert supervisor.restarts("sleeper") == 0
    assert reports == []
