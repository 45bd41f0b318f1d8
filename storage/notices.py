"""Watches (关注), reminders (提醒) and the slots of jobs: what is told to users later."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.outbox import Push, push
from storage.prepared import Prepared
from storage.records import ChatId
from storage.schema import conversations, facts, invoices, job_slots, reminders, watches
from storage.statements import among, insert


@dataclass(frozen=True, slots=True)
class Watch:
    """A chat that wants to know of an invoice's changes from now on."""

    chat: ChatId
    invoice_id: int
    at: datetime


async def follow(connection: AsyncConnection, wishes: Sequence[Watch]) -> list[bool]:
    """Follow invoices; False where the chat does already. The caller has checked access to the invoice."""
    results = []
    for wish in wishes:
        change = sa.select(invoices.c.change).where(invoices.c.id == wish.invoice_id).scalar_subquery()
        inserted = await connection.execute(
            insert(connection.dialect.name, watches)
            .values(chat=str(wish.chat), invoice_id=wish.invoice_id, told=change, created_at=wish.at)
            .on_conflict_do_nothing(index_elements=["chat", "invoice_id"])
            .returning(watches.c.id)
        )
        results.append(inserted.first() is not None)
    return results


@dataclass(frozen=True, slots=True)
class Unfollow:
    """Stop following one invoice, or all."""

    chat: ChatId
    invoice_id: int | None = None


async def unfollow(connection: AsyncConnection, wishes: Sequence[Unfollow]) -> list[int]:
    """Stop; returns how many watches each wish ended."""
    counts = []
    for wish in wishes:
        statement = sa.delete(watches).where(watches.c.chat == str(wish.chat))
        if wish.invoice_id is not None:
            statement = statement.where(watches.c.invoice_id == wish.invoice_id)
        counts.append((await connection.execute(statement)).rowcount)
    return counts


async def followed(connection: AsyncConnection, chats: Sequence[ChatId]) -> list[list[int]]:
    """For each chat: the ids of the invoices that it follows."""
    found: dict[str, list[int]] = {str(chat): [] for chat in chats}
    for chat, invoice_id in await _FOLLOWED.rows(connection, chats=list(found)):
        found[chat].append(invoice_id)
    return [found[str(chat)] for chat in chats]


_FOLLOWED = Prepared(
    lambda dialect: (
        sa.select(watches.c.chat, watches.c.invoice_id)
        .where(among(dialect, watches.c.chat, "chats"))
        .order_by(watches.c.id)
    )
)


@dataclass(frozen=True, slots=True)
class DueNotice:
    """A watch whose invoice has changed since the user was last told."""

    watch_id: int
    chat: ChatId
    language: str
    invoice_id: int
    told: int
    change: int


