"""What is made of a film is what the networks ask for, by another judge than ours."""

from __future__ import annotations

import hashlib
import subprocess
from itertools import pairwise

import pytest

from storyclip.media import mend as mend_module
from storyclip.media.errors import FileUnusable
from storyclip.media.ffmpeg import program
from storyclip.media.mend import mend
from storyclip.media.moments import find_moments
from storyclip.media.plan import Action, Fit, Options, Stream, plan
from storyclip.media.probing import probe
from tests.media.conftest import ONE_CORE
from tests.media.films import AAC, FITTING, HEVC_HLG, X264, ffmpeg, film, fitting, phone
from tests.media.seen import colour, decodes, loudness, seen

MOVING = "testsrc=decimals=0"
TOP = [b"ftyp", b"moov", b"free", b"mdat"]


AS_USUAL = Options()


def made(source, folder, options=AS_USUAL, only=None):
    """Every piece that the plan wants, or the one of that number."""
    facts = probe(source).facts
    planned = plan(facts, options, find_moments(source, facts))
    files = []
    for piece in planned.pieces:
        if only in (None, piece.number):
            files.append(folder / f"{source.stem}.{piece.number}.mp4")
            mend(source, facts, planned, piece, files[-1], bounds=ONE_CORE)
    return planned, files


def is_a_story(file, size="270x480", rate="30"):
    """Whether it is all that docs/metricool.md asks for."""
    looked = seen(file)
    picture = next(line for line in looked.words.splitlines() if "Video:" in line)
    sound = next(line for line in looked.words.splitlines() if "Audio:" in line)
    assert "h264 (High) (avc1" in picture
    assert f"yuv420p(tv, bt709, progressive), {size} [SAR 1:1 DAR 9:16]" in picture
    assert f" {rate} fps" in picture
    assert "aac (LC)" in sound
    assert "48000 Hz, stereo" in sound
    assert "displaymatrix" not in looked.words
    assert looked.boxes == TOP
    steps = [later[0] - one[0] for one, later in pairwise(looked.pictures)]
    assert looked.pictures[0][0] == 0
    assert looked.sounds[0][0] == 0
    assert max(steps) - min(steps) < 0.0001
    assert looked.length_s <= 60
    decodes(file)
    return looked


def test_a_phones_film_becomes_a_story(tmp_path, small):
    planned, [file] = made(phone(), tmp_path)

    assert planned.action is Action.MEND
    assert is_a_story(file).length_s == pytest.approx(3.05, abs=0.04)
    assert plan(probe(file).facts, Options()).action is Action.KEEP


def test_a_story_has_its_full_size(tmp_path):
    _, [file] = made(film(3, "320x240", "24", picture=MOVING), tmp_path)

    is_a_story(file, "1080x1920", "24")
    assert plan(probe(file).facts, Options()).action is Action.KEEP


def test_brightness_of_hdr_is_brought_down_and_not_cut(tmp_path, small):
    white = film(3, "320x180", "24", HEVC_HLG, None, name="white.mov", picture="color=c=black",
                 then=",format=yuv420p10le,lutyuv=y=721")  # fmt: skip

    [file] = made(white, tmp_path)[1]

    assert all(185 <= value <= 250 for value in colour(file, 1))


def test_a_wide_film_stands_whole_on_a_ground_of_itself(tmp_path, small):
    wide = film(3, "640x480", "25", picture="color=c=red")

    _, [file] = made(wide, tmp_path)

    is_a_story(file, rate="25")
    for place in ("iw/2:ih/2", "iw/2:8", "iw/2:ih-16"):
        red, green, blue = colour(file, 1, place)
        assert red > 180
        assert max(green, blue) < 60


def test_a_wide_film_fills_the_frame_where_cropping_is_wished(tmp_path, small):
    middle = ",drawbox=x=iw/4:w=iw/2:h=ih:color=red:t=fill"
    wide = film(3, "640x360", "24", picture="color=c=blue", then=middle)

    _, [file] = made(wide, tmp_path, Options(fit=Fit.CROP))

    is_a_story(file, rate="24")
    for place in ("0:0", "iw-8:ih-8"):
        assert colour(file, 1, place)[0] > 180


def test_a_film_without_sound_gets_a_silent_track_and_keeps_its_picture(tmp_path):
    mute = film(sound=None, how=(*X264, *FITTING))

    planned, [file] = made(mute, tmp_path)

    assert (planned.video, planned.audio) == (Stream.COPY, Stream.SILENT)
    is_a_story_but_for_the_encoder(file)
    assert loudness(file) < -60


def is_a_story_but_for_the_encoder(file):
    looked = seen(file)
    assert "48000 Hz, stereo" in looked.words
    assert looked.boxes == TOP
    decodes(file)


def test_what_is_only_packed_wrongly_is_packed_anew_without_loss(tmp_path):
    packed = film(how=(*X264, "-bf", "2"), name="film.mov", picture=MOVING)

    planned, [file] = made(packed, tmp_path)

    assert (planned.video, planned.audio) == (Stream.COPY, Stream.COPY)
    assert frames_of(file) == frames_of(packed)
    looked = seen(file)
    assert looked.boxes == TOP
    assert abs(looked.pictures[0][0]) < 0.07
    assert plan(probe(file).facts, Options()).action is Action.KEEP


