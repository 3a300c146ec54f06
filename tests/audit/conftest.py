"""People and batches for the acts, over a real SQLite file and the Flask client."""

from tests.web.conftest import (
    ana,
    anyone,
    app,
    bea,
    clock,
    elsewhere,
    folder,
    metricool,
    redis,
    root,
    sqlite,
)

__all__ = [
    "ana",
    "anyone",
    "app",
    "bea",
    "clock",
    "elsewhere",
    "folder",
    "metricool",
    "redis",
    "root",
    "sqlite",
]
