"""However ffmpeg ends, or does not, nothing half made is left and nobody waits for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from storyclip.domain import crashpoint
from storyclip.media import ffmpeg
from storyclip.media import mend as mend_module
from storyclip.media.errors import FileUnusable, NoRoom, ToolBroken, WorkLost
from storyclip.media.ffmpeg import Bounds
from storyclip.media.mend import mend
from storyclip.media.plan import Options, plan
from storyclip.media.probing import probe
from tests.eventually import eventually
from tests.media.films import film

CHECKOUT = Path(__file__).parents[2]
NEVER_ENDS = (
    '#!/bin/sh\necho $$ >"$(dirname "$0")/pid"\necho out_time_us=1000000\nexec sleep 1000\n'
)


class Halted(Exception):
    """The user cancelled."""


@pytest.fixture
def wide():
    return film(3, "64x48", "24")


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Have a script run in place of ffmpeg."""

    def put(script):
        program = tmp_path / "bin" / "ffmpeg"
        program.parent.mkdir()
        program.write_text(script)
        program.chmod(0o755)
        monkeypatch.setattr(ffmpeg, "program", lambda: str(program))
        return program

    return put


def made(source, folder, **how):
    facts = probe(source).facts
    planned = plan(facts, Options())
    out = folder / "made"
    out.mkdir(exist_ok=True)
    try:
        mend(source, facts, planned, planned.pieces[0], out / "story.mp4", **how)
    finally:
        left = sorted(file.name for file in out.iterdir())
        assert left in ([], ["story.mp4"])
    return out / "story.mp4"


def is_gone(pid):
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_one_that_never_ends_is_killed_when_its_time_is_up(wide, tmp_path, fake, monkeypatch):
    program = fake(NEVER_ENDS)
    monkeypatch.setattr(mend_module, "limit_s", lambda length_s: 1.5)

    with pytest.raises(WorkLost, match="not done in time"):
        made(wide, tmp_path)

    pid = program.parent / "pid"  # not there where its time was up before it could say so
    eventually(lambda: not pid.exists() or is_gone(int(pid.read_text())))


def test_one_that_is_killed_in_the_middle_is_work_lost(wide, tmp_path, fake):
    fake("#!/bin/sh\necho out_time_us=1000000\nkill -9 $$\n")

    with pytest.raises(WorkLost, match="SIGKILL"):
        made(wide, tmp_path)


def test_one_that_the_file_kills_is_the_files_fault(wide, tmp_path, fake):
    fake("#!/bin/sh\nkill -11 $$\n")

    with pytest.raises(FileUnusable, match="unreadable"):
        made(wide, tmp_path)


def test_a_full_disk_is_work_lost_and_not_the_files_fault(wide, tmp_path, fake):
    fake("#!/bin/sh\necho 'av_interleaved_write_frame(): No space left on device' >&2\nexit 228\n")

    with pytest.raises(NoRoom, match="no room"):
        made(wide, tmp_path)


def test_a_file_of_which_too_much_would_be_written_is_refused(wide, tmp_path, small):
    with pytest.raises(FileUnusable):
        made(wide, tmp_path, bounds=Bounds(threads=1, file_bytes=2_000))


def test_one_that_makes_nothing_and_calls_it_a_success_is_not_believed(wide, tmp_path, fake):
    fake("#!/bin/sh\nexit 0\n")

    with pytest.raises(FileUnusable, match="made, but empty"):
        made(wide, tmp_path)


def test_no_ffmpeg_is_the_machines_fault(wide, tmp_path, monkeypatch):
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", "/nowhere/ffmpeg")

    with pytest.raises(ToolBroken):
        made(wide, tmp_path)


def test_one_that_cannot_be_begun_is_the_machines_fault(wide, tmp_path, fake):
    fake("#!/nowhere/sh\n")

    with pytest.raises(ToolBroken, match="No such file"):
        made(wide, tmp_path)


def test_who_listens_can_end_it(wide, tmp_path, fake):
    program = fake(NEVER_ENDS)

    def listen(fraction):
        assert fraction == pytest.approx(0.33, abs=0.01)
        raise Halted

    with pytest.raises(Halted):
        made(wide, tmp_path, progress=listen)

    eventually(lambda: is_gone(int((program.parent / "pid").read_text())))


def test_progress_rises_to_one_and_a_second_making_is_the_same(wide, tmp_path, small):
    told: list[float] = []
    one = made(wide, tmp_path, progress=told.append, bounds=Bounds(threads=1)).read_bytes()

    again = made(wide, tmp_path, bounds=Bounds(threads=1)).read_bytes()

    assert told == sorted(told)
    assert told[-1] == 1.0
    assert one == again


DIES = """
import sys
from pathlib import Path
from storyclip.media import ffmpeg
from storyclip.media.mend import mend
from storyclip.media.plan import Options, plan
from storyclip.media.probing import probe
ffmpeg.program = lambda: sys.argv[2]
source = Path(sys.argv[1])
facts = probe(source).facts
planned = plan(facts, Options())
mend(source, facts, planned, planned.pieces[0], Path(sys.argv[3]))
"""


def test_it_dies_with_whoever_started_it(wide, tmp_path, fake):
    program, pid_file = fake(NEVER_ENDS), tmp_path / "bin" / "pid"
    command = [sys.executable, "-c", DIES, str(wide), str(program), str(tmp_path / "out")]
    parent = subprocess.Popen(command, cwd=CHECKOUT)
    eventually(lambda: pid_file.exists() and pid_file.read_text().strip())
    child = int(pid_file.read_text())
    assert not is_gone(child)

    parent.kill()
    parent.wait()

    eventually(lambda: is_gone(child))


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_it_dies_with_its_launcher_too(wide, tmp_path, fake):
    program = fake(NEVER_ENDS)

    def kill_launcher(_):
        child = psutil.Process(int((program.parent / "pid").read_text()))
        os.kill(child.ppid(), signal.SIGKILL)

    with pytest.raises(WorkLost, match="SIGKILL"):
        made(wide, tmp_path, progress=kill_launcher)

    eventually(lambda: is_gone(int((program.parent / "pid").read_text())))


def test_it_is_nice_and_cannot_be_spoken_to(wide, tmp_path, fake):
    program = fake('#!/bin/sh\n{ nice; env; ulimit -v; } >"$(dirname "$0")/seen"\nexit 3\n')

    with pytest.raises(FileUnusable):
        made(wide, tmp_path)

    niceness, *rest = (program.parent / "seen").read_text().split("\n")
    assert int(niceness) >= 15
    assert not any(line.startswith(("HOME", "METRICOOL", "STORYCLIP")) for line in rest)
    assert str(Bounds().memory_bytes // 1024) in rest


def test_a_playlist_that_names_other_files_opens_none(tmp_path):
    secret = tmp_path / "secret.ts"
    secret.write_bytes(b"G" * 188 * 20)
    playlist = tmp_path / "a.mp4"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile://{secret}\n")

    with playlist.open("rb") as file, pytest.raises(FileUnusable):
        ffmpeg.run(
            [*ffmpeg.reading(file, Bounds()), "-f", "null", "-"], [file], 20, print, Bounds()
        )


def test_the_point_before_the_row_is_passed_with_the_piece_in_place(wide, tmp_path, small):
    passed: list[tuple[str, bool]] = []

    def look(point):
        passed.append((point, (tmp_path / "made" / "story.mp4").exists()))
        return False

    crashpoint.arm(look)
    try:
        made(wide, tmp_path, bounds=Bounds(threads=1))
    finally:
        crashpoint.arm(None)

    assert passed == [("piece_written", True)]
