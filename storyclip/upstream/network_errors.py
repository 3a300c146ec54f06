"""What a network's error, as Metricool passes it on, proves about the story; no input or output.

Metricool's ERROR alone proves nothing: it was seen beside time-outs and server errors of the
network, which say nothing about the story. So a story may be sent again by itself only where the
words say what was refused; words that nobody knows leave it open, whatever their language.

Source: Meta's Graph API error codes for content publishing as of 2026-11, and texts seen in
`detailedStatus` of posts in 2025-2026.
"""

from __future__ import annotations

import re

from storyclip.domain.errors import RetrySafety

# A subcode outranks its code: spam (4/2207051) comes under the code of a rate limit.
OPEN_SUBCODES = {
    "2207001", "2207032", "2207082",  # broke at the network, maybe while publishing
    "2207003", "2207052", "2207053",  # the file did not arrive in time, as far as Metricool saw
    "2207006", "2207008", "2207027",  # no such container: not yet, or used up by a first publishing
    "1363019", "1363030", "1363047", "1609010",  # Facebook's own failures
    "1366051",  # posted already
}  # fmt: skip
REFUSED_SUBCODES = {
    "2207004", "2207005", "2207009", "2207010", "2207023", "2207026", "2207057", "2207077",  # file
    "2207050", "2207051", "1363042", "1404078", "4854002",  # account restricted, looks like spam
}  # fmt: skip
UNPUBLISHED_SUBCODES = {
    "2207020",  # its container expired, which happens to unpublished ones only
    "2207042",  # the day's quota is used up
}
HTTP_CODES = {408, *range(500, 600)}  # a time-out and a server's failures, whoever met them
OPEN_CODES = {1, 2, 506, 9004, 9007, *HTTP_CODES}
REFUSED_CODES = {100, 352, 36000, 36001, 36003, 36004}  # the file, or what was asked for
UNPUBLISHED_CODES = {
    *(4, 9, 17, 32, 341, 368, 613, *range(80001, 80015)),  # rate limits and quotas
    *(10, 102, 190, *range(200, 300)),  # token and permissions: reconnecting heals it
    6000,  # a bad file
}

# Beside these no code and no other word can make it sure that nothing was published.
OPEN_WORDS = re.compile(
    r"time[ds]?[ -]?out|took too long|deadline exceeded"
    r"|internal ?error|server error|gateway|service (?:is )?unavailable"
    r"|reduce the amount of data|connection (?:was )?(?:reset|closed|refused|aborted|lost)"
    r"|\beconn|socket hang up|broken pipe|unreachable|already|may have|might have|was published",
    re.IGNORECASE,
)
# These as well, unless a code says better: rate limits, too, are to be tried again later.
VAGUE_WORDS = re.compile(
    r"unexpected|unknown|temporar|try(?:ing)? (?:it |this )?again|again later|retry|please wait"
    r"|something went wrong|an error (?:has )?occurred|transient|overload",
    re.IGNORECASE,
)
REFUSED_WORDS = re.compile(r"\bspam\b|account (?:is |has been )?restricted", re.IGNORECASE)
UNPUBLISHED_WORDS = re.compile(
    r"access token|token (?:has |is )?(?:expired|invalid)|session (?:has |is )?(?:expired|invalid)"
    r"|reconnect|not connected|no \w+ connection|permission|not (?:authori[sz]ed|allowed)"
    r"|unauthori[sz]ed|business account|checkpoint|log ?in (?:is )?required"
    r"|rate limit|request limit|too many|limit (?:was |has been |is )?(?:reached|exceeded)|quota"
    r"|max(?:imum)? characters|characters allowed|without media|no media|media is required"
    r"|(?:video|media|file|image) (?:is )?(?:not|un)[ -]?(?:available|supported|found)"
    r"|(?:un|not )supported (?:\w+ )?(?:format|codec|type)|aspect ratio|resolution"
    r"|too (?:long|short|large|big|small)|duration|bit ?rate|frame ?rate|codec",
    re.IGNORECASE,
)

_SUBCODE = re.compile(r"(?<![0-9])[0-9]{7}(?![0-9])")
_CODE = re.compile(
    r"(?:\(#-?|(?<!sub)(?:code|status)\W{0,4}|\berror\W{0,3}|\bhttp(?:/[0-9.]+)? )"
    r"([0-9]{1,6})(?![0-9])",
    re.IGNORECASE,
)


def classify_network_error(words: str) -> RetrySafety:
    """Say whether a post that Metricool calls ERROR may be asked for again.

    SAFE only where it is sure that nothing was published, NEVER where it would be refused again.
    """
    codes = set(map(int, _CODE.findall(words)))
    safety = _by_subcode(words) or _by_code(codes) or _by_words(words)
    if safety is RetrySafety.SAFE and (codes & HTTP_CODES or OPEN_WORDS.search(words)):
        return RetrySafety.CHECK_FIRST
    return safety


def _by_subcode(words: str) -> RetrySafety | None:
    subcodes = set(_SUBCODE.findall(words))
    if subcodes & OPEN_SUBCODES:
        return RetrySafety.CHECK_FIRST
    if subcodes & REFUSED_SUBCODES:
        return RetrySafety.NEVER
    return RetrySafety.SAFE if subcodes & UNPUBLISHED_SUBCODES else None


def _by_code(codes: set[int]) -> RetrySafety | None:
    if codes & OPEN_CODES:
        return RetrySafety.CHECK_FIRST
    if codes & REFUSED_CODES:
        return RetrySafety.NEVER
    return RetrySafety.SAFE if codes & UNPUBLISHED_CODES else None


def _by_words(words: str) -> RetrySafety:
    if OPEN_WORDS.search(words) or VAGUE_WORDS.search(words):
        return RetrySafety.CHECK_FIRST
    if REFUSED_WORDS.search(words):
        return RetrySafety.NEVER
    return RetrySafety.SAFE if UNPUBLISHED_WORDS.search(words) else RetrySafety.CHECK_FIRST
