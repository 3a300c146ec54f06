"""What is to be made of a file follows from its facts alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyclip.media.cuts import Moment, Sign, cuts, even_marks, pieces_between
from storyclip.media.facts import Audio, Facts, Kind, Light, Picture, Video
from storyclip.media.filters import rate_of
from storyclip.media.plan import Action, Options, Plan, Stream, plan

VIDEO = Video("AVC", "High@L4", 8, "4:2:0", 1080, 1920, 2073600, True, 0, 30.0, False, False,
              Light.SDR, False, 8_000_000)  # fmt: skip
FITS = Facts(Kind.VIDEO, 10_000_000, "MPEG-4", length_s=20.0, index_first=True, video=VIDEO,
             audio=Audio("AAC", "LC", 2, 48_000, 1))  # fmt: skip
JPEG = Picture("JPEG", 1080, 1920, False, False, "RGB", 1)
PICTURE = Facts(Kind.PICTURE, 500_000, "JPEG", picture=JPEG)


def codes(planned):
    return [reason.code.value for reason in planned.reasons]


def with_video(**changes):
    return replace(FITS, video=replace(VIDEO, **changes))


def test_what_fits_is_kept_and_nothing_is_made():
    planned = plan(FITS, Options())

    assert (planned.action, planned.pieces, planned.reasons) == (Action.KEEP, (), ())


@pytest.mark.parametrize(
    "facts",
    [replace(FITS, is_quicktime=True), replace(FITS, index_first=False),
     replace(FITS, has_edit_list=True)],
    ids=["MOV", "index last", "edit list"],
)  # fmt: skip
def test_what_is_packed_wrongly_is_copied(facts):
    planned = plan(facts, Options())

    assert planned.action is Action.MEND
    assert (planned.video, planned.audio) == (Stream.COPY, Stream.COPY)
    assert planned.estimate_s < 2


@pytest.mark.parametrize(
    ("change", "code"),
    [({"codec": "HEVC"}, "codec"), ({"bit_depth": 10}, "pixels"), ({"chroma": "4:2:2"}, "pixels"),
     ({"light": Light.PQ}, "hdr"), ({"is_variable": True}, "frames_uneven"),
     ({"frames_a_second": 119.88}, "frame_rate"), ({"frames_a_second": 23.976}, "frame_rate"),
     ({"frames_a_second": None}, "frames_uneven"), ({"rotation": 90}, "rotated"),
     ({"width": 1920, "height": 1080}, "not_upright"), ({"width": 2160, "height": 3840}, "size"),
     ({"is_interlaced": True}, "interlaced"), ({"has_square_pixels": False}, "not_square_pixels"),
     ({"bits_a_second": 30_000_000}, "bit_rate")],
)  # fmt: skip
def test_a_picture_that_does_not_fit_is_encoded(change, code):
    planned = plan(with_video(**change), Options())

    assert (planned.action, planned.video, planned.audio) == (
        Action.MEND, Stream.ENCODE, Stream.ENCODE,
    )  # fmt: skip
    assert codes(planned) == [code]


@pytest.mark.parametrize("rate", [24.0, 25.0, 29.97, 30.0, 50.0, 59.94, 60.0, 60.003])
def test_usual_frame_rates_are_kept(rate):
    assert plan(with_video(frames_a_second=rate), Options()).action is Action.KEEP


@pytest.mark.parametrize("size", [(1088, 1920), (720, 1280), (540, 960), (1080, 1980)])
def test_about_nine_to_sixteen_is_kept(size):
    assert plan(with_video(width=size[0], height=size[1]), Options()).action is Action.KEEP


def test_other_containers_are_encoded_for_they_round_the_time_of_each_frame():
    assert plan(replace(FITS, container="Matroska"), Options()).video is Stream.ENCODE


def test_sound_that_goes_on_longer_than_a_minute_is_cut_beside_a_copied_picture():
    planned = plan(replace(FITS, length_s=60.0, whole_s=60.02), Options())

    assert (planned.action, codes(planned)) == (Action.MEND, ["sound_longer"])
    assert (planned.video, planned.audio) == (Stream.COPY, Stream.ENCODE)


def test_a_frame_more_than_a_minute_is_left_out_and_makes_no_second_story():
    planned = plan(replace(FITS, length_s=60.033), Options())

    assert (planned.action, planned.video) == (Action.MEND, Stream.ENCODE)
    assert [piece.length_s for piece in planned.pieces] == [60.0]


@pytest.mark.parametrize(
    ("given", "made"),
    [(24.0, 24), (23.976, 24), (25.0, 25), (29.97, 30), (30.0, 30), (48.0, 24), (50.0, 25),
     (59.94, 30), (60.0, 30), (119.88, 30), (15.0, 30), (0.3, 30), (None, 30)],
)  # fmt: skip
def test_frames_are_left_out_evenly_where_that_can_be(given, made):
    assert rate_of(replace(VIDEO, frames_a_second=given)) == made
    assert rate_of(replace(VIDEO, frames_a_second=given, is_variable=True)) == 30


def test_too_many_bytes_are_encoded_anew():
    planned = plan(replace(FITS, size_bytes=100_000_001), Options())

    assert (planned.action, planned.video, codes(planned)) == (
        Action.MEND, Stream.ENCODE, ["too_big"],
    )  # fmt: skip
    assert plan(replace(FITS, size_bytes=100_000_000), Options()).action is Action.KEEP


@pytest.mark.parametrize(
    ("facts", "code"),
    [(replace(FITS, length_s=2.9), "too_short"), (replace(FITS, length_s=15_000.0), "too_long"),
     (replace(FITS, length_s=None), "unreadable"), (replace(FITS, video=None), "no_video"),
     (replace(FITS, is_cut_off=True), "cut_off"), (replace(FITS, size_bytes=0), "empty"),
     (with_video(is_dolby_alone=True), "dolby_alone"), (with_video(width=0), "unreadable"),
     (with_video(pixels=15360 * 8640), "too_many_pixels"),
     (replace(FITS, container="Flash Video"), "container_unknown"),
     (Facts(Kind.NEITHER, 7), "not_media"),
     (replace(PICTURE, picture=replace(JPEG, width=20_000, height=20_000)), "too_many_pixels"),
     (replace(PICTURE, picture=replace(JPEG, codec="TIFF")), "picture_unknown")],
)  # fmt: skip
@pytest.mark.parametrize("prepare", [True, False])
def test_of_some_files_nothing_can_be_made(facts, code, prepare):
    planned = plan(facts, Options(prepare=prepare))

    assert (planned.action, codes(planned), planned.pieces) == (Action.REFUSE, [code], ())


def test_who_wants_no_mending_is_told_what_is_refused():
    wide = with_video(width=1920, height=1080, is_interlaced=True)

    planned = plan(wide, Options(prepare=False))

    assert (planned.action, codes(planned)) == (Action.REFUSE, ["not_upright"])


def test_who_wants_no_mending_may_take_what_is_only_doubtful():
    planned = plan(replace(FITS, index_first=False, audio=None), Options(prepare=False))

    assert (planned.action, codes(planned)) == (Action.KEEP, ["index_last", "no_audio"])


@pytest.mark.parametrize(
    ("length_s", "count"),
    [(59.9, 1), (60.0, 1), (60.1, 2), (119.9, 2), (120.0, 3), (240.0, 5), (3600.0, 61)],
)
def test_pieces_are_as_few_and_as_even_as_may_be(length_s, count):
    planned = plan(replace(FITS, length_s=length_s), Options())

    lengths = [piece.length_s for piece in planned.pieces] or [length_s]
    assert len(lengths) == count
    assert max(lengths) - min(lengths) < 0.01
    assert max(lengths) <= 60


moments = st.lists(st.builds(Moment, st.floats(0, 14_400), st.sampled_from(Sign)), max_size=60)


@given(st.floats(60.01, 14_400), moments)
def test_wherever_the_moments_are_every_piece_can_be_a_story(length_s, found):
    pieces = pieces_between(length_s, cuts(length_s, found))

    assert all(2.999 <= span_s <= 60 for _, span_s in pieces)
    assert sum(span_s for _, span_s in pieces) == pytest.approx(length_s, abs=0.2)
    assert len(pieces) == len(even_marks(length_s)) + 1


def test_a_silence_is_worth_a_longer_way_than_a_new_scene():
    silence, scene = Moment(43.0, Sign.SILENCE), Moment(47.5, Sign.SCENE)

    assert cuts(90, [silence, scene]) == (43.0,)
    assert cuts(90, [scene]) == (47.5,)
    assert cuts(90, [Moment(39.0, Sign.SILENCE)]) == (45.0,)
    assert cuts(90, [Moment(49.0, Sign.SCENE)]) == (45.0,)


def test_the_users_marks_are_taken_as_they_are():
    planned = plan(replace(FITS, length_s=90.0), Options(cut_marks=(50.0, 10.0)))

    assert planned.action is Action.CUT
    assert [(piece.start_s, piece.length_s) for piece in planned.pieces] == [
        (0.0, 10.0), (10.0, 40.0), (50.0, 40.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("marks", "piece"), [((1.0,), 1), ((61.0,), 1), ((20.0,), 2), ((), 1), ((50.0, 89.0), 3),
                         ((-5.0, 40.0), 1), ((40.0, 95.0), 3)]
)  # fmt: skip
def test_marks_that_make_no_stories_are_refused_with_the_piece(marks, piece):
    planned = plan(replace(FITS, length_s=90.0), Options(cut_marks=marks))

    assert (planned.action, codes(planned)) == (Action.REFUSE, ["cut_marks"])
    assert planned.reasons[0].facts["piece"] == piece


def test_a_picture_that_fits_is_kept_and_another_mended():
    assert plan(PICTURE, Options()).action is Action.KEEP
    for change in ({"codec": "PNG"}, {"is_turned": True}, {"has_metadata": True}, {"mode": "CMYK"},
                   {"width": 4000, "height": 3000}):  # fmt: skip
        planned = plan(replace(PICTURE, picture=replace(JPEG, **change)), Options())
        assert planned.action is Action.MEND
        assert planned.is_picture


def test_a_picture_may_become_a_still_video():
    planned = plan(PICTURE, Options(still_as_video=True))

    assert not planned.is_picture
    assert [piece.length_s for piece in planned.pieces] == [5.0]
    assert planned.audio is Stream.SILENT


@given(st.sampled_from([FITS, PICTURE, replace(FITS, length_s=200.0, is_quicktime=True)]),
       st.booleans(), st.booleans())  # fmt: skip
def test_a_plan_is_the_same_after_a_row(facts, prepare, still):
    planned = plan(facts, Options(prepare=prepare, still_as_video=still))

    assert Plan.from_json(planned.as_json()) == planned
