"""Foreign words fit for a terminal: what would move the cursor or turn the text around is shown.

Receivers, Metricool and whoever names a clip say what they like; a terminal obeys what it is sent.
"""

import re

SHOWN = "\ufffd"

# Control characters but tab and line feed, and those that change the direction of what follows
_COMMANDS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)


def printable(text: str) -> str:
    """Return the text with a mark in place of each character that a terminal would obey."""
    return text if text.isprintable() else _COMMANDS.sub(SHOWN, text)
