"""A file into the sandbox over real HTTP: the right bytes once, whatever goes wrong on the way."""

from __future__ import annotations

import errno
import io
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from storyclip.domain.errors import (
    ErrorCode,
    UpstreamBusy,
    UpstreamDenied,
    UpstreamUnreachable,
)
from storyclip.domain.network import Network
from storyclip.domain.story import Story
from storyclip.domain.transfer import Stage, Transfer
from storyclip.domain.transfer_moves import completing
from storyclip.domain.upload import deadline_s
from storyclip.domain.upload_errors import (
    FileChanged,
    FileUnread,
    UploadGone,
    UploadsOff,
    UploadStopped,
)
from storyclip.sandbox.process import SandboxProcess
from storyclip.upstream.measuring import measured
from storyclip.upstream.metricool import Metricool
from tests.upstream.conftest import nobody_listens
from tests.upstream.sending import (
    ACCOUNT,
    LARGE,
    SMALL,
    Blockwise,
    Sender,
    file_of,
)

SENT = ["Open", "SendPart", "Complete"]
WAYS: dict[str, tuple[list[dict[str, Any]], list[str], int]] = {
    "all is well": ([], SENT, 0),
    "the answer that opens is lost": (
        [{"fault": "open_then_drop"}],
        # A line that is lost before an answer is asked once more by itself.
        SENT,
        0,
    ),
    "opening fails": (
        [{"fault": "open_upload_fails", "status": 502}],
        ["Open", "Wait", "Open", "SendPart", "Complete"],
        0,
    ),
    "a part is cut": (
        [{"fault": "part_cut"}],
        ["Open", "SendPart", "Wait", "SendPart", "Complete"],
        0,
    ),
    "Amazon is busy": (
        [{"fault": "part_busy"}],
        ["Open", "SendPart", "Wait", "SendPart", "Complete"],
        0,
    ),
    "a part arrives and its answer is lost": (
        [{"fault": "part_then_drop"}],
        ["Open", "SendPart", "Wait", "SendPart", "Complete"],
        0,
    ),
    "a part is refused": (
        [{"fault": "part_refused"}],
        ["Open", "SendPart", "Open", "SendPart", "Complete"],
        0,
    ),
    "the URLs die at once": (
        [{"fault": "upload_expires", "seconds": 59}],
        ["Open", "Open", "SendPart", "Complete"],
        0,
    ),
    "completing fails": (
        [{"fault": "complete_upload_fails", "status": 503}],
        ["Open", "SendPart", "Complete", "Wait", "LookByKey", "Complete"],
        0,
    ),
    "it is completed and the answer lost": (
        [{"fault": "complete_then_drop"}],
        [
            "Open",
            "SendPart",
            "Complete",
            "Wait",
            "LookByKey",
            "Wait",
            "Open",
            "SendPart",
            "Complete",
        ],
        1,
    ),
    "it is completed and no URL told": (
        [{"fault": "complete_without_url"}],
        [
            "Open",
            "SendPart",
            "Complete",
            "Wait",
            "LookByKey",
            "Wait",
            "Open",
            "SendPart",
            "Complete",
        ],
        1,
    ),
    "the look fails too": (
        [{"fault": "complete_then_drop"}, {"fault": "ask_upload_fails", "status": 500}],
        [*SENT, "Wait", "LookByKey", "Wait", "LookByKey", "Wait", *SENT],
        1,
    ),
    "ETags come bare": ([{"fault": "part_etag_bare"}], SENT, 0),
}


@pytest.fixture(scope="module")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    ledger: Path = tmp_path_factory.mktemp("sandbox") / "ledger.jsonl"
    with SandboxProcess(ledger, clock="2026-12-01T12:00:00Z") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: SandboxProcess) -> SandboxProcess:
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
def metricool(sandbox: SandboxProcess) -> Metricool:
    return Metricool(sandbox.url, "sandbox-token", "1", 5)


