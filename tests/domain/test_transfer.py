"""What is done about a clip's bytes, over everything that can be observed of them."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from storyclip.domain.errors import (
    ErrorCode,
    MediaUnavailable,
    UpstreamDenied,
    UpstreamLookFailed,
    UpstreamRefused,
    UpstreamUnanswered,
)
from storyclip.domain.transfer import (
    Complete,
    Ended,
    LookByKey,
    Open,
    SendPart,
    Stage,
    Transfer,
    Wait,
    next_step,
)
from storyclip.domain.transfer_kept import kept, restored
from storyclip.domain.transfer_moves import (
    after,
    completed,
    completing,
    let_go,
    looked,
    opened,
    part_sent,
    put_off,
    unread,
)
from storyclip.domain.upload import deadline_s, runs_of
from storyclip.domain.upload_errors import (
    FileChanged,
    PartNotSent,
    PartRefused,
    UploadGone,
    UploadMisdirected,
)
from tests.domain.transfers import (
    MEDIA,
    MOST,
    NOW,
    SECRET,
    SOON,
    going_up,
    patched,
    sent,
    upload_of,
    wanted,
)

SENT_AGAIN = [
    PartNotSent("the line was cut"),
    UpstreamLookFailed("no answer"),
    UpstreamUnanswered("no answer"),
    MediaUnavailable("HTTP 502"),
]


def test_a_transfer_goes_the_whole_way_one_written_step_at_a_time():
    transfer = wanted(10, 20)
    steps = []

    steps.append(next_step(transfer, NOW))
    transfer = opened(transfer, upload_of(transfer.file), NOW)
    for part in transfer.file.parts:
        steps.append(next_step(transfer, NOW))
        transfer = part_sent(transfer, part, f"etag{part.number}")
    steps.append(next_step(transfer, NOW))
    transfer = completed(completing(transfer), MEDIA)
    steps.append(next_step(transfer, NOW))

    first, second = transfer.file.parts
    assert steps == [Open(), SendPart(first), SendPart(second), Complete(), Ended()]
    assert (transfer.stage, transfer.media_url, transfer.orphans) == (Stage.STORED, MEDIA, 0)
    assert transfer.upload is None


def test_what_was_sent_is_not_sent_again():
    transfer = going_up(10, 20, 30)
    one, two, three = transfer.file.parts

    transfer = part_sent(part_sent(transfer, one, "a"), three, "c")

    assert next_step(transfer, NOW) == SendPart(two)
    assert transfer.sent_bytes == 40


@pytest.mark.parametrize(
    ("before_expiry_s", "step"), [(61, "SendPart"), (60, "Open"), (0, "Open"), (-600, "Open")]
)
def test_a_part_goes_under_its_url_until_a_minute_before_that_dies(before_expiry_s, step):
    transfer = going_up(lives_s=3600)

    at = NOW + timedelta(seconds=3600 - before_expiry_s)

    assert type(next_step(transfer, at)).__name__ == step


def test_what_is_wholly_sent_is_completed_however_late():
    assert next_step(sent(), NOW + timedelta(hours=5)) == Complete()


def test_another_upload_begins_with_nothing_sent_and_the_same_hashes():
    transfer = part_sent(going_up(10, 20), going_up(10, 20).file.parts[0], "a")

    again = opened(transfer, upload_of(transfer.file), SOON)

    assert again.etags == (None, None)
    assert again.file == transfer.file
    assert (again.uploads, again.expires_at) == (2, SOON + timedelta(hours=1))


@pytest.mark.parametrize("mishap", SENT_AGAIN, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("transfer", [wanted(), going_up(), patched(), patched(10, 20)])
def test_what_nobody_answered_is_done_again_when_its_time_comes(transfer: Transfer, mishap):
    again = after(transfer, mishap, SOON, MOST)

    assert next_step(again, NOW) == Wait(SOON)
    assert next_step(again, SOON) == next_step(transfer, SOON)
    assert again.upload == transfer.upload


def test_after_so_many_setbacks_in_a_row_it_has_failed():
    transfer = going_up()
    for _ in range(MOST):
        assert transfer.stage is Stage.OPENED
        transfer = after(transfer, PartNotSent("the line was cut"), SOON, MOST)

    assert next_step(transfer, SOON) == Ended()
    assert (transfer.error, transfer.error_code) == (
        "the line was cut",
        ErrorCode.UPSTREAM_UNAVAILABLE,
    )


def test_a_part_that_arrives_makes_up_for_setbacks():
    transfer = going_up(10, 20)
    for _ in range(MOST - 1):
        transfer = after(transfer, PartNotSent("cut"), SOON, MOST)

    transfer = part_sent(transfer, transfer.file.parts[0], "a")

    assert after(transfer, PartNotSent("cut"), SOON, MOST).stage is Stage.OPENED


def test_no_setback_is_made_up_for_with_ever_new_uploads():
    transfer = wanted()
    for _ in range(MOST + 1):
        transfer = opened(transfer, upload_of(transfer.file), NOW)
        transfer = part_sent(transfer, transfer.file.parts[0], "a")
        transfer = after(completing(transfer), UploadGone("404"), SOON, MOST)

    assert (transfer.stage, transfer.error_code) == (Stage.FAILED, ErrorCode.UPSTREAM_UNAVAILABLE)


@pytest.mark.parametrize(
    "mishap", [PartRefused("SignatureDoesNotMatch", 403), UploadMisdirected("not https")]
)
def test_a_refused_part_is_sent_to_one_other_upload_and_then_failed(mishap):
    once = after(going_up(), mishap, SOON, MOST)
    assert next_step(once, NOW) == Open()

    twice = after(opened(once, upload_of(once.file), NOW), mishap, SOON, MOST)

    assert (twice.stage, twice.error_code) == (Stage.FAILED, ErrorCode.MEDIA_REFUSED)
    assert twice.error == str(mishap)


def test_amazons_own_word_is_what_a_refused_file_fails_with():
    assert "SignatureDoesNotMatch" in str(PartRefused("SignatureDoesNotMatch", 403))


def test_a_part_that_arrived_makes_up_for_no_refusal():
    refused = PartRefused("AccessDenied", 403)
    transfer = after(going_up(10, 20), refused, SOON, MOST)
    transfer = opened(transfer, upload_of(transfer.file), NOW)
    transfer = part_sent(transfer, transfer.file.parts[0], "a")

    assert after(transfer, refused, SOON, MOST).stage is Stage.FAILED


def test_a_simple_upload_whose_patch_was_lost_is_looked_for_by_its_key():
    assert next_step(patched(), NOW) == LookByKey()


def test_of_parts_that_may_not_be_joined_yet_the_patch_itself_is_the_question():
    assert next_step(patched(10, 20), NOW) == Complete()


def test_what_still_lies_under_its_key_is_completed_again():
    transfer = patched()

    found = looked(transfer, transfer.file.size, SOON, MOST)

    assert next_step(found, NOW) == Complete()
    assert found.orphans == 0


@pytest.mark.parametrize("size", [None, 899])
def test_what_lies_there_no_more_is_sent_anew_and_may_be_an_orphan(size):
    lost = looked(patched(), size, SOON, MOST)

    assert next_step(lost, SOON) == Open()
    assert lost.orphans == 1


def test_a_first_patch_that_finds_nothing_leaves_no_orphan():
    lost = after(patched(10, 20), UploadGone("404"), SOON, MOST)

    assert next_step(lost, SOON) == Open()
    assert lost.orphans == 0


def test_a_patch_that_finds_nothing_after_one_that_was_lost_may_leave_an_orphan():
    unanswered = after(patched(10, 20), UpstreamUnanswered("cut"), SOON, MOST)

    lost = after(completing(unanswered), UploadGone("404"), SOON, MOST)

    assert lost.orphans == 1


def test_a_patch_that_is_refused_after_one_that_was_lost_may_leave_an_orphan():
    unanswered = after(patched(10, 20), UpstreamUnanswered("cut"), SOON, MOST)

    refused = after(completing(unanswered), UpstreamRefused("InvalidPart", 400), SOON, MOST)

    assert (refused.orphans, next_step(refused, NOW)) == (1, Open())
    assert after(patched(), UpstreamRefused("no", 400), SOON, MOST).orphans == 0


def test_giving_up_on_a_patch_nobody_answered_counts_its_orphan():
    transfer = patched()
    for _ in range(MOST):
        transfer = after(transfer, UpstreamUnanswered("cut"), SOON, MOST)

    assert (transfer.stage, transfer.orphans) == (Stage.FAILED, 1)


def test_metricools_no_to_the_file_is_final_but_to_joining_it_is_not():
    no = UpstreamRefused("InvalidPart", 400)

    assert after(wanted(), no, SOON, MOST).error_code is ErrorCode.MEDIA_REFUSED
    assert next_step(after(patched(10, 20), no, SOON, MOST), NOW) == Open()


def test_a_file_that_changed_is_sent_no_more():
    changed = after(going_up(), FileChanged("the file ends too soon"), SOON, MOST)

    assert (changed.stage, changed.error_code) == (Stage.FAILED, ErrorCode.MEDIA_UNAVAILABLE)


def test_a_denied_account_is_no_matter_of_one_transfer():
    with pytest.raises(ValueError, match="lane"):
        after(wanted(), UpstreamDenied("no", 403), SOON, MOST)


@pytest.mark.parametrize(
    ("transfer", "orphans"), [(wanted(), 0), (going_up(10, 20), 0), (sent(), 0), (patched(), 1)]
)
def test_a_paused_transfer_begins_anew(transfer: Transfer, orphans):
    refused = after(transfer, PartNotSent("cut"), SOON, MOST)

    paused = let_go(refused)

    assert next_step(paused, NOW) == Open()
    assert (paused.setbacks, paused.uploads, paused.orphans) == (0, 0, orphans)


def test_a_paused_transfer_may_be_refused_once_more():
    refused = after(going_up(), PartRefused("AccessDenied", 403), SOON, MOST)

    paused = let_go(opened(refused, upload_of(refused.file), NOW))

    again = opened(paused, upload_of(paused.file), NOW)
    assert next_step(after(again, PartRefused("AccessDenied", 403), SOON, MOST), NOW) == Open()


def test_a_disk_that_reads_again_or_is_not_what_is_waited_for_is_no_longer_missed():
    waiting = unread(going_up(10, 20), SOON)

    assert waiting.is_unread
    assert not part_sent(waiting, waiting.file.parts[0], '"etag"').is_unread
    assert not put_off(waiting, SOON).is_unread


@pytest.mark.parametrize(
    "transfer",
    [
        wanted(),
        unread(wanted(), SOON),
        going_up(10, 20),
        sent(10, 20),
        patched(),
        completed(patched(), MEDIA),
        after(going_up(), FileChanged("gone"), SOON, MOST),
        after(going_up(), PartNotSent("cut"), SOON, MOST),
    ],
    ids=lambda one: one.stage,
)
def test_a_row_keeps_all_of_it(transfer: Transfer):
    assert restored(kept(transfer)) == transfer


def test_no_url_is_shown_by_whoever_prints_a_transfer():
    transfer = going_up(10, 20)

    assert SECRET in kept(transfer)  # which is why the row is secret
    assert SECRET not in f"{transfer!r} {transfer} {next_step(transfer, NOW)!r}"


@pytest.mark.parametrize("size", [1, 50_000_000])
def test_a_file_of_50_mb_goes_in_one_part(size):
    assert runs_of(size) == ((0, size),)


@pytest.mark.parametrize("size", [50_000_001, 74_999_999, 95_000_000, 100_000_000])
def test_a_larger_one_goes_in_even_parts_of_25_mb_and_more(size):
    runs = runs_of(size)

    assert runs[0][0] == 0
    assert runs[-1][1] == size
    assert all(before[1] == following[0] for before, following in itertools.pairwise(runs))
    assert all(25_000_000 <= end - start < 50_000_000 for start, end in runs)


def test_time_to_send_grows_with_the_bytes():
    assert deadline_s(0) == 30
    assert deadline_s(12_800_000) == 130
