"""Figures for Prometheus, read by its own parser."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families as read

from storyclip.domain.incident import Incident
from storyclip.store.once_more import repeats
from storyclip.store.service.incidents import raise_incident
from storyclip.store.service.workers import beat


def figures(anyone) -> dict[tuple[str, ...], float]:
    answer = anyone.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in read(answer.text)
        for sample in family.samples
    }


def test_the_figures_are_those_of_the_rows(ana, anyone, clock):
    ana.publish()
    beat("w1")
    raise_incident(Incident("twin", "b/1/1", "a copy"), clock())
    clock.move(7)

    found = figures(anyone)

    assert found["storyclip_batches", "processing"] == 1
    assert found["storyclip_clips", "pending"] == 1
    assert found["storyclip_incidents", "twin"] == 1
    assert found["storyclip_overdue_seconds",] == 7
    assert found["storyclip_workers",] == 1
    assert found["storyclip_redis_up",] == 1
    assert found["process_open_fds",] > 0


def test_an_idle_service_owes_nothing(anyone):
    found = figures(anyone)

    assert found["storyclip_overdue_seconds",] == 0
    assert found["storyclip_blocked_lanes",] == 0
    assert found["storyclip_repeated_transactions",] == repeats()


def test_the_figures_name_nobody(ana, anyone):
    batch = ana.publish().json["batchId"]

    said = anyone.get("/metrics").text

    assert batch not in said
    assert "2000001" not in said
