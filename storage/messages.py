"""Inbox, transcript and outbox in one: a message is one row, changed in the transaction of its cause."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.records import (
    Attachment,
    ChatId,
    Choice,
    Conversation,
    Message,
    OutboxItem,
    OutboxState,
    Outgoing,
    Owner,
    Role,
    Viewer,
)
from storage.schema import conversations, employees, identities, messages
from storage.statements import insert, notify, skip_locked

_WAITING = (OutboxState.HELD.value, OutboxState.IN_DOUBT.value)

# The conditions of the partial indexes, word for word: with bound values no planner would use the index, and
# every look into the outbox would read the whole transcript.
_OPEN = sa.text("messages.state NOT IN ('done', 'sent')")
_AWAITS_CONTACT = sa.text("messages.state IN ('held', 'in_doubt')")

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
            "body": _message_body(arrival.message),
            "due_at": arrival.at,
            "created_at": arrival.at,
        }
        for arrival in arrivals
    }
    inserted = await connection.execute(
        insert(connection, messages)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(messages.c.key, messages.c.id),
        list(rows.values()),
    )
    fresh: dict[str, int] = {key: id_ for key, id_ in inserted}
    known: dict[str, tuple[int, str]] = {}
    if len(fresh) < len(rows):
        found = await connection.execute(
            sa.select(messages.c.key, messages.c.id, messages.c.state).where(
                messages.c.key.in_([key for key in rows if key not in fresh])
            )
        )
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


async def load(
    connection: AsyncConnection, chats: Sequence[ChatId]
) -> dict[ChatId, tuple[Conversation, int, Viewer]]:
    """The conversations of `chats` with their versions and who speaks; new ones are empty with version 0."""
    keys = {str(chat): chat for chat in chats}
    result = {chat: (Conversation(chat), 0, Viewer(None)) for chat in chats}
    found = await connection.execute(_conversations(), {"chats": list(keys)})
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


def _conversations() -> sa.Select[Any]:
    return (
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
    await connection.execute(
        sa.update(messages).where(messages.c.id == sa.bindparam("message_id")).values(state="done"),
        [{"message_id": id_} for answer in kept for id_ in (answer.message_id, *answer.also)],
    )
    if settled := [id_ for answer in kept for id_ in answer.settles]:
        await connection.execute(
            sa.update(messages)
            .where(messages.c.id.in_(settled), messages.c.state.in_(_WAITING))
            .values(state=OutboxState.SENT.value)
        )
    rows = [row for answer in kept for row in _reply_rows(answer)]
    ids: dict[str, int] = {}
    if rows:
        inserted = await connection.execute(
            insert(connection, messages)
            .on_conflict_do_nothing(index_elements=["key"])
            .returning(messages.c.key, messages.c.id),
            rows,
        )
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
    statement = insert(connection, conversations)
    new = statement.excluded
    upsert = statement.on_conflict_do_update(
        index_elements=["chat"],
        set_={
            name: new[name]
            for name in (
                "language",
                "language_fixed",
                "owner",
                "awaiting",
                "slots",
                "misses",
                "version",
                "updated_at",
            )
        },
        where=conversations.c.version == new.version - 1,
    ).returning(conversations.c.chat)
    saved = await connection.execute(
        upsert,
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
            "body": _outgoing_body(outgoing),
            "due_at": due,
            "created_at": answer.at,
        }
        for position, outgoing in enumerate(answer.outgoing)
    ]


@dataclass(frozen=True, slots=True)
class Push:
    """A message to a user that no message of theirs caused: a notice, a reminder. `key` makes it unique."""

    key: str
    outgoing: Outgoing
    state: OutboxState
    at: datetime


async def push(connection: AsyncConnection, pushes: Sequence[Push]) -> list[bool]:
    """Write the messages into the outbox; False for one whose key is there already."""
    if not pushes:
        return []
    inserted = await connection.execute(
        insert(connection, messages).on_conflict_do_nothing(index_elements=["key"]).returning(messages.c.key),
        [
            {
                "chat": str(push.outgoing.chat),
                "direction": "out",
                "key": push.key,
                "state": push.state.value,
                "body": _outgoing_body(push.outgoing),
                "due_at": push.at,
                "created_at": push.at,
            }
            for push in pushes
        ],
    )
    keys = {key for (key,) in inserted}
    await notify(connection, "chat", {str(push.outgoing.chat) for push in pushes if push.key in keys})
    return [_first(keys, push.key) for push in pushes]


def _first(keys: set[str], key: str) -> bool:
    """Whether `key` is in the set; only the first of two equal pushes in a batch has written it."""
    if key not in keys:
        return False
    keys.discard(key)
    return True


async def unfinished(connection: AsyncConnection, before: datetime) -> list[tuple[int, Message]]:
    """Messages that were written down before a time but not answered, oldest first."""
    rows = await connection.execute(
        sa.select(messages.c.id, messages.c.chat, messages.c.key, messages.c.body)
        .where(_OPEN, messages.c.direction == "in", messages.c.state == "new", messages.c.due_at <= before)
        .order_by(messages.c.id)
        .limit(1000)
    )
    return [(row.id, _message(row)) for row in rows]


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


async def awaiting_contact(connection: AsyncConnection, chats: Sequence[ChatId]) -> list[OutboxItem]:
    """Messages that wait for the user's next contact, oldest first."""
    rows = await connection.execute(
        sa.select(messages)
        .where(
            _AWAITS_CONTACT,
            messages.c.chat.in_([str(chat) for chat in chats]),
        )
        .order_by(messages.c.id)
    )
    return [item(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Mark:
    """A new state for outgoing messages; with a fence only while the lease is still ours."""

    ids: tuple[int, ...]
    state: OutboxState
    due_at: datetime
    fence: int | None = None
    only: tuple[OutboxState, ...] = ()  # nothing happens in other states


async def mark(connection: AsyncConnection, marks: Sequence[Mark]) -> list[int]:
    """Set states; returns how many rows each mark changed."""
    counts = []
    for entry in marks:
        statement = (
            sa.update(messages)
            .where(messages.c.id.in_(entry.ids))
            .values(state=entry.state.value, due_at=entry.due_at)
        )
        if entry.fence is not None:
            statement = statement.where(messages.c.fence == entry.fence)
        if entry.only:
            statement = statement.where(messages.c.state.in_([state.value for state in entry.only]))
        counts.append((await connection.execute(statement)).rowcount)
    return counts


async def sent(connection: AsyncConnection, groups: Sequence[tuple[int, ...]]) -> list[None]:
    """Passive answers that were written to the wire."""
    ids = [id_ for group in groups for id_ in group]
    if ids:
        # Not one statement an id: a list of states cannot be part of an executemany.
        await connection.execute(
            sa.update(messages)
            .where(messages.c.id.in_(ids), messages.c.state.in_((OutboxState.PASSIVE.value, *_WAITING)))
            .values(state=OutboxState.SENT.value)
        )
    return [None for _ in groups]


@dataclass(frozen=True, slots=True)
class Lease:
    """A request for outgoing messages of one channel that are due."""

    channel: str
    at: datetime
    seconds: float
    limit: int


async def lease(connection: AsyncConnection, leases: Sequence[Lease]) -> list[list[OutboxItem]]:
    """Claim due messages for sending: at most the oldest one of each chat, so that order is kept.

    The rows become SENDING, the durable intent mark: after a crash they are found IN_DOUBT, not sent again.
    """
    results = []
    for entry in leases:
        older = messages.alias("older")
        open_states = [OutboxState.QUEUED.value, OutboxState.SENDING.value]
        due = (
            sa.select(messages.c.id)
            .where(
                _OPEN,
                messages.c.direction == "out",
                messages.c.state == OutboxState.QUEUED.value,
                messages.c.due_at <= entry.at,
                messages.c.chat.startswith(entry.channel + ":", autoescape=True),
                ~sa.exists().where(
                    older.c.chat == messages.c.chat,
                    older.c.direction == "out",
                    older.c.state.in_(open_states),
                    older.c.id < messages.c.id,
                ),
            )
            # As the index has it: with many waiting, the first few are found without a look at the rest.
            .order_by(messages.c.due_at, messages.c.id)
            .limit(entry.limit)
        )
        claimed = await connection.execute(
            sa.update(messages)
            .where(messages.c.id.in_(skip_locked(connection, due).scalar_subquery()))
            .values(
                state=OutboxState.SENDING.value,
                attempts=messages.c.attempts + 1,
                fence=messages.c.fence + 1,
                due_at=entry.at + timedelta(seconds=entry.seconds),
            )
            .returning(messages)
        )
        results.append(sorted((item(row) for row in claimed), key=lambda found: found.id))
    return results


@dataclass(frozen=True, slots=True)
class Sweep:
    """Look for messages whose sender died: a lease that ran out, a passive answer never written."""

    at: datetime


async def sweep(connection: AsyncConnection, sweeps: Sequence[Sweep]) -> list[int]:
    """Move them to IN_DOUBT; returns how many."""
    counts = []
    for entry in sweeps:
        result = await connection.execute(
            sa.update(messages)
            .where(
                _OPEN,
                messages.c.direction == "out",
                messages.c.state.in_([OutboxState.SENDING.value, OutboxState.PASSIVE.value]),
                messages.c.due_at < entry.at,
            )
            .values(state=OutboxState.IN_DOUBT.value)
        )
        counts.append(result.rowcount)
    return counts


async def unsettled(connection: AsyncConnection) -> dict[str, int]:
    """How many outgoing messages are in each state that is not final."""
    rows = await connection.execute(
        sa.select(messages.c.state, sa.func.count())
        .where(_OPEN, messages.c.direction == "out")
        .group_by(messages.c.state)
    )
    return {state: count for state, count in rows}


async def drop(connection: AsyncConnection, chats: Sequence[ChatId]) -> list[None]:
    """The user has left: what was not delivered is given up."""
    await connection.execute(
        sa.update(messages)
        .where(
            messages.c.chat.in_([str(chat) for chat in chats]),
            messages.c.direction == "out",
            messages.c.state.notin_([OutboxState.SENT.value]),
        )
        .values(state=OutboxState.DEAD.value)
    )
    return [None for _ in chats]


def item(row: Any) -> OutboxItem:
    """An outgoing row as a record."""
    return OutboxItem(
        row.id,
        row.key,
        outgoing(ChatId.parse(row.chat), row.body),
        OutboxState(row.state),
        row.attempts,
        row.fence,
        row.created_at,
    )


def outgoing(chat: ChatId, body: dict[str, Any]) -> Outgoing:
    """The message a row's body holds."""
    choices = tuple(Choice(**choice) for choice in body.get("choices", ()))
    rest = {name: value for name, value in body.items() if name != "choices"}
    return Outgoing(chat=chat, choices=choices, **rest)


def _outgoing_body(outgoing: Outgoing) -> dict[str, Any]:
    body: dict[str, Any] = {"text": outgoing.text, "key": outgoing.key, "language": outgoing.language}
    if outgoing.choices:
        body["choices"] = [asdict(choice) for choice in outgoing.choices]
    if outgoing.file is not None:
        body["file"] = outgoing.file
        body["file_name"] = outgoing.file_name
    return body


def _message_body(message: Message) -> dict[str, Any]:
    body: dict[str, Any] = {"id": message.id, "text": message.text}
    if message.kind != "text":
        body["kind"] = message.kind
    if message.attachments:
        body["attachments"] = [asdict(attachment) for attachment in message.attachments]
    for name in ("action", "language", "spoken", "album"):
        if value := getattr(message, name):
            body[name] = value
    return body


def _message(row: Any) -> Message:
    body = dict(row.body)
    attachments = tuple(Attachment(**part) for part in body.pop("attachments", ()))
    return replace(Message(chat=ChatId.parse(row.chat), **body), attachments=attachments)
