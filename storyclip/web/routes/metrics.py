"""Figures for Prometheus. They count and name nobody: whoever reaches the port may read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector
from prometheus_client import generate_latest as written
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.registry import Collector

from storyclip.store.once_more import repeats
from storyclip.store.service.figures import Figures, figures
from storyclip.web.front import front
from storyclip.web.live.part import live

routes = Blueprint("metrics", __name__)


@routes.get("/metrics")
def metrics() -> Response:
    """Show the rows' own figures, which no restart resets, and those of this process."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_OfTheRows(figures()))
    ProcessCollector(registry=registry)
    return Response(written(registry), content_type=CONTENT_TYPE_LATEST)


class _OfTheRows(Collector):
    def __init__(self, found: Figures) -> None:
        self._found = found

    def collect(self) -> Iterator[Gauge]:
        found, here = self._found, front()
        yield _by("batches", "Batches that are not finished.", "status", found.batches)
        yield _by("clips", "Clips with a step to come.", "status", found.clips)
        yield _by("incidents", "What a person should look at.", "kind", found.incidents)
        late_s = 0.0
        if found.oldest_due is not None:
            late_s = max(0.0, (here.now() - found.oldest_due).total_seconds())
        for name, says, value in (
            ("overdue_seconds", "How long the step has been due that waited longest.", late_s),
            ("blocked_lanes", "Networks of accounts that Metricool refuses.", found.blocked_lanes),
            ("workers", "Worker processes that are known.", found.workers),
            ("streams", "Live streams open in this process.", live().seats.taken),
            ("repeated_transactions", "Done once more here, after a deadlock.", repeats()),
            ("redis_up", "Whether Redis answers.", here.redis_answers()),
        ):
            yield Gauge(f"storyclip_{name}", says, value)


def _by(name: str, says: str, label: str, counted: Mapping[str, int]) -> Gauge:
    family = Gauge(f"storyclip_{name}", says, labels=[label])
    for value, count in counted.items():
        family.add_metric([value], count)
    return family