def test_what_cannot_be_copied_after_all_is_encoded(tmp_path, small, monkeypatch):
    fits = film(3, "270x480", "24", (*X264, "-bf", "0", "-use_editlist", "0"))
    monkeypatch.setattr(mend_module, "NO_PRIMING", "no such filter")

    planned, [file] = made(fits, tmp_path)

    assert planned.video is Stream.COPY
    is_a_story(file, rate="24")


def test_a_film_from_a_matroska_file_runs_evenly(tmp_path, small):
    is_a_story(made(film(3, "270x480", how=X264, name="film.mkv"), tmp_path)[1][0])


def frames_of(file):
    command = [program(), "-loglevel", "error", "-i", file, "-map", "0:v", "-f", "rawvideo", "-"]
    return hashlib.sha256(subprocess.run(command, capture_output=True, check=True).stdout).digest()


@pytest.mark.parametrize(
    ("sound", "channels"),
    [("sine=440:sample_rate=44100,volume=-30dB", 2), ("sine=440,volume=10dB", 1), ("sine=440", 6)],
    ids=["soft", "loud", "5.1"],
)
def test_sound_has_a_steady_loudness(tmp_path, small, sound, channels):
    given = film(6, "240x426", "24", sound=sound, channels=channels)

    [file] = made(given, tmp_path)[1]

    assert loudness(file) == pytest.approx(-16, abs=1.5)
    is_a_story(file, rate="24")


def test_silence_stays_silent(tmp_path, small):
    given = film(3, "240x426", "24", sound="anullsrc=cl=stereo")

    [file] = made(given, tmp_path)[1]

    assert loudness(file) < -60


def test_just_under_a_minute_is_one_story_and_just_over_it_two(tmp_path, small):
    how = (*X264, "-bf", "0", "-use_editlist", "0")
    under = film(59.9, "270x480", "24", how, picture="color=c=gray")
    over = film(60.1, "64x114", "24", picture="color=c=gray")

    [one] = made(under, tmp_path)[1]
    planned, [second] = made(over, tmp_path, only=2)

    assert seen(one).boxes == TOP
    assert seen(one).length_s == pytest.approx(59.9, abs=0.05)
    assert planned.action is Action.CUT
    assert [piece.length_s for piece in planned.pieces] == pytest.approx([30.05, 30.05], abs=0.1)
    assert is_a_story(second, rate="24").length_s == pytest.approx(30.05, abs=0.1)


def test_four_minutes_become_five_stories_and_each_begins_where_the_last_one_ended(tmp_path, small):
    clock = ",geq=lum='T':cb=128:cr=128"  # as bright as it is late
    how = (*X264, "-movflags", "+faststart")
    long = film(240, "36x64", "4", how, None, picture="color=c=black", then=clock)

    planned, [file] = made(long, tmp_path, only=3)

    assert len(planned.pieces) == 5
    piece = planned.pieces[2]
    assert is_a_story(file).length_s == pytest.approx(piece.length_s, abs=0.07)
    bright = (piece.start_s + 20 - 16) * 255 / 219
    assert colour(file, 20)[0] == pytest.approx(bright, abs=3)


def test_a_cut_is_moved_into_a_silence_near_by(small):
    pause = "sine=440:sample_rate=48000,volume='if(between(t,37.6,38.4),0,1)':eval=frame"
    spoken = film(80, "36x64", "4", (*X264, "-movflags", "+faststart"), sound=pause)
    facts = probe(spoken).facts

    planned = plan(facts, Options(), find_moments(spoken, facts))

    assert planned.pieces[1].start_s == pytest.approx(38.0, abs=0.1)


def test_a_film_with_a_broken_middle_is_refused_and_leaves_nothing(tmp_path, small):
    how = (*X264, "-movflags", "+faststart", "-g", "12")
    content = bytearray(film(6, "240x426", "24", how, picture=MOVING).read_bytes())
    at = content.find(b"mdat") + 3000
    content[at:] = b"\xff" * (len(content) - at)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(content)
    facts = probe(broken).facts
    planned = plan(facts, Options())

    with pytest.raises(FileUnusable):
        mend(broken, facts, planned, planned.pieces[0], tmp_path / "out", bounds=ONE_CORE)

    assert [file.name for file in tmp_path.iterdir()] == ["broken.mp4"]


def test_what_fits_is_kept(tmp_path):
    assert made(fitting(), tmp_path) == (plan(probe(fitting()).facts, Options()), [])
    assert plan(probe(fitting()).facts, Options()).action is Action.KEEP


def test_nothing_of_where_it_was_taken_is_left(tmp_path):
    out = tmp_path / "tagged.mov"
    place = ("-metadata", "location=+40.4168-003.7038/", "-metadata", "title=Sofia")
    ffmpeg("-i", fitting(), "-c", "copy", *place, "-movflags", "use_metadata_tags", out)
    assert b"40.4168" in out.read_bytes()

    [file] = made(out, tmp_path)[1]

    assert b"40.4168" not in file.read_bytes()
    assert b"Sofia" not in file.read_bytes()


def test_sound_of_another_kind_is_encoded_beside_a_copied_picture(tmp_path):
    out = tmp_path / "opus.mp4"
    ffmpeg("-i", fitting(), "-c:v", "copy", "-c:a", "libopus", "-use_editlist", "0", out)

    planned, [file] = made(out, tmp_path)

    assert (planned.video, planned.audio) == (Stream.COPY, Stream.ENCODE)
    is_a_story_but_for_the_encoder(file)
    assert AAC[1] in seen(file).words
