"""Pictures become a story's picture, and nothing of where they were taken goes with them."""

from __future__ import annotations

import io
import struct

import pillow_heif
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from storyclip.media.errors import FileUnusable
from storyclip.media.facts import Kind
from storyclip.media.mend import mend
from storyclip.media.plan import Action, Fit, Options, plan
from storyclip.media.poster import poster, strip
from storyclip.media.probing import probe
from tests.media.conftest import ONE_CORE
from tests.media.films import film, fitting, phone
from tests.media.seen import seen

PLACE = 0x8825
TURNED = 0x0112


def drawn(size=(400, 300)):
    """Red above, blue below."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (0, size[1] // 2, *size))
    return image


def told(orientation=1):
    exif = Image.Exif()
    exif[TURNED] = orientation
    exif.get_ifd(PLACE)[2] = (40.0, 25.0, 0.5)
    exif[0x010F] = "Sofias telephone"
    return exif


def kept(folder, image, name, **how):
    pillow_heif.register_heif_opener()
    file = folder / name
    image.save(file, **how)
    return file


AS_USUAL = Options()


def made(source, folder, options=AS_USUAL):
    facts = probe(source).facts
    planned = plan(facts, options)
    out = folder / "out.jpg"
    mend(source, facts, planned, planned.pieces[0], out, bounds=ONE_CORE)
    return out


def is_a_storys_picture(file):
    with Image.open(file) as image:
        assert (image.format, image.size, image.mode) == ("JPEG", (1080, 1920), "RGB")
        assert not image.getexif()
        assert not {"exif", "xmp", "icc_profile", "comment"} & set(image.info)
        assert file.stat().st_size <= 8_000_000
        assert b"Sofia" not in file.read_bytes()
        return image.convert("RGB")


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.heic"])
def test_each_kind_becomes_a_plain_jpeg_on_a_ground_of_itself(tmp_path, name):
    image = is_a_storys_picture(made(kept(tmp_path, drawn(), name, exif=told()), tmp_path))

    red, blue = image.getpixel((540, 700)), image.getpixel((540, 1200))
    assert red[0] > 200 > 60 > max(red[1:])
    assert blue[2] > 200 > 60 > max(blue[:2])
    assert image.getpixel((540, 10))[0] > 180
    assert probe(tmp_path / "out.jpg").problems == ()


def test_it_is_turned_as_its_note_says(tmp_path):
    lying = kept(tmp_path, drawn((800, 450)), "a.jpg", exif=told(6))  # shown clockwise by 90

    image = is_a_storys_picture(made(lying, tmp_path))

    assert image.getpixel((1000, 960))[0] > 200
    assert image.getpixel((80, 960))[2] > 200


def test_a_wide_picture_fills_the_frame_where_cropping_is_wished(tmp_path):
    image = drawn((1600, 900))
    image.paste("green", (0, 0, 300, 900))

    out = is_a_storys_picture(made(kept(tmp_path, image, "a.png"), tmp_path, Options(Fit.CROP)))

    assert out.getpixel((3, 3))[0] > 200


def test_what_can_be_seen_through_stands_on_white(tmp_path):
    clear = Image.new("RGBA", (900, 1600), (255, 0, 0, 0))

    out = is_a_storys_picture(made(kept(tmp_path, clear, "a.png"), tmp_path))

    assert min(out.getpixel((540, 960))) > 250


def test_its_colours_are_those_of_ordinary_screens(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    strange = kept(tmp_path, drawn((900, 1600)), "a.png", icc_profile=b"broken" * 30)
    other = kept(tmp_path, drawn((900, 1600)), "b.png", icc_profile=profile)

    for file in (strange, other):
        assert is_a_storys_picture(made(file, tmp_path)).getpixel((540, 300))[0] > 200


def test_a_plain_jpeg_that_fits_is_kept_and_one_that_says_where_is_not(tmp_path):
    plain = kept(tmp_path, drawn((1080, 1920)), "plain.jpg")
    telling = kept(tmp_path, drawn((1080, 1920)), "telling.jpg", exif=told())

    assert plan(probe(plain).facts, Options()).action is Action.KEEP
    assert [p.code.value for p in probe(telling).problems] == ["picture_metadata"]


def test_a_bomb_is_refused_before_it_goes_off(tmp_path):
    bomb = tmp_path / "bomb.png"
    with io.BytesIO() as small:
        Image.new("1", (15_000, 10_000)).save(small, "PNG")
        bomb.write_bytes(small.getvalue())
    assert bomb.stat().st_size < 200_000

    assert [p.code.value for p in probe(bomb).problems] == ["too_many_pixels"]


def test_text_of_a_gigabyte_inside_a_picture_is_refused(tmp_path):
    info = PngImagePlugin.PngInfo()
    info.add_text("x", "y" * 80_000_000, zip=True)
    bomb = kept(tmp_path, drawn((540, 960)), "bomb.png", pnginfo=info)

    assert [p.code.value for p in probe(bomb).problems] == ["unreadable"]


@pytest.mark.parametrize("share", [0.3, 0.8])
def test_half_a_picture_is_none(tmp_path, share):
    whole = kept(tmp_path, Image.effect_noise((600, 900), 90), "a.jpg")
    whole.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * share)])

    probed = probe(whole)

    assert probed.facts.kind is Kind.PICTURE
    assert [p.code.value for p in probed.problems] == ["unreadable"]


def test_a_still_video_lasts_five_seconds_and_is_silent(tmp_path, small):
    still = Options(still_as_video=True)

    out = seen(made(kept(tmp_path, drawn(), "a.heic"), tmp_path, still))

    assert out.length_s == pytest.approx(5, abs=0.01)
    assert "h264 (High)" in out.words
    assert "48000 Hz, stereo" in out.words


@pytest.mark.parametrize("source", [fitting, phone, lambda: film(size="640x480")])
def test_a_film_has_a_poster_and_a_strip(tmp_path, source):
    facts = probe(source()).facts

    poster(source(), facts, tmp_path / "poster")
    strip(source(), facts, tmp_path / "strip", frames=6)

    for name, size, most in (("poster", (360, 640), 40_000), ("strip", (864, 256), 40_000)):
        with Image.open(tmp_path / name) as image:
            assert (image.format, image.size) == ("JPEG", size)
        assert (tmp_path / name).stat().st_size < most
    assert sorted(file.name for file in tmp_path.iterdir()) == ["poster", "strip"]


def test_a_picture_has_a_poster(tmp_path):
    noise = kept(tmp_path, Image.effect_noise((600, 900), 90).convert("RGB"), "a.png")

    poster(noise, probe(noise).facts, tmp_path / "poster")

    with Image.open(tmp_path / "poster") as image:
        assert image.size == (360, 640)
    assert (tmp_path / "poster").stat().st_size <= 30_000


def test_a_film_without_one_whole_frame_has_no_poster(tmp_path):
    content = bytearray(fitting().read_bytes())
    at = content.find(b"mdat") + 4
    content[at:] = b"\xff" * (len(content) - at)
    broken = tmp_path / "broken"
    broken.write_bytes(content)

    with pytest.raises(FileUnusable):
        poster(broken, probe(broken).facts, tmp_path / "poster")
    assert [file.name for file in tmp_path.iterdir()] == ["broken"]


def test_a_phones_jpeg_with_a_second_one_behind_it_is_a_picture(tmp_path):
    two = kept(tmp_path, drawn(), "a.jpg", format="MPO", save_all=True, append_images=[drawn()])

    assert plan(probe(two).facts, Options()).action is Action.MEND
    is_a_storys_picture(made(two, tmp_path))


@pytest.mark.parametrize("name", ["a.gif", "a.tiff", "a.bmp", "a.avif"])
def test_other_kinds_of_pictures_are_named(tmp_path, name):
    [problem] = probe(kept(tmp_path, drawn(), name)).problems

    assert (problem.code, problem.facts) == ("picture_unknown", {"kind": name[2:].upper()})


def test_a_picture_whose_exif_cannot_be_written_anew_is_turned_all_the_same(tmp_path):
    file = kept(tmp_path, drawn(), "a.jpg")
    whole, width_as_text = file.read_bytes(), struct.pack("<HHI4s", 256, 2, 4, b"abc")
    turned = struct.pack("<HHII", TURNED, 3, 1, 6)
    exif = b"Exif\0\0II*\0\x08\0\0\0\x02\0" + width_as_text + turned + bytes(4)
    file.write_bytes(whole[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + whole[2:])

    image = is_a_storys_picture(made(file, tmp_path))

    assert image.getpixel((1000, 960))[0] > 200
    assert image.getpixel((80, 960))[2] > 200


def test_a_picture_over_which_its_reader_breaks_is_its_own_fault(tmp_path):
    file = kept(tmp_path, drawn(), "a.avif")
    whole = file.read_bytes()
    place = whole.index(b"mdat") + 4
    file.write_bytes(whole[:place] + bytes(len(whole) - place))

    assert [problem.code for problem in probe(file).problems] == ["unreadable"]
