"""A file is what its bytes say, and whatever they are, an answer comes."""

from __future__ import annotations

import random
import signal
import subprocess
import sys

import pytest

from storyclip.media import probing
from storyclip.media.errors import ToolBroken, WorkLost
from storyclip.media.facts import Facts, Kind, Light
from storyclip.media.judging import MAX_PICTURE_PIXELS
from storyclip.media.probing import probe
from tests.media.films import AAC, FITTING, NO_PRIMING, X264, ffmpeg, film, fitting, phone


def codes(file, name=None):
    return [problem.code.value for problem in probe(file, name).problems]


def written(folder, content, name="file"):
    file = folder / name
    file.write_bytes(content)
    return file


def test_a_film_that_fits_has_no_problem():
    probed = probe(fitting(), "a.mp4")

    assert probed.problems == ()
    assert probed.facts.video is not None
    assert (probed.facts.video.width, probed.facts.video.height) == (540, 960)
    assert probed.facts.length_s == pytest.approx(3.1, abs=0.05)


def test_a_phones_film_is_measured_as_it_is_shown():
    facts = probe(phone(), "IMG_0001.MOV").facts

    assert facts.is_quicktime
    assert facts.video is not None
    assert (facts.video.codec, facts.video.bit_depth) == ("HEVC", 10)
    assert (facts.video.width, facts.video.height, facts.video.rotation) == (180, 320, 90)
    assert facts.video.light is Light.HLG
    assert facts.video.frames_a_second == pytest.approx(59.94, abs=0.001)
    assert not facts.video.is_variable


def test_everything_that_is_wrong_with_it_is_said_at_once():
    around, inside = ["container", "index_last", "edit_list"], ["codec", "pixels", "hdr"]

    assert codes(phone()) == [*around, *inside, "size", "rotated"]


@pytest.mark.parametrize(
    ("how", "found"),
    [
        ({"size": "640x480"}, ["not_upright"]),
        ({"size": "480x480"}, ["not_upright"]),
        ({"seconds": 2.0}, ["too_short"]),
        ({"sound": None, "how": (*X264, *FITTING)}, ["no_audio"]),
        ({"channels": 6}, ["audio_channels"]),
        ({"how": (*X264, "-bf", "0", "-use_editlist", "0", *NO_PRIMING)}, ["index_last"]),
        ({"how": (*X264, "-movflags", "+faststart")}, ["edit_list"]),
        ({"how": (*X264, *FITTING, *NO_PRIMING), "rate": "12"}, ["frame_rate"]),
        ({"size": "270x480"}, ["size"]),
        ({"how": X264, "name": "film.mkv"}, ["container"]),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else "",
)
def test_what_is_wrong_is_named(how, found):
    assert codes(film(**how)) == found


def test_frames_at_uneven_times_are_noticed():
    uneven = ("-vf", "select='gt(random(3),0.3)'", "-fps_mode", "vfr")

    assert "frames_uneven" in codes(film(how=(*X264, *FITTING, *uneven)))


def test_an_edit_list_that_hides_a_part_is_told_from_one_that_names_the_start(tmp_path):
    out = tmp_path / "cut.mp4"
    ffmpeg("-ss", "1.5", "-i", film(5, how=(*X264, "-g", "200")), "-c", "copy", out)

    assert "edited" in codes(out)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.98])
def test_a_film_without_its_end_is_cut_off(tmp_path, share):
    whole = fitting().read_bytes()

    assert codes(written(tmp_path, whole[: int(len(whole) * share)])) == ["cut_off"]


