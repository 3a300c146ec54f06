"""`python -m tests.crash.many_files`: films through the whole stack, which is killed all the while.

Each goes up by tus, is looked into, brought to the sandbox's S3 and published; the ledger's hashes
are held against the folder's, in order. Some gigabytes of disk, and minutes: no test of the suite.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import struct
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import requests

from storyclip.stack.stack import Stack
from tests.api import Api
from tests.eventually import eventually
from tests.judge import published
from tests.media.films import fitting
from tests.tus import Tus
from tests.whole.conftest import SANDBOX, SHORT

ACCOUNT = "2000001"
AT_ONCE = 4  # that go up
PARTS = ("web", "worker", "worker-2", "media", "media")
BETWEEN_S = (4.0, 9.0)  # two kills
WITHIN_S = 1800.0
MB = 1_000_000
PATIENT = {**SHORT, "STORYCLIP_CONFIRM_ATTEMPTS": "5000"}  # a machine may be busy


def main() -> int:
    """Do it, print what came of it, and return 1 where a hash is missing, doubled or misplaced."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=20)
    parser.add_argument("--megabytes", type=int, default=90)
    parser.add_argument("--seed", type=int, default=14)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        films = [_film(Path(folder), n, asked.megabytes * MB) for n in range(asked.files)]
        with Stack(
            Path(folder) / "stack", workers=2, sandbox_flags=SANDBOX, environment=PATIENT
        ) as stack:
            with _killing(stack, random.Random(asked.seed)) as kills:
                _go_out(stack, films)
            return _verdict(stack, films, kills)


def _film(folder: Path, number: int, size: int) -> Path:
    """Make a film that fits, of its own bytes: behind its boxes nobody looks."""
    path, film = folder / f"{number:03}.mp4", fitting().read_bytes()
    more = size - len(film)
    with path.open("wb") as file:
        file.write(film + struct.pack(">I4sI", more, b"free", number))
        file.truncate(len(film) + more)
    return path


@contextmanager
def _killing(stack: Stack, chance: random.Random) -> Iterator[Counter[str]]:
    kills, over = Counter[str](), threading.Event()

    def kill() -> None:
        while not over.wait(chance.uniform(*BETWEEN_S)):
            name = chance.choice(PARTS)
            stack.kill(name)
            kills[name] += 1

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield kills
    finally:
        over.set()
        killer.join()


def _go_out(stack: Stack, films: Sequence[Path]) -> None:
    tus = Tus(lambda: stack.url, stack.api_key, 8 << 20)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        ids = list(pool.map(tus.bring, films))
    for file_id in ids:
        eventually(partial(_is_ready, tus, file_id), WITHIN_S, every_s=0.5)
    body: dict[str, Any] = {
        "posts": [{"file": one} for one in ids],
        "settings": {"accountId": ACCOUNT},
    }
    batches = list[str]()

    def is_accepted() -> bool:
        headers = {"X-Api-Key": stack.api_key, "Idempotency-Key": "many-files"}
        with suppress(requests.ConnectionError):
            answer = requests.post(
                f"{stack.url}/api/metricool/publish/stories", json=body, headers=headers
            )
            if answer.status_code == 202:
                batches.append(answer.json()["batchId"])
        return bool(batches)

    eventually(is_accepted, WITHIN_S, every_s=0.5)
    api = Api(stack.url, stack.api_key)
    eventually(lambda: _has_ended(api, batches[0]), WITHIN_S, every_s=0.5)


def _is_ready(tus: Tus, file_id: str) -> bool:
    with suppress(requests.ConnectionError, requests.JSONDecodeError):
        return tus.show(file_id).get("state") == "ready"
    return False


def _has_ended(api: Api, batch_id: str) -> bool:
    with suppress(requests.ConnectionError, requests.JSONDecodeError):
        shown = api.get("status", batchId=batch_id).json()
        return shown.get("status") in ("completed", "failed", "cancelled")
    return False


def _verdict(stack: Stack, films: Sequence[Path], kills: Counter[str]) -> int:
    assert stack.sandbox is not None
    wanted = [_sha256(film) for film in films]
    ledger = stack.sandbox.ledger()
    out = [source.removeprefix("sha256:") for source in published(ledger, ACCOUNT, "facebook")]
    uploaded = sum(line["event"] == "uploaded" for line in ledger)
    sent = Counter((part["key"], part["number"]) for part in stack.sandbox.parts())
    spool = Counter(
        path.parent.name for path in (stack.data_dir / "media").rglob("*") if path.is_file()
    )
    print(f"kills: {kills.total()} ({dict(kills)})")
    print(f"published: {len(out)} of {len(wanted)}, in the folder's order: {out == wanted}")
    print(f"doubled: {len(out) - len(set(out))}, orphans at Metricool: {uploaded - len(out)}")
    print(f"a part was sent {max(sent.values())} times at most; in the spool: {dict(spool)}")
    return 0 if out == wanted and max(sent.values()) <= 2 else 1


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    raise SystemExit(main())
