"""The filter graphs that ffmpeg is given: picture onto 9:16 in SDR, sound to a steady loudness."""

from __future__ import annotations

from storyclip.domain.clip_file import RATIO, RATIO_TOLERANCE
from storyclip.media.facts import Light, Video
from storyclip.media.plan import Fit, Stream

RATES = {24: 24, 25: 25, 30: 30, 48: 24, 50: 25, 60: 30}  # what runs evenly stays even
RATE = 30
GROUND = 10  # the ground is blurred so many times smaller, and costs next to nothing

SAID = "setsar=1,setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"

SAMPLES_A_SECOND = 48_000
PRIMING_SAMPLES = 1024  # AAC plays them first; without an edit list nobody skips them
SOUND_ENDS_EARLIER_S = 0.05  # AAC comes in frames of 21 ms: the last must not end after the picture
LOUDNESS = "loudnorm=I=-16:TP=-1.5:LRA=11"

_TRANSFER = {Light.HLG: "arib-std-b67", Light.PQ: "smpte2084"}


def rate_of(video: Video) -> int:
    """The frames a second that are made: 24, 25 or 30, without a stutter where that can be."""
    given = video.frames_a_second
    if given is None or video.is_variable:
        return RATE
    nominal = max(1, round(given))
    return RATES.get(nominal, RATE) if abs(given / nominal - 1) < 0.002 else RATE


def picture(
    video: Video, fit: Fit, rate: int | None, size: tuple[int, int], number: int = 0
) -> str:
    """From the picture of the input `number`, turned already, to `[v<number>]` of `size`.

    Args:
        rate: frames a second; None for one frame.
    """
    width, height = size
    first = [
        f"[{number}:v:0]bwdif=deint=interlaced" if video.is_interlaced else f"[{number}:v:0]null"
    ]
    first += [f"fps={rate}" if rate else "trim=end_frame=1,setpts=0"]
    if fit is Fit.CROP or abs(video.width / video.height / RATIO - 1) <= RATIO_TOLERANCE:
        crop = f"crop='min(iw,ih*{RATIO}/sar)':'min(ih,iw*sar/{RATIO})'"
        return ",".join([*first, crop, *_scaled(video, width, height), f"{SAID}[v{number}]"])
    shown_width, shown_height = _contained(video, width, height)
    shown = [*first, *_scaled(video, shown_width, shown_height), "setsar=1"]
    small = f"{width // GROUND}:{height // GROUND}"
    radius = min(6, width // GROUND // 4)  # of the colours, which are half as wide, at most a half
    ground = (
        f"scale={small}:force_original_aspect_ratio=increase:flags=area,crop={small},"
        f"boxblur={radius}:2,scale={width}:{height}:flags=bilinear,setsar=1"
    )
    over, under, behind = (f"[{name}{number}]" for name in ("over", "under", "behind"))
    centred = f"overlay=(W-w)/2:(H-h)/2:format=yuv420,format=yuv420p,{SAID}"
    return (
        f"{','.join(shown)},split{over}{under};{under}{ground}{behind};"
        f"{behind}{over}{centred}[v{number}]"
    )


def _contained(video: Video, width: int, height: int) -> tuple[int, int]:
    scale = min(width / video.width, height / video.height)
    return _even(video.width * scale, width), _even(video.height * scale, height)


def _even(length: float, most: int) -> int:
    return min(max(2, round(length / 2) * 2), most)


def _scaled(video: Video, width: int, height: int) -> list[str]:
    """To the size and the colours of ordinary screens; HDR in linear light, already made small."""
    if video.light is Light.SDR:
        colours = "out_color_matrix=bt709:out_range=tv"
        return [f"scale={width}:{height}:flags=bicubic:{colours}", "format=yuv420p"]
    given = f"color_primaries=bt2020:color_trc={_TRANSFER[video.light]}:colorspace=bt2020nc"
    return [
        f"setparams={given}",  # some files say it in one place alone
        f"zscale={width}:{height}",
        "zscale=t=linear:npl=203,format=gbrpf32le",  # 203 cd/m2: white on paper, by BT.2408
        # Hable's curve, the usual one, makes that white a mid grey; this leaves it 217 of 255.
        "zscale=p=bt709,tonemap=mobius:desat=0",
        "zscale=t=bt709:m=bt709:r=tv,format=yuv420p",
    ]


def sound(how: Stream, length_s: float) -> str | None:
    """To `[a]`, a little shorter than the picture; None where it is copied."""
    end = f"end={max(0.1, length_s - SOUND_ENDS_EARLIER_S):.3f}"
    trimmed = f"atrim=start_sample={PRIMING_SAMPLES}:{end},asetpts=PTS-STARTPTS[a]"
    if how is Stream.COPY:
        return None
    if how is Stream.SILENT:
        return f"anullsrc=r={SAMPLES_A_SECOND}:cl=stereo,{trimmed}"
    return (
        "[0:a:0]aresample=async=1:first_pts=0,aformat=channel_layouts=stereo,"
        f"{LOUDNESS},aresample={SAMPLES_A_SECOND},apad,{trimmed}"
    )
