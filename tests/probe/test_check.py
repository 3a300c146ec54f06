"""Every clip of a batch is looked at, and what is wrong with each is said with its number."""

from __future__ import annotations

import errno
import io
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from storyclip.domain.errors import ClipsUnusable
from storyclip.media import probing
from storyclip.media.errors import ToolBroken
from storyclip.probe import check as check_module
from storyclip.probe import fetch, places
from storyclip.probe.check import AT_ONCE_A_REQUEST, ClipCheck
from storyclip.probe.places import AT_ONCE_A_USER
from tests.eventually import eventually
from tests.probe.conftest import gives
from tests.probe.mp4 import film


def problems(clips, *urls, **limits):
    with pytest.raises(ClipsUnusable) as refused:
        ClipCheck(clips.fetcher(), **limits).check(urls, "ana")
    return list(refused.value.problems)


@pytest.mark.parametrize(
    "file",
    [
        film(),
        film(3),
        film(60),
        film(size=(720, 1280)),
        film(size=(1088, 1920)),
        film(size=(1920, 1080), turned=True),
        film(external=b"file:///etc/passwd\0"),
    ],
    ids=["usual", "3 s", "60 s", "720p", "padded", "turned", "points elsewhere"],
)
def test_a_clip_that_can_become_a_story_passes(clips, file):
    ClipCheck(clips.fetcher()).check([clips.has("/a.mp4", file)], "ana")


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (film(2), "lasts 2 s; 3 to 60 s are allowed"),
        (film(61), "lasts 61 s; 3 to 60 s are allowed"),
        (film(60.02), "lasts 60.02 s; 3 to 60 s are allowed"),
        (film(codec=b"hvc1"), "holds HEVC video; H.264 is needed"),
        (
            film(size=(1920, 1080)),
            "is 1920 x 1080, that is 1.778; 9:16 is needed, 0.5625 within 5%",
        ),
        (
            film(size=(1080, 1350)),
            "is 1080 x 1350, that is 0.800; 9:16 is needed, 0.5625 within 5%",
        ),
        (film(brand=b"qt  "), "is a QuickTime file; MP4 is needed"),
        (film(has_video=False), "holds no video; H.264 is needed"),
        (b"<!doctype html><title>Sign in</title>", "is no video file; H.264 in MP4 is needed"),
        (b"", "is no video file; H.264 in MP4 is needed"),
        (film()[:40], "holds no video; H.264 is needed"),
    ],
)
def test_a_clip_that_cannot_is_named_with_limit_and_value(clips, file, why):
    assert problems(clips, clips.has("/a.mp4", file)) == [("/posts/0/url", why)]


def test_everything_that_is_wrong_with_every_clip_is_said_in_order(clips):
    bad = film(2, size=(1920, 1080), codec=b"hvc1")
    urls = [
        clips.good(),
        clips.has("/bad", bad),
        clips.url("/gone"),
        clips.good(),
        clips.has("/page", b"<html>"),
    ]

    assert [(at, why.split(" ")[0]) for at, why in problems(clips, *urls)] == [
        ("/posts/1/url", "holds"),
        ("/posts/1/url", "lasts"),
        ("/posts/1/url", "is"),
        ("/posts/2/url", "its"),
        ("/posts/4/url", "is"),
    ]


def says_nothing(handler):
    handler.server.clips.stop.wait(20)


def test_a_clip_that_takes_too_long_is_not_taken_on_trust(clips):
    slow = clips.has("/slow", says_nothing)

    assert problems(clips, clips.good(), slow, clip_s=8, batch_s=9)[-1] == (
        "/posts/1/url",
        "could not be checked within 8 s; nothing was sent",
    )


def test_the_clips_nobody_came_to_are_named_too(clips):
    slow, began = clips.has("/slow", says_nothing), time.monotonic()

    found = problems(clips, *[slow] * 10, batch_s=1)

    assert found == [
        (f"/posts/{index}/url", "could not be checked within 1 s; nothing was sent")
        for index in range(10)
    ]
    assert time.monotonic() - began < 4


def test_a_resolver_that_hangs_holds_nobody_beyond_the_time(clips, monkeypatch):
    answer = threading.Event()
    url = clips.good()
    monkeypatch.setattr(clips, "resolve", lambda *_: answer.wait(20) and [])
    began = time.monotonic()

    found = problems(clips, url, batch_s=0.5)
    took_s = time.monotonic() - began
    answer.set()

    assert found == [("/posts/0/url", "could not be checked within 0.5 s; nothing was sent")]
    assert took_s < 4


