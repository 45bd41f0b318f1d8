"""What /metrics tells, without anything personal in a label."""

from collections.abc import Sequence
from datetime import datetime

from prometheus_client import Counter, Gauge, Histogram

from storage.outbox import Backlog
from storage.records import Message

MESSAGES = Counter("piaoda_messages", "Messages answered", ["channel", "kind"])
TURN_SECONDS = Histogram(
    "piaoda_turn_seconds", "Seconds from a message to its stored answer", ["channel"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60),
)  # fmt: skip
DELIVERIES = Counter("piaoda_deliveries", "Outgoing messages by what became of them", ["channel", "state"])
JOBS = Counter("piaoda_jobs", "Job slots run", ["job", "outcome"])
ERRORS = Counter("piaoda_errors", "Entries of the log with level error, by event", ["event"])
INBOX = Gauge("piaoda_inbox", "Messages that are not answered yet")
OUTBOX = Gauge("piaoda_outbox", "Outgoing messages that are not settled", ["state"])
OLDEST = Gauge(
    "piaoda_oldest_seconds", "Age of the oldest message that is not settled", ["direction", "state"]
)
CHANNEL_UP = Gauge("piaoda_channel_up", "1 while the far end of a channel takes our calls", ["channel"])
DATABASE_UP = Gauge("piaoda_database_up", "1 while the database answers")
DOCUMENTS = Gauge("piaoda_documents_waiting", "Documents that wait for a reader")
LAST_IMPORT = Gauge("piaoda_last_import_timestamp_seconds", "When `piaoda import` last ran, 0 if never")


def count_turn(message: Message, seconds: float) -> None:
    """Note one answered message."""
    MESSAGES.labels(message.chat.channel, message.kind).inc()
    TURN_SECONDS.labels(message.chat.channel).observe(seconds)


def count_error(event: str) -> None:
    """Note one error in the log."""
    ERRORS.labels(event).inc()


def show_backlog(found: Sequence[Backlog], now: datetime) -> None:
    """Show what is not settled; a state that nothing is in any more is not told."""
    OUTBOX.clear()
    OLDEST.clear()
    INBOX.set(sum(each.count for each in found if each.direction == "in"))
    for each in found:
        if each.direction == "out":
            OUTBOX.labels(each.state).set(each.count)
        OLDEST.labels(each.direction, each.state).set(max(0.0, (now - each.oldest).total_seconds()))