async def due(connection: AsyncConnection, after: int, limit: int) -> list[DueNotice]:
    """Notices to be given, by watch id after `after`."""
    rows = await connection.execute(
        sa.select(
            watches.c.id,
            watches.c.chat,
            watches.c.invoice_id,
            watches.c.told,
            invoices.c.change,
            conversations.c.language,
        )
        .join(invoices, invoices.c.id == watches.c.invoice_id)
        .outerjoin(conversations, conversations.c.chat == watches.c.chat)
        .where(invoices.c.change > watches.c.told, watches.c.id > after)
        .order_by(watches.c.id)
        .limit(limit)
    )
    return [
        DueNotice(row.id, ChatId.parse(row.chat), row.language or "zh", row.invoice_id, row.told, row.change)
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Told:
    """A notice with its words: written to the outbox and marked as told in one transaction."""

    watch_id: int
    change: int
    push: Push


async def tell(connection: AsyncConnection, notices: Sequence[Told]) -> list[bool]:
    """Put notices into the outbox, each change once; False where another node was first."""
    written = await push(connection, [notice.push for notice in notices])
    await connection.execute(
        sa.update(watches)
        .where(watches.c.id == sa.bindparam("watch_id"), watches.c.told < sa.bindparam("to"))
        .values(told=sa.bindparam("to")),
        [{"watch_id": notice.watch_id, "to": notice.change} for notice in notices],
    )
    return written


@dataclass(frozen=True, slots=True)
class Reminder:
    """Something to be said at a time."""

    id: int
    chat: ChatId
    subject: str
    due_at: datetime
    repeat: str | None
    language: str = "zh"


@dataclass(frozen=True, slots=True)
class NewReminder:
    """A wish to be reminded; `key` makes it safe to repeat."""

    key: str
    chat: ChatId
    subject: str
    due_at: datetime
    repeat: str | None
    at: datetime


async def remind(connection: AsyncConnection, wishes: Sequence[NewReminder]) -> list[None]:
    """Keep reminders."""
    for wish in wishes:
        await connection.execute(
            insert(connection.dialect.name, reminders)
            .values(
                key=wish.key,
                chat=str(wish.chat),
                subject=wish.subject,
                due_at=wish.due_at,
                repeat=wish.repeat,
                created_at=wish.at,
            )
            .on_conflict_do_nothing(index_elements=["key"])
        )
    return [None for _ in wishes]


@dataclass(frozen=True, slots=True)
class Move:
    """Another time for a reminder of a chat."""

    chat: ChatId
    reminder_id: int
    due_at: datetime


async def move_reminder(connection: AsyncConnection, moves: Sequence[Move]) -> list[None]:
    """Give reminders another time; one that has gone meanwhile stays gone."""
    for move in moves:
        own = (reminders.c.id == move.reminder_id) & (reminders.c.chat == str(move.chat))
        await connection.execute(sa.update(reminders).where(own).values(due_at=move.due_at))
    return [None for _ in moves]


async def reminders_of(connection: AsyncConnection, chat: ChatId) -> list[Reminder]:
    """The reminders of a chat, soonest first."""
    rows = await connection.execute(_reminders().where(reminders.c.chat == str(chat)))
    return [_reminder(row) for row in rows]


async def due_reminders(connection: AsyncConnection, at: datetime, limit: int = 500) -> list[Reminder]:
    """Reminders whose time has come."""
    rows = await connection.execute(_reminders().where(reminders.c.due_at <= at).limit(limit))
    return [_reminder(row) for row in rows]


def _reminders() -> sa.Select[Any]:
    return (
        sa.select(reminders, conversations.c.language)
        .outerjoin(conversations, conversations.c.chat == reminders.c.chat)
        .order_by(reminders.c.due_at, reminders.c.id)
    )


def _reminder(row: Any) -> Reminder:
    return Reminder(row.id, ChatId.parse(row.chat), row.subject, row.due_at, row.repeat, row.language or "zh")


@dataclass(frozen=True, slots=True)
class Reminded:
    """A reminder with its words; `next_at` is None when it does not come again."""

    reminder: Reminder
    push: Push
    next_at: datetime | None


async def reminded(connection: AsyncConnection, entries: Sequence[Reminded]) -> list[bool]:
    """Put reminders into the outbox and move or end them, each time once."""
    written = await push(connection, [entry.push for entry in entries])
    for entry in entries:
        mine = (reminders.c.id == entry.reminder.id) & (reminders.c.due_at == entry.reminder.due_at)
        if entry.next_at is None:
            await connection.execute(sa.delete(reminders).where(mine))
        else:
            await connection.execute(sa.update(reminders).where(mine).values(due_at=entry.next_at))
    return written


async def forget_reminders(
    connection: AsyncConnection, wishes: Sequence[tuple[ChatId, int | None]]
) -> list[int]:
    """Delete one reminder of a chat, or all; returns how many."""
    counts = []
    for chat, reminder_id in wishes:
        statement = sa.delete(reminders).where(reminders.c.chat == str(chat))
        if reminder_id is not None:
            statement = statement.where(reminders.c.id == reminder_id)
        counts.append((await connection.execute(statement)).rowcount)
    return counts


@dataclass(frozen=True, slots=True)
class Slot:
    """One run of one job."""

    job: str
    slot: str
    at: datetime


async def take_slot(connection: AsyncConnection, slots: Sequence[Slot]) -> list[bool]:
    """True for exactly one caller a slot, over all nodes."""
    results = []
    for slot in slots:
        taken = await connection.execute(
            insert(connection.dialect.name, job_slots)
            .values(job=slot.job, slot=slot.slot, at=slot.at)
            .on_conflict_do_nothing(index_elements=["job", "slot"])
            .returning(job_slots.c.slot)
        )
        results.append(taken.first() is not None)
    return results


async def forget_slots(connection: AsyncConnection, before: Sequence[datetime]) -> list[int]:
    """Delete old slots; returns how many."""
    return [
        (await connection.execute(sa.delete(job_slots).where(job_slots.c.at < limit))).rowcount
        for limit in before
    ]


@dataclass(frozen=True, slots=True)
class Fact:
    """A small durable fact."""

    key: str
    value: Any
    at: datetime


async def keep_fact(connection: AsyncConnection, entries: Sequence[Fact]) -> list[None]:
    """Write facts, replacing earlier ones."""
    for entry in entries:
        await connection.execute(
            insert(connection.dialect.name, facts)
            .values(key=entry.key, value=entry.value, at=entry.at)
            .on_conflict_do_update(index_elements=["key"], set_={"value": entry.value, "at": entry.at})
        )
    return [None for _ in entries]


async def fact(connection: AsyncConnection, key: str) -> Fact | None:
    """A fact by its key."""
    row = (await connection.execute(sa.select(facts).where(facts.c.key == key))).first()
    return None if row is None else Fact(row.key, row.value, row.at)


async def facts_under(connection: AsyncConnection, prefix: str) -> list[Fact]:
    """The facts whose keys begin so, oldest first."""
    rows = await connection.execute(
        sa.select(facts).where(facts.c.key.startswith(prefix, autoescape=True)).order_by(facts.c.at)
    )
    return [Fact(row.key, row.value, row.at) for row in rows]