def test_four_clips_are_looked_at_together_and_no_more(clips):
    lock, together, peak = threading.Lock(), 0, 0
    all_here = threading.Barrier(AT_ONCE_A_REQUEST)

    def count(handler):
        nonlocal together, peak
        with lock:
            together += 1
            peak = max(peak, together)
        all_here.wait(20)  # nobody goes on before four are here: they must run side by side
        with lock:
            together -= 1
        gives(b"")(handler)

    url = clips.has("/a", count)
    problems(clips, *[url] * (2 * AT_ONCE_A_REQUEST), batch_s=60)

    assert peak == AT_ONCE_A_REQUEST


def test_the_process_has_a_bound_over_all_requests(clips, monkeypatch):
    monkeypatch.setattr(places, "AT_ONCE_A_PROCESS", 1)
    slow = clips.has("/slow", says_nothing)

    check = ClipCheck(clips.fetcher(), batch_s=3)

    with ThreadPoolExecutor(1) as requests:
        first = requests.submit(check.check, [slow], "ana")
        eventually(lambda: clips.asked)
        monkeypatch.setattr(check, "_batch_s", 0.5)  # the second is over before the first one is
        with pytest.raises(ClipsUnusable):
            check.check([slow], "ana")

    assert isinstance(first.exception(), ClipsUnusable)
    assert len(clips.asked) == 1


def test_one_user_s_slow_clips_leave_places_for_another(clips):
    slow, fine = clips.has("/slow", says_nothing), clips.good()
    check = ClipCheck(clips.fetcher(), clip_s=15, batch_s=15)

    with ThreadPoolExecutor(3) as requests:
        stuck = [requests.submit(check.check, [slow] * 4, "ana") for _ in range(3)]
        eventually(lambda: len(clips.asked) == AT_ONCE_A_USER)
        began = time.monotonic()
        check.check([fine], "bea")
        took_s = time.monotonic() - began

        assert len(clips.asked) == AT_ONCE_A_USER + 1
        clips.stop.set()
        assert all(isinstance(one.exception(), ClipsUnusable) for one in stuck)
    assert took_s < 10


def test_a_server_that_drips_does_not_keep_its_place(clips, monkeypatch):
    monkeypatch.setattr(fetch, "SLOW_AFTER_S", 0.5)

    def drips(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        while not handler.server.clips.stop.wait(0.05):
            handler.wfile.write(b"x" * 100)

    began = time.monotonic()
    [(at, why)] = problems(clips, clips.has("/drip", drips), clip_s=20)

    assert at == "/posts/0/url"
    assert why.endswith("kB a second; 64 are needed")
    assert time.monotonic() - began < 8


@pytest.mark.parametrize("path", ["/good.mp4", "/gone", "/big", "/slow"])
def test_no_file_and_no_descriptor_stays_behind(clips, path, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    clips.good()
    clips.has("/big", gives(b"x", length=10**9))
    clips.has("/slow", says_nothing)
    check = ClipCheck(clips.fetcher(), clip_s=5, batch_s=6)
    if path == "/good.mp4":
        check.check([clips.url(path)], "ana")
    else:
        with pytest.raises(ClipsUnusable):
            check.check([clips.url(path)], "ana")

    assert list(tmp_path.iterdir()) == []
    assert not [file for file in psutil.Process().open_files() if str(tmp_path) in file.path]


def test_a_reader_that_crashes_over_a_file_says_so_and_hurts_nobody(clips, monkeypatch):
    crash = (sys.executable, "-c", "import os; os.kill(os.getpid(), 11)")
    monkeypatch.setattr(probing, "FILM_READER", crash)

    assert problems(clips, clips.good()) == [
        ("/posts/0/url", "is no video file; H.264 in MP4 is needed")
    ]


def test_a_reader_that_does_not_run_here_is_not_the_clips_fault(clips, monkeypatch):
    broken = (sys.executable, "-c", "raise SystemExit(1)")
    monkeypatch.setattr(probing, "FILM_READER", broken)

    with pytest.raises(ToolBroken, match="cannot be read here"):
        ClipCheck(clips.fetcher()).check([clips.good()], "ana")


@pytest.mark.parametrize("ending", ["os.kill(os.getpid(), 9)", "raise SystemExit(3)"])
def test_a_killed_reader_is_not_the_clips_fault_and_one_that_broke_over_it_is(
    clips, monkeypatch, ending
):
    monkeypatch.setattr(probing, "FILM_READER", (sys.executable, "-c", f"import os; {ending}"))

    [(_, why)] = problems(clips, clips.good())

    ours = "could not be checked here just now; nothing was sent"
    assert why == (ours if "kill" in ending else "is no video file; H.264 in MP4 is needed")


def test_a_full_disk_of_ours_is_not_called_a_server_that_cannot_be_reached(clips, monkeypatch):
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(check_module, "TemporaryFile", lambda **_: Full())

    assert problems(clips, clips.good()) == [
        ("/posts/0/url", "could not be checked here just now; nothing was sent")
    ]
