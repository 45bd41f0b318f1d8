"""The inbox: a message is one row, and its answer is kept with it in one transaction."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bodies import item, message, message_body, outgoing_body
from storage.outbox import awaiting_contact, sent
from storage.prepared import Prepared
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
from storage.schema import AWAITS_CONTACT, OPEN, conversations, employees, identities, messages, micros
from storage.statements import among, given, insert, listed, notify

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
    keyed = [(arrival.key, arrival) for arrival in arrivals]
    rows = {
        key: {
            "chat": str(arrival.message.chat),
            "direction": "in",
            "key": key,
            "state": "new",
            "body": json.dumps(message_body(arrival.message)),
            "due_at": micros(arrival.at),
            "created_at": micros(arrival.at),
        }
        for key, arrival in keyed
    }
    inserted = await _WRITING.rows(connection, given=list(rows.values()))
    fresh: dict[str, int] = {key: id_ for key, id_ in inserted}
    known: dict[str, tuple[int, str]] = {}
    if len(fresh) < len(rows):
        copies = [key for key in rows if key not in fresh]
        known = {key: (id_, state) for key, id_, state in await _KNOWN.rows(connection, keys=copies)}
    loaded, contacted = await _load(connection, list({arrival.message.chat for arrival in arrivals}))
    waiting = await awaiting_contact(connection, contacted) if contacted else []
    claims = []
    for key, arrival in keyed:
        id_, state = known.get(key) or (fresh[key], "new")
        conversation, version, viewer = loaded[arrival.message.chat]
        # Two copies in one batch: the first is the new one.
        new = key in fresh and fresh.pop(key) == id_
        if not new:
            known.setdefault(key, (id_, state))
        else:
            known[key] = (id_, state)
        mine = tuple(item for item in waiting if item.outgoing.chat == arrival.message.chat)
        claims.append(Claim(id_, new, state == "done", conversation, version, viewer, mine))
    return claims


def _writing(dialect: str) -> sa.UpdateBase:
    names = ("chat", "direction", "key", "cause", "state", "body", "due_at", "created_at")
    return (
        insert(dialect, messages)
        .from_select(
            [*names, "attempts", "fence"],
            given(dialect, messages, names).add_columns(sa.literal(0), sa.literal(0)),
            include_defaults=False,
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(messages.c.key, messages.c.id)
    )


_WRITING = Prepared(_writing)
_KNOWN = Prepared(
    lambda dialect: sa.select(messages.c.key, messages.c.id, messages.c.state).where(
        among(dialect, messages.c.key, "keys")
    )
)


async def load(
    connection: AsyncConnection, chats: Sequence[ChatId]
) -> dict[ChatId, tuple[Conversation, int, Viewer]]:
    """The conversations of `chats` with their versions and who speaks; new ones are empty with version 0."""
    return (await _load(connection, chats))[0]


async def _load(
    connection: AsyncConnection, chats: Sequence[ChatId]
) -> tuple[dict[ChatId, tuple[Conversation, int, Viewer]], list[ChatId]]:
    """The same, and those of `chats` for which something waits."""
    keys = {str(chat): chat for chat in chats}
    result, contacted = {}, []
    for row in await _CONVERSATIONS.rows(connection, chats=list(keys)):
        chat = keys[row.asked]
        viewer = Viewer(row.employee_id, Role(row.role)) if row.employee_id is not None else Viewer(None)
        conversation = Conversation(chat, employee_id=row.employee_id)
        if row.version is not None:
            conversation = Conversation(
                chat=chat,
                language=row.language,
                language_fixed=bool(row.language_fixed),
                owner=Owner(row.owner),
                awaiting=row.awaiting,
                slots=row.slots,
                misses=row.misses,
                updated_at=row.updated_at,
                employee_id=row.employee_id,
            )
        result[chat] = (conversation, row.version or 0, viewer)
        if row.is_awaited:
            contacted.append(chat)
    return result, contacted


def _conversations(dialect: str) -> sa.Select[Any]:
    rows, chat = listed(dialect, "chats", sa.Text())
    return sa.select(
        chat.label("asked"),
        *(column for column in conversations.c if column.name != "chat"),
        identities.c.employee_id,
        employees.c.role,
        sa.exists().where(AWAITS_CONTACT, messages.c.chat == chat).label("is_awaited"),
    ).select_from(
        rows.outerjoin(conversations, conversations.c.chat == chat)
        .outerjoin(identities, identities.c.chat == chat)
        .outerjoin(employees, employees.c.id == identities.c.employee_id)
    )


_CONVERSATIONS = Prepared(_conversations)


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
    await _DONE.rows(connection, ids=done)
    await sent(connection, [answer.settles for answer in kept])
    rows = [row for answer in kept for row in _reply_rows(answer)]
    ids: dict[str, int] = {}
    if rows:
        ids = {key: id_ for key, id_ in await _WRITING.rows(connection, given=rows)}
        # What is passed on to a channel has no open page, on no node.
        read_here = {str(answer.conversation.chat) for answer in kept if answer.state is OutboxState.SENT}
        await notify(connection, "chat", read_here)
    results: list[tuple[OutboxItem, ...] | ConversationChangedError] = []
    for answer in answers:
        if not _is_kept(answer, firsts, saved):
            results.append(ConversationChangedError())
            continue
        keyed = ((_key(answer, place), outgoing) for place, outgoing in enumerate(answer.outgoing))
        results.append(
            tuple(
                OutboxItem(ids[key], key, outgoing, answer.state, 0, 0, answer.at)
                for key, outgoing in keyed
                if key in ids
            )
        )
    return results


def _key(answer: Answer, place: int) -> str:
    return f"out:{answer.message_id}:{place}"


def _is_kept(answer: Answer, firsts: Mapping[ChatId, Answer], saved: set[str]) -> bool:
    chat = answer.conversation.chat
    return firsts[chat] is answer and str(chat) in saved


async def _save_conversations(connection: AsyncConnection, answers: Sequence[Answer]) -> set[str]:
    saved = await _SAVING.rows(
        connection,
        given=[
            {
                "chat": str(answer.conversation.chat),
                "language": answer.conversation.language,
                "language_fixed": answer.conversation.language_fixed,
                "owner": answer.conversation.owner.value,
                "awaiting": answer.conversation.awaiting,
                "slots": json.dumps(dict(answer.conversation.slots)),
                "misses": answer.conversation.misses,
                "version": answer.version + 1,
                "updated_at": micros(answer.at),
            }
            for answer in answers
        ],
    )
    return {chat for (chat,) in saved}


_DONE = Prepared(
    lambda dialect: sa.update(messages).where(among(dialect, messages.c.id, "ids")).values(state="done")
)
_TOLD = ("language", "language_fixed", "owner", "awaiting", "slots", "misses", "version", "updated_at")


def _saving(dialect: str) -> sa.UpdateBase:
    names = ("chat", *_TOLD)
    statement = insert(dialect, conversations).from_select(
        names, given(dialect, conversations, names), include_defaults=False
    )
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["chat"],
        set_={name: new[name] for name in _TOLD},
        where=conversations.c.version == new.version - 1,
    ).returning(conversations.c.chat)


_SAVING = Prepared(_saving)


def _reply_rows(answer: Answer) -> list[dict[str, Any]]:
    at = due = micros(answer.at)
    if answer.state is OutboxState.PASSIVE:
        due += PASSIVE_SECONDS * 1_000_000
    return [
        {
            "chat": str(outgoing.chat),
            "direction": "out",
            "key": _key(answer, place),
            "cause": answer.message_id,
            "state": answer.state.value,
            "body": json.dumps(outgoing_body(outgoing)),
            "due_at": due,
            "created_at": at,
        }
        for place, outgoing in enumerate(answer.outgoing)
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
