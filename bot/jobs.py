"""What happens by the clock: notices, reminders, and looking after what broke off.

APScheduler is only the clock; that a slot runs once on all nodes is a row in the database.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import metrics
from handlers import follow, look, remind
from handlers.assistant import Assistant
from handlers.wording import render
from storage import invoices, messages, notices, outbox
from storage.database import StoreUnavailableError
from storage.invoices import Change
from storage.notices import DueNotice, Reminded, Reminder, Slot, Told
from storage.outbox import Sweep
from storage.records import InvoiceRecord

_BATCH = 256
_GRACE = timedelta(seconds=60)  # a message that young is another node's work, not an orphan

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Job:
    """Something done every so many seconds, once over all nodes."""

    name: str
    seconds: int
    work: Callable[[], Awaitable[None]]


class Jobs:
    """The clock and its jobs."""

    def __init__(self, assistant: Assistant, notice_seconds: int) -> None:
        self._assistant = assistant
        self._services = assistant.services
        self._store = assistant.services.store
        self.jobs = (
            Job("notices", notice_seconds, self.tell_changes),
            Job("reminders", 15, self.tell_reminders),
            Job("outbox", 30, self.find_doubtful),
            Job("inbox", 60, self.find_orphans),
            Job("slots", 86_400, self.forget_slots),
        )
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    def start(self) -> None:
        """Begin to tick."""
        for job in self.jobs:
            self._scheduler.add_job(
                self.run, "interval", seconds=job.seconds, args=[job], id=job.name, coalesce=True,
                max_instances=1, misfire_grace_time=job.seconds,
            )  # fmt: skip
        self._scheduler.start()

    def stop(self) -> None:
        """No further ticks."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def run(self, job: Job) -> None:
        """Run one slot of a job, if no other node has it."""
        now = self._services.now()
        slot = str(int(now.timestamp()) // job.seconds)
        try:
            if not await self._store.write(notices.take_slot, Slot(job.name, slot, now)):
                return
            await job.work()
        except StoreUnavailableError:
            _log.warning("job_put_off", job=job.name)
            metrics.JOBS.labels(job.name, "put_off").inc()
        except Exception:
            _log.exception("job_failed", job=job.name)
            metrics.JOBS.labels(job.name, "failed").inc()
        else:
            metrics.JOBS.labels(job.name, "done").inc()

    async def tell_changes(self) -> None:
        """Write a notice for every watched invoice that has changed."""
        after = 0
        while batch := await self._store.read(notices.due, after, _BATCH):
            after = batch[-1].watch_id
            results = await asyncio.gather(
                *(self._tell_change(notice) for notice in batch), return_exceptions=True
            )
            _report("notice", results)

    async def _tell_change(self, notice: DueNotice) -> None:
        record, changes = await self._store.read(_news, notice)
        if record is None:
            # Access has ended since: the watch ends with it, and nothing is told.
            await self._store.write(notices.unfollow, notices.Unfollow(notice.chat, notice.invoice_id))
            return
        outgoing = render(
            follow.notice_reply(record, changes), notice.chat, notice.language, self._services.catalog
        )
        # Not by the watch: SQLite gives the id of an ended one to the next, which would count as told.
        key = f"notice:{notice.chat}:{notice.invoice_id}:{notice.change}"
        told = Told(notice.watch_id, notice.change, self._assistant.pushed(key, outgoing))
        if await self._store.write(notices.tell, told):
            self._assistant.announce(notice.chat)

    async def tell_reminders(self) -> None:
        """Write every reminder whose time has come."""
        while batch := await self._store.read(notices.due_reminders, self._services.now(), _BATCH):
            results = await asyncio.gather(
                *(self._tell_reminder(reminder) for reminder in batch), return_exceptions=True
            )
            if _report("reminder", results):
                return  # those are still due, and would be found again at once

    async def _tell_reminder(self, reminder: Reminder) -> None:
        reply = await look.due_reply(reminder, self._services)
        outgoing = render(reply, reminder.chat, reminder.language, self._services.catalog)
        key = f"reminder:{reminder.chat}:{reminder.id}:{reminder.due_at.isoformat()}"
        entry = Reminded(reminder, self._assistant.pushed(key, outgoing), self._next(reminder))
        if await self._store.write(notices.reminded, entry):
            self._assistant.announce(reminder.chat)

    def _next(self, reminder: Reminder) -> datetime | None:
        """The next time that is still to come: after a long stop nothing is said twice in a row."""
        later = remind.next_time(reminder)
        while later is not None and later <= self._services.now():
            reminder = Reminder(
                reminder.id, reminder.chat, reminder.subject, later, reminder.repeat, reminder.language
            )
            later = remind.next_time(reminder)
        return later

    async def find_doubtful(self) -> None:
        """Mark messages whose sender died between the call and the mark."""
        count = await self._store.write(outbox.sweep, Sweep(self._services.now()))
        if count:
            _log.warning("in_doubt", count=count)

    async def find_orphans(self) -> None:
        """Answer messages whose node died before the answer."""
        count = await self._assistant.recover(self._services.now() - _GRACE)
        if count:
            _log.warning("recovered", count=count)

    async def forget_slots(self) -> None:
        """Delete the slots of past weeks."""
        await self._store.write(notices.forget_slots, self._services.now() - timedelta(days=14))


def _report(what: str, results: Sequence[BaseException | None]) -> int:
    """Log what could not be told, so that one bad entry holds nobody else up; returns how many."""
    failures = [result for result in results if isinstance(result, BaseException)]
    for failure in failures:
        if isinstance(failure, StoreUnavailableError):
            raise failure
        _log.error("not_told", what=what, exc_info=failure)
    return len(failures)


async def _news(connection: AsyncConnection, notice: DueNotice) -> tuple[InvoiceRecord | None, list[Change]]:
    """The invoice behind a notice as its follower may see it, and what has changed since they were told."""
    loaded = await messages.load(connection, [notice.chat])
    viewer = loaded[notice.chat][2]
    record = await invoices.by_id(connection, viewer, notice.invoice_id)
    if record is None:
        return None, []
    return record, await invoices.changes(connection, notice.invoice_id, notice.told)
