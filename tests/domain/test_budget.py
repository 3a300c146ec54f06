"""Publishing first, then looks, then what people read."""

from __future__ import annotations

import pytest

from storyclip.domain.budget import Bucket, Rates

TEN = Rates(10, 2)  # a bucket of 20 calls, and one of 4 reads


def test_looks_have_what_is_there_and_then_nothing():
    bucket = Bucket(TEN, 0.0)

    first, second = bucket.settle(0.0, 0, 15, 0), bucket.settle(0.0, 0, 15, 0)

    assert (first.looks, second.looks) == (15, 5)
    assert bucket.settle(0.0, 0, 1, 0).look_in_s == pytest.approx(0.1)


def test_publishing_is_paid_for_by_those_who_come_after():
    bucket = Bucket(TEN, 0.0)
    bucket.settle(0.0, 25, 0, 0)

    assert bucket.settle(0.5, 0, 1, 1).looks == 0
    assert bucket.settle(0.61, 0, 1, 1).looks == 1


def test_a_debt_is_no_larger_than_the_bucket():
    bucket = Bucket(TEN, 0.0)
    bucket.settle(0.0, 1_000_000, 0, 0)

    assert bucket.settle(2.2, 0, 5, 0).looks == 2


def test_reads_leave_half_of_the_calls_to_the_others():
    bucket = Bucket(Rates(10, 1000), 0.0)

    reads = bucket.settle(0.0, 0, 0, 1000).reads

    assert reads == 11  # the last one while half was free
    assert bucket.settle(0.0, 0, 20, 0).looks == 9


def test_reads_have_a_number_of_their_own_however_much_is_free():
    bucket = Bucket(TEN, 0.0)

    assert bucket.settle(0.0, 0, 0, 100).reads == 4
    assert bucket.settle(0.0, 0, 0, 100).read_in_s == pytest.approx(0.5)
    assert bucket.settle(0.5, 0, 0, 100).reads == 1


def test_a_clock_that_runs_back_refills_nothing():
    bucket = Bucket(TEN, 100.0)
    bucket.settle(100.0, 20, 0, 0)

    assert bucket.settle(50.0, 0, 1, 0).looks == 0
