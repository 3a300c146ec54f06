"""Room on the disk of users' files for what is made of them, and fetched for them.

What a user brings is asked for beforehand; pieces of a long video that is small may have many times
its bytes.
"""

from __future__ import annotations

import errno

from storyclip.domain.clip_file import MAX_BYTES
from storyclip.spool.local import Spool

DISK_KEPT_BYTES = 500_000_000  # that we leave free: databases and logs live on the same disk
DISK_FLOOR_BYTES = DISK_KEPT_BYTES // 2  # below it nothing more is taken of what was begun
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


def has_room_for_one(spool: Spool) -> bool:
    """Return whether one more story of any size leaves the databases the room kept for them."""
    return spool.free_bytes() >= DISK_KEPT_BYTES + MAX_BYTES
