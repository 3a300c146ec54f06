"""Where users' files are, as the settings say: a folder of this machine, or a bucket."""

from __future__ import annotations

from config.addresses import media_bucket, media_folder
from config.settings import Settings
from storyclip.spool.local import Spool


def spool_of(settings: Settings) -> Spool:
    """Return the spool that the settings name; nothing is asked of a bucket yet."""
    folder = media_folder(settings.media_url, settings.database_url)
    if settings.media_url is None or (named := media_bucket(settings.media_url)) is None:
        return Spool(folder)
    # Its library takes 10 MB of each process that loads it
    from storyclip.spool.bucket import BucketSpool
    from storyclip.spool.objects import Objects, Place

    key, secret = settings.media_access_key, settings.media_secret_key
    assert key is not None
    assert secret is not None
    return BucketSpool(
        folder, Objects(Place(*named), key.get_secret_value(), secret.get_secret_value())
    )
