"""The inbox: a message is one row, and its answer is kept with it in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bodies import item, message, message_body, outgoing_body
from storage.outbox import awaiting_contact, sent
from storage.records import (
    ChatId,
    Conversation,
    Message,
    OutboxItem,
    OutboxState,
    Outgoing,
    Owner,
    Role,
    Viewer,
)
from storage.schema import OPEN, conversations, employees, identities, messages
from storage.statements import insert, notify

# A passive answer that nobody wrote out by then was cut off: its fate is in doubt.
PASSIVE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as it came, with its time."""

    message: Message
    at: datetime

    @property
    def key(self) -> str:
        return f"in:{self.message.chat}:{self.message.id}"


@dataclass(frozen=True, slots=True)
class Claim:
    """The outcome of writing a message into the inbox."""

    id: int  # arrival order over all chats
    new: bool
    done: bool  # an answer is stored
    conversation: Conversation
    version: int  # of the conversation, for compare-and-swap
    viewer: Viewer
    waiting: tuple[OutboxItem, ...] = ()  # messages that waited for this contact


@dataclass(frozen=True, slots=True)
class Answer:
    """What a turn leaves behind, to be kept in one transaction."""

    message_id: int
    conversation: Conversation
    version: int  # the version the turn started from
    outgoing: tuple[Outgoing, ...]
    state: OutboxState  # PASSIVE or QUEUED (web: SENT)
    at: datetime
    also: tuple[int, ...] = ()  # further messages it answers: the other parts of an album
    settles: tuple[int, ...] = ()  # held or doubtful messages that it says again


class ConversationChangedError(Exception):
    """Another node answered in this chat meanwhile: run the turn again on what is there now."""


async def claim(connection: AsyncConnection, arrivals: Sequence[Arrival]) -> list[Claim]:
    """Write the messages down; redelivered ones are found instead."""
    rows = {
        arrival.key: {
            "chat": str(arrival.message.chat),
            "direction": "in",
            "key": arrival.key,
            "state": "new",
            "body": message_body(arrival.message),
            "due_at": arrival.at,
            "created_at": arrival.at,
        }
        for arrival in arrivals
    }
    inserted = await connection.execute(_writing(connection.dialect.name), list(rows.values()))
    fresh: dict[str, int] = {key: id_ for key, id_ in inserted}
    known: dict[str, tuple[int, str]] = {}
    if len(fresh) < len(rows):
        copies = {"keys": [key for key in rows if key not in fresh]}
        found = await connection.execute(_KNOWN, copies)
        known = {key: (id_, state) for key, id_, state in found}
    chats = list({arrival.message.chat for arrival in arrivals})
    loaded = await load(connection, chats)
    waiting = await awaiting_contact(connection, chats)
    claims = []
    for arrival in arrivals:
        id_, state = known.get(arrival.key) or (fresh[arrival.key], "new")
        conversation, version, viewer = loaded[arrival.message.chat]
        # Two copies in one batch: the first is the new one.
        new = arrival.key in fresh and fresh.pop(arrival.key) == id_
        if not new:
            known.setdefault(arrival.key, (id_, state))
        else:
            known[arrival.key] = (id_, state)
        mine = tuple(item for item in waiting if item.outgoing.chat == arrival.message.chat)
        claims.append(Claim(id_, new, state == "done", conversation, version, viewer, mine))
    return claims


@cache
def _writing(dialect: str) -> sa.Executable:
    return (
        insert(dialect, messages)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(messages.c.key, messages.c.id)
    )


_KNOWN = sa.select(messages.c.key, messages.c.id, messages.c.state).where(
    messages.c.key.in_(sa.bindparam("keys", expanding=True))
)


async def load(
    connection: AsyncConnection, chats: Sequence[ChatId]
) -> dict[ChatId, tuple[Conversation, int, Viewer]]:
    """The conversations of `chats` with their versions and who speaks; new ones are empty with version 0."""
    keys = {str(chat): chat for chat in chats}
    result = {chat: (Conversation(chat), 0, Viewer(None)) for chat in chats}
    found = await connection.execute(_CONVERSATIONS, {"chats": list(keys)})
    for row in found:
        chat = keys[row.chat]
        viewer = Viewer(row.employee_id, Role(row.role)) if row.employee_id is not None else Viewer(None)
        result[chat] = (
            Conversation(
                chat=chat,
                language=row.language,
                language_fixed=row.language_fixed,
                owner=Owner(row.owner),
                awaiting=row.awaiting,
                slots=row.slots,
                misses=row.misses,
                updated_at=row.updated_at,
                employee_id=row.employee_id,
            ),
            row.version,
            viewer,
        )
    missing = [key for key, chat in keys.items() if result[chat][1] == 0]
    if missing:
        bound = await connection.execute(
            sa.select(identities.c.chat, identities.c.employee_id, employees.c.role)
            .join(employees, employees.c.id == identities.c.employee_id)
            .where(identities.c.chat.in_(missing))
        )
        for key, employee_id, role in bound:
            chat = keys[key]
            result[chat] = (Conversation(chat, employee_id=employee_id), 0, Viewer(employee_id, Role(role)))
    return result


_CONVERSATIONS = (
    sa.select(conversations, identities.c.employee_id, employees.c.role)
    .outerjoin(identities, identities.c.chat == conversations.c.chat)
    .outerjoin(employees, employees.c.id == identities.c.employee_id)
    .where(conversations.c.chat.in_(sa.bindparam("chats", expanding=True)))
)


