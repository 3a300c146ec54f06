"""What somebody may do, held as it is until a transaction ends."""

from __future__ import annotations

from storyclip.domain.holder import Holder
from storyclip.store.database import is_postgres, run


def hold(who: Holder) -> None:
    """Have who changes it wait for the end of the caller's write transaction.

    What is read afterwards holds for its commit. SQLite's write transactions are one at a time.

    Raises:
        StoreUnavailable: whoever changes it now does not come to an end.
    """
    if not is_postgres():
        return
    run("SELECT 1 FROM users WHERE id = ? FOR SHARE", (who.user_id,))  # its accounts too
    if who.key_id is not None:
        run("SELECT 1 FROM api_keys WHERE key_id = ? FOR SHARE", (who.key_id,))
    if who.session_id is not None:  # it is deleted, and its use is noted without waiting
        run("SELECT 1 FROM sessions WHERE token_hash = ? FOR KEY SHARE", (who.session_id,))
