"""What is no good as a password, because it would be tried early."""

from __future__ import annotations

LEAST_LENGTH, MOST_LENGTH = 12, 200
LEAST_LETTERS = 6  # different ones


def objection_to_password(password: str, user_id: str) -> str | None:
    """Return what is wrong with a password for this user, None if nothing is."""
    if not LEAST_LENGTH <= len(password) <= MOST_LENGTH:
        return f"expected {LEAST_LENGTH} to {MOST_LENGTH} characters"
    if len(set(password.lower())) < LEAST_LETTERS:
        return f"expected at least {LEAST_LETTERS} different characters"
    rest = password.lower().replace(user_id.lower(), "").replace("storyclip", "")
    if len(rest) < LEAST_LENGTH // 2:
        return "expected more than the user's name"
    return None