def uploaded(sandbox: SandboxProcess) -> list[str]:
    return [line["sha256"] for line in sandbox.ledger() if line["event"] == "uploaded"]


@pytest.mark.parametrize("way", WAYS)
def test_the_right_bytes_arrive_though(way: str, sandbox: SandboxProcess, metricool: Metricool):
    faults, steps, orphans = WAYS[way]
    for fault in faults:
        sandbox.fault(**fault, times=1)
    sender = Sender(metricool, SMALL)

    stored = sender.run()

    assert (stored.stage, stored.orphans) == (Stage.STORED, orphans)
    assert sender.steps == steps
    assert uploaded(sandbox) == [sha256(SMALL).hexdigest()] * (1 + orphans)
    assert sandbox.ledger()[-1]["media"] == stored.media_url


@pytest.mark.parametrize("way", WAYS)
def test_the_right_bytes_arrive_in_parts_though(
    way: str, sandbox: SandboxProcess, metricool: Metricool
):
    faults, _, orphans = WAYS[way]
    for fault in faults:
        sandbox.fault(**fault, times=1)

    stored = Sender(metricool, LARGE).run()

    assert (stored.stage, stored.orphans) == (Stage.STORED, orphans)
    assert set(uploaded(sandbox)) == {sha256(LARGE).hexdigest()}
    taken = [(one["key"], one["number"]) for one in sandbox.parts() if one["status"] == 200]
    assert len(taken) == len(set(taken))  # nothing that arrived is sent to one upload twice


def test_a_story_of_it_is_traced_to_its_bytes(sandbox: SandboxProcess, metricool: Metricool):
    url = Sender(metricool, SMALL).run().media_url
    assert url is not None
    now = metricool.now()
    assert now is not None

    metricool.submit_story(Story(ACCOUNT, Network.FACEBOOK, url, now.replace(year=2027)))

    created = [line for line in sandbox.ledger() if line["event"] == "created"]
    assert [line["source"] for line in created] == [f"sha256:{sha256(SMALL).hexdigest()}"]


def test_a_sender_that_died_goes_on_with_what_its_row_says(
    sandbox: SandboxProcess, metricool: Metricool
):
    first = Sender(metricool, LARGE)
    died = first.run(until=lambda transfer: transfer.sent_bytes > 0)

    stored = Sender(Metricool(sandbox.url, "sandbox-token", "1", 5), LARGE, died).run()

    assert stored.stage is Stage.STORED
    assert [one["number"] for one in sandbox.parts()] == [1, 2]


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["simple", "in parts"])
def test_a_sender_that_died_before_its_patch_completes_it(
    body: bytes, sandbox: SandboxProcess, metricool: Metricool
):
    sender = Sender(metricool, body)
    sender.run(until=lambda transfer: transfer.is_sent)
    sender.transfer = completing(sender.transfer)

    stored = sender.run()

    assert (stored.stage, stored.uploads, stored.orphans) == (Stage.STORED, 1, 0)
    assert len(uploaded(sandbox)) == 1


def test_a_part_that_is_refused_twice_fails_with_amazons_word(
    sandbox: SandboxProcess, metricool: Metricool
):
    sandbox.fault(fault="part_refused", words="SignatureDoesNotMatch")

    failed = Sender(metricool, SMALL).run()

    assert (failed.stage, failed.error_code) == (Stage.FAILED, ErrorCode.MEDIA_REFUSED)
    assert failed.error == "Amazon refused the file: SignatureDoesNotMatch (HTTP 403)"
    assert failed.uploads == 2


