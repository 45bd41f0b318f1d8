"""Counters for /metrics, without anything personal in a label."""

from prometheus_client import Counter, Gauge, Histogram

from storage.records import Message

MESSAGES = Counter("piaoda_messages", "Messages answered", ["channel", "kind"])
TURN_SECONDS = Histogram(
    "piaoda_turn_seconds", "Seconds from a message to its stored answer", ["channel"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60),
)  # fmt: skip
DELIVERIES = Counter("piaoda_deliveries", "Outgoing messages by what became of them", ["channel", "state"])
JOBS = Counter("piaoda_jobs", "Job slots run", ["job", "outcome"])
OUTBOX = Gauge("piaoda_outbox", "Outgoing messages that are not settled", ["state"])


def count_turn(message: Message, seconds: float) -> None:
    """Note one answered message."""
    MESSAGES.labels(message.chat.channel, message.kind).inc()
    TURN_SECONDS.labels(message.chat.channel).observe(seconds)
