"""The figures of a process, in Prometheus' text format.

Belongs here: what is counted and its unit. Labels are closed sets of ours: never an address, an id, or
anything that a client chose.
"""

from collections.abc import Callable
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """One process's figures; a registry of its own, so that tests can have many."""

    content_type: Final = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = Histogram(
            "bothways_http_request_seconds",
            "HTTP requests, from the first byte read to the last written.",
            ("route", "status"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.jobs = Histogram(
            "bothways_job_seconds",
            "Commands carried out, whatever came of them.",
            ("kind",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.wake_ups = Counter(
            "bothways_wake_ups_total",
            "How workers heard of the commands they claimed: by the bell or by the sweeper.",
            ("heard_by",),
            registry=self.registry,
        )
        self.webhooks = Counter(
            "bothways_webhook_attempts_total",
            "Attempts to tell webhooks what happened, by what came of them: delivered, failed (tried again), "
            "given_up, switched_off, withheld.",
            ("outcome",),
            registry=self.registry,
        )
        self.swept_at = Gauge(
            "bothways_last_sweep_timestamp_seconds",
            "When the sweeper last ended a round.",
            registry=self.registry,
        )
        self.redis_up = Gauge(
            "bothways_redis_up", "1 while Redis answers, 0 while it is away.", registry=self.registry
        )

    def gauge(self, name: str, description: str, read: Callable[[], float]) -> None:
        """Show a figure that is read when it is asked for."""
        Gauge(name, description, registry=self.registry).set_function(read)

    def text(self) -> bytes:
        """Return everything, as Prometheus reads it."""
        return generate_latest(self.registry)
