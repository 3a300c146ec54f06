"""One thing that is wrong with a file: a code, and the facts that its sentence needs.

The sentences are in storyclip/domain/file_words.json, `file.<code>`, with the facts in braces.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from storyclip.domain.file_words import Meaning, problem_words


class Code(StrEnum):
    """Stable names of what can be wrong, for programs."""

    MISNAMED = "misnamed"  # the name says another kind
    EMPTY = "empty"  # it has no bytes
    GONE = "gone"  # its bytes are not there any more, which is no fault of its own
    NOT_MEDIA = "not_media"  # neither video nor picture
    CUT_OFF = "cut_off"  # its end is missing
    CONTAINER_UNKNOWN = "container_unknown"  # a video, in a container that is not opened
    NO_VIDEO = "no_video"  # sound alone
    UNREADABLE = "unreadable"  # its own description, or every frame, is broken
    TOO_MANY_PIXELS = "too_many_pixels"
    DOLBY_ALONE = "dolby_alone"  # Dolby Vision that no other screen can show
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"  # too long even to be cut
    PICTURE_UNKNOWN = "picture_unknown"  # a picture of another kind
    CONTAINER = "container"  # not MP4
    OVER_A_MINUTE = "over_a_minute"
    SOUND_LONGER = "sound_longer"  # than a minute, which the picture is not
    TOO_BIG = "too_big"
    INDEX_LAST = "index_last"  # the index comes after the frames
    EDITED = "edited"  # the edit list leaves out frames, or waits
    EDIT_LIST = "edit_list"  # it names the first frame, which Instagram asks not to be done
    CODEC = "codec"  # not H.264
    PIXELS = "pixels"  # not 8 bits 4:2:0
    HDR = "hdr"
    NOT_UPRIGHT = "not_upright"  # not about 9:16
    SIZE = "size"  # 9:16, and too small or too large
    ROTATED = "rotated"  # a note says to turn it
    NOT_SQUARE_PIXELS = "not_square_pixels"
    INTERLACED = "interlaced"
    FRAMES_UNEVEN = "frames_uneven"
    FRAME_RATE = "frame_rate"
    BIT_RATE = "bit_rate"
    NO_AUDIO = "no_audio"
    AUDIO_CODEC = "audio_codec"  # not AAC-LC
    AUDIO_CHANNELS = "audio_channels"  # more than two
    AUDIO_RATE = "audio_rate"
    PICTURE_KIND = "picture_kind"  # not a plain JPEG
    ROTATED_PICTURE = "rotated_picture"
    PICTURE_METADATA = "picture_metadata"  # where it was taken, with what
    GIVEN_UP = "given_up"  # work on it was lost again and again
    CUT_MARKS = "cut_marks"  # pieces between the wished marks would be too short or too long


class Weight(StrEnum):
    """What a problem means for the file."""

    BLOCKS = "blocks"  # nothing can be made of the file
    REFUSED = "refused"  # not taken as it is; mended where that is wished
    DOUBTFUL = "doubtful"  # outside what the networks ask for; mended where that is wished
    SAID = "said"  # worth a word, and no more


Fact = str | int | float


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong; `facts` are the measured value and the bound."""

    code: Code
    weight: Weight
    facts: dict[str, Fact] = field(default_factory=dict)

    def words(self, language: str, *, is_prepared: bool) -> str:
        """Return what is wrong, what it means for the story, and what to do."""
        return problem_words(self.code, _meaning(self.weight, is_prepared), self.facts, language)


def _meaning(weight: Weight, is_prepared: bool) -> Meaning:
    match weight:
        case Weight.BLOCKS:
            return Meaning.BLOCKS
        case Weight.SAID:
            return Meaning.SAID
        case _ if is_prepared:
            return Meaning.MENDED
        case Weight.REFUSED:
            return Meaning.REFUSED
        case Weight.DOUBTFUL:
            return Meaning.KEPT