def test_a_film_whose_index_would_have_come_last_is_cut_off(tmp_path):
    whole = film(how=X264).read_bytes()

    assert codes(written(tmp_path, whole[: len(whole) // 2])) == ["cut_off"]


def test_a_picture_named_as_a_video_is_said_to_be_one(tmp_path):
    png = tmp_path / "holiday.mp4"
    ffmpeg("-i", fitting(), "-frames:v", "1", "-c:v", "png", "-f", "image2", png)

    probed = probe(png, "holiday.mp4")

    assert probed.facts.kind is Kind.PICTURE
    assert probed.facts.picture is not None
    assert probed.facts.picture.codec == "PNG"
    assert probed.problems[-1].code == "misnamed"
    assert probed.problems[-1].facts == {"named": "mp4", "kind": "PNG"}


@pytest.mark.parametrize(
    ("content", "found"),
    [(b"", "empty"), (b"Dear diary, " * 500, "not_media"), (b"<!DOCTYPE html><p>", "not_media"),
     (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", "not_media"), (b"\0" * 5000, "not_media")],
)  # fmt: skip
def test_what_is_no_film_is_said_to_be_none(tmp_path, content, found):
    assert codes(written(tmp_path, content, "a.mp4"), "a.mp4") == [found]


def test_sound_alone_is_no_story(tmp_path):
    out = tmp_path / "song.mp4"
    ffmpeg("-f", "lavfi", "-i", "sine=440", "-t", "4", *AAC, out)

    assert codes(out) == ["no_video"]


def test_broken_bytes_are_an_answer_and_no_error(tmp_path):
    whole, rng = bytearray(fitting().read_bytes()), random.Random(7)
    for number in range(4):
        broken = bytearray(whole)
        for _ in range(200):
            broken[rng.randrange(min(len(broken), 6000))] = rng.randrange(256)
        assert isinstance(probe(written(tmp_path, broken, f"{number}.mp4")).facts, Facts)


def test_a_reader_that_never_ends_is_left_and_says_nothing_of_the_file(monkeypatch):
    monkeypatch.setattr(probing, "FILM_READER", (sys.executable, "-c", "while True: pass"))

    with pytest.raises(WorkLost, match="not read in time"):
        probe(fitting(), limit_s=0.3)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_reader_that_somebody_kills_says_nothing_of_the_file(monkeypatch, number):
    dies = f"import os; os.kill(os.getpid(), {number})"
    monkeypatch.setattr(probing, "FILM_READER", (sys.executable, "-c", dies))

    with pytest.raises(WorkLost, match=number.name):
        probe(fitting())


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGXCPU])
def test_a_reader_that_the_file_kills_is_the_files_fault(monkeypatch, number):
    dies = f"import os; os.kill(os.getpid(), {number})"
    monkeypatch.setattr(probing, "FILM_READER", (sys.executable, "-c", dies))

    assert probe(fitting()).facts.kind is Kind.NEITHER


@pytest.mark.parametrize("reader", [probing.FILM_READER, probing.PICTURE_READER])
def test_a_reader_whose_time_is_up_is_told_from_one_that_is_killed(reader):
    seals = f"import runpy; runpy.run_path({reader[-1]!r})['_seal']()"
    says = "import resource; print(*resource.getrlimit(resource.RLIMIT_CPU))"

    done = subprocess.run(
        [sys.executable, "-c", f"{seals}; {says}"], stdout=subprocess.PIPE, check=True
    )

    asked_to_end_s, killed_s = map(int, done.stdout.split())
    assert asked_to_end_s < killed_s


def test_a_reader_that_does_not_run_here_is_not(monkeypatch):
    monkeypatch.setattr(probing, "FILM_READER", (sys.executable, "-c", "raise SystemExit(1)"))

    with pytest.raises(ToolBroken, match="cannot be read here"):
        probe(fitting())


def test_facts_are_the_same_after_a_row():
    facts = probe(phone(), "a.mov").facts

    assert Facts.from_json(facts.as_json()) == facts
    assert Facts.from_json(facts.as_json() | {"of_a_later_release": 1}) == facts


def test_both_sides_of_the_wall_bound_a_picture_alike():
    reader = probing.PICTURE_READER[-1]
    with open(reader, encoding="utf-8") as source:
        assert f"MAX_PIXELS = {MAX_PICTURE_PIXELS:_}" in source.read()