def test_what_goes_wrong_for_ever_ends(sandbox: SandboxProcess, metricool: Metricool):
    sandbox.fault(fault="complete_without_url")

    failed = Sender(metricool, SMALL).run()

    assert (failed.stage, failed.error_code) == (Stage.FAILED, ErrorCode.UPSTREAM_UNAVAILABLE)
    assert failed.orphans == len(uploaded(sandbox)) <= 6


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"fault": "token_revoked"}, UpstreamDenied),
        ({"fault": "plan_off"}, UpstreamDenied),
        ({"fault": "open_upload_fails", "status": 402}, UpstreamDenied),
        ({"fault": "uploads_off"}, UploadsOff),
        ({"fault": "busy_429", "call": "open_upload", "seconds": 7}, UpstreamBusy),
    ],
)
def test_what_the_account_may_not_is_said_as_that(
    fault: dict[str, Any], error: type[Exception], sandbox: SandboxProcess, metricool: Metricool
):
    sandbox.fault(**fault)

    with pytest.raises(error) as said:
        metricool.uploads.open(ACCOUNT, file_of(SMALL))

    assert type(said.value) is error
    assert error is not UploadsOff or "plan" in str(said.value)


def test_a_metricool_that_is_not_there_was_asked_nothing():
    metricool = Metricool(f"http://127.0.0.1:{nobody_listens()}/api", "t", "1", 1)

    with pytest.raises(UpstreamUnreachable):
        metricool.uploads.open(ACCOUNT, file_of(SMALL))


def test_sending_stops_between_two_blocks_and_what_came_is_forgotten(
    sandbox: SandboxProcess, metricool: Metricool
):
    file = file_of(LARGE)
    upload = metricool.uploads.open(ACCOUNT, file)
    told: list[int] = []

    with pytest.raises(UploadStopped):
        metricool.uploads.send_part(
            upload, file, file.parts[0], Blockwise(LARGE), lambda: len(told) == 3, told.append
        )
    metricool.uploads.abort(ACCOUNT, upload)

    assert told == [65_536, 131_072, 196_608]
    with pytest.raises(UploadGone):
        metricool.uploads.complete(ACCOUNT, upload, [""])
    metricool.uploads.abort(ACCOUNT, upload)  # gone already, which is fine


def test_progress_is_told_up_to_the_last_byte(metricool: Metricool):
    file = file_of(SMALL)
    upload = metricool.uploads.open(ACCOUNT, file)
    told: list[int] = []

    metricool.uploads.send_part(
        upload, file, file.parts[0], Blockwise(SMALL), on_progress=told.append
    )

    assert told == [len(SMALL)]


def test_a_file_that_became_shorter_is_noticed_before_amazon_does(metricool: Metricool):
    file = file_of(SMALL)
    upload = metricool.uploads.open(ACCOUNT, file)

    with pytest.raises(FileChanged, match="ends 1 bytes too soon"):
        metricool.uploads.send_part(upload, file, file.parts[0], Blockwise(SMALL[:-1]))


def test_a_disk_that_does_not_give_a_part_is_no_file_that_changed(
    sandbox: SandboxProcess, metricool: Metricool
):
    file = measured(io.BytesIO(SMALL), len(SMALL), "video/mp4", "mp4")
    upload = metricool.uploads.open(ACCOUNT, file)

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(FileUnread, match="Input/output error"):
        metricool.uploads.send_part(upload, file, file.parts[0], Broken())


def test_urls_live_by_metricools_clock_and_not_by_ours(
    sandbox: SandboxProcess, metricool: Metricool
):
    sandbox.set_skew(-7200)

    upload = metricool.uploads.open(ACCOUNT, file_of(SMALL))

    sandbox.set_skew(0)
    assert 3598 < upload.lives_s <= 3600


def test_a_measured_file_is_one_that_arrives(sandbox: SandboxProcess, metricool: Metricool):
    file = measured(io.BytesIO(SMALL), len(SMALL), "video/mp4", "mp4")

    stored = Sender(metricool, SMALL, Transfer(ACCOUNT, file)).run()

    assert stored.stage is Stage.STORED


def test_what_ends_too_soon_to_be_measured_has_changed():
    with pytest.raises(FileChanged):
        measured(io.BytesIO(b"short"), 6, "video/mp4", "mp4")


def test_a_large_part_has_more_time_than_a_call():
    assert deadline_s(25_000_000) > 200