async def answer(
    connection: AsyncConnection, answers: Sequence[Answer]
) -> list[tuple[OutboxItem, ...] | ConversationChangedError]:
    """Keep conversation, inbox mark and replies of each turn; nothing where the conversation has moved on."""
    # Two answers to one chat in a batch started from the same version: only the first can be kept.
    firsts = {answer.conversation.chat: answer for answer in reversed(answers)}
    saved = await _save_conversations(connection, list(firsts.values()))
    kept = [answer for answer in answers if _is_kept(answer, firsts, saved)]
    if not kept:
        return [ConversationChangedError() for _ in answers]
    done = [id_ for answer in kept for id_ in (answer.message_id, *answer.also)]
    await connection.execute(_DONE, {"ids": done})
    await sent(connection, [answer.settles for answer in kept])
    rows = [row for answer in kept for row in _reply_rows(answer)]
    ids: dict[str, int] = {}
    if rows:
        inserted = await connection.execute(_writing(connection.dialect.name), rows)
        ids = {key: id_ for key, id_ in inserted}
        await notify(connection, "chat", {row["chat"] for row in rows})
    results: list[tuple[OutboxItem, ...] | ConversationChangedError] = []
    for answer in answers:
        if not _is_kept(answer, firsts, saved):
            results.append(ConversationChangedError())
            continue
        results.append(
            tuple(
                OutboxItem(ids[row["key"]], row["key"], outgoing, answer.state, 0, 0, answer.at)
                for row, outgoing in zip(_reply_rows(answer), answer.outgoing, strict=True)
                if row["key"] in ids
            )
        )
    return results


def _is_kept(answer: Answer, firsts: Mapping[ChatId, Answer], saved: set[str]) -> bool:
    chat = answer.conversation.chat
    return firsts[chat] is answer and str(chat) in saved


async def _save_conversations(connection: AsyncConnection, answers: Sequence[Answer]) -> set[str]:
    saved = await connection.execute(
        _saving(connection.dialect.name),
        [
            {
                "chat": str(answer.conversation.chat),
                "language": answer.conversation.language,
                "language_fixed": answer.conversation.language_fixed,
                "owner": answer.conversation.owner.value,
                "awaiting": answer.conversation.awaiting,
                "slots": dict(answer.conversation.slots),
                "misses": answer.conversation.misses,
                "version": answer.version + 1,
                "updated_at": answer.at,
            }
            for answer in answers
        ],
    )
    return {chat for (chat,) in saved}


_DONE = sa.update(messages).where(messages.c.id.in_(sa.bindparam("ids", expanding=True))).values(state="done")
_TOLD = ("language", "language_fixed", "owner", "awaiting", "slots", "misses", "version", "updated_at")


@cache
def _saving(dialect: str) -> sa.Executable:
    statement = insert(dialect, conversations)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["chat"],
        set_={name: new[name] for name in _TOLD},
        where=conversations.c.version == new.version - 1,
    ).returning(conversations.c.chat)


def _reply_rows(answer: Answer) -> list[dict[str, Any]]:
    due = answer.at
    if answer.state is OutboxState.PASSIVE:
        due = answer.at + timedelta(seconds=PASSIVE_SECONDS)
    return [
        {
            "chat": str(outgoing.chat),
            "direction": "out",
            "key": f"out:{answer.message_id}:{position}",
            "cause": answer.message_id,
            "state": answer.state.value,
            "body": outgoing_body(outgoing),
            "due_at": due,
            "created_at": answer.at,
        }
        for position, outgoing in enumerate(answer.outgoing)
    ]


async def unfinished(connection: AsyncConnection, before: datetime) -> list[tuple[int, Message]]:
    """Messages that were written down before a time but not answered, oldest first."""
    rows = await connection.execute(
        sa.select(messages.c.id, messages.c.chat, messages.c.key, messages.c.body)
        .where(OPEN, messages.c.direction == "in", messages.c.state == "new", messages.c.due_at <= before)
        .order_by(messages.c.id)
        .limit(1000)
    )
    return [(row.id, message(row)) for row in rows]


@dataclass(frozen=True, slots=True)
class Retry:
    """One more try at a message whose answer broke off; not to be taken up by others before `until`."""

    message_id: int
    until: datetime


async def retry(connection: AsyncConnection, retries: Sequence[Retry]) -> list[int]:
    """Count the tries before the work begins, so that a message that kills us is given up; returns them."""
    counts = []
    for entry in retries:
        result = await connection.execute(
            sa.update(messages)
            .where(messages.c.id == entry.message_id, messages.c.state == "new")
            .values(attempts=messages.c.attempts + 1, due_at=entry.until)
            .returning(messages.c.attempts)
        )
        counts.append(result.scalar_one_or_none() or 0)
    return counts


async def is_done(connection: AsyncConnection, message_id: int) -> bool:
    """Whether a message has its answer."""
    found = await connection.execute(sa.select(messages.c.state).where(messages.c.id == message_id))
    return found.scalar_one_or_none() == "done"


async def answers_to(connection: AsyncConnection, message_id: int) -> tuple[OutboxItem, ...]:
    """The stored replies to one message, in order."""
    rows = await connection.execute(
        sa.select(messages).where(messages.c.cause == message_id).order_by(messages.c.id)
    )
    return tuple(item(row) for row in rows)
