"""Outgoing messages: what waits, is leased, was sent, or is in doubt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bodies import item, outgoing_body
from storage.prepared import Prepared
from storage.records import ChatId, OutboxItem, OutboxState, Outgoing
from storage.schema import AWAITS_CONTACT, OPEN, messages
from storage.statements import among, insert, notify, skip_locked


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
        _pushing(connection.dialect.name),
        [
            {
                "chat": str(push.outgoing.chat),
                "direction": "out",
                "key": push.key,
                "state": push.state.value,
                "body": outgoing_body(push.outgoing),
                "due_at": push.at,
                "created_at": push.at,
            }
            for push in pushes
        ],
    )
    keys = {key for (key,) in inserted}
    await notify(connection, "chat", {str(push.outgoing.chat) for push in pushes if push.key in keys})
    return [_first(keys, push.key) for push in pushes]


@cache
def _pushing(dialect: str) -> sa.Executable:
    return insert(dialect, messages).on_conflict_do_nothing(index_elements=["key"]).returning(messages.c.key)


def _first(keys: set[str], key: str) -> bool:
    """Whether `key` is in the set; only the first of two equal pushes in a batch has written it."""
    if key not in keys:
        return False
    keys.discard(key)
    return True


async def awaiting_contact(connection: AsyncConnection, chats: Sequence[ChatId]) -> list[OutboxItem]:
    """Messages that wait for the user's next contact, oldest first."""
    rows = await connection.execute(_AWAITING, {"chats": [str(chat) for chat in chats]})
    return [item(row) for row in rows]


_AWAITING = (
    sa.select(messages)
    .where(AWAITS_CONTACT, messages.c.chat.in_(sa.bindparam("chats", expanding=True)))
    .order_by(messages.c.id)
)


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
    """Passive answers that were written to the wire, and messages that were said again."""
    ids = [id_ for group in groups for id_ in group]
    if ids:
        await _SENT.rows(connection, ids=ids)
    return [None for _ in groups]


_UNWRITTEN = (OutboxState.PASSIVE.value, OutboxState.HELD.value, OutboxState.IN_DOUBT.value)
_SENT = Prepared(
    lambda dialect: (
        sa.update(messages)
        .where(
            among(dialect, messages.c.id, "ids"),
            sa.or_(*(messages.c.state == state for state in _UNWRITTEN)),
        )
        .values(state=OutboxState.SENT.value)
    )
)


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
        claimed = await connection.execute(
            _leasing(connection.dialect.name),
            {
                "chats": f"{entry.channel}:%",
                "at": entry.at,
                "until": entry.at + timedelta(seconds=entry.seconds),
                "most": entry.limit,
            },
        )
        results.append(sorted((item(row) for row in claimed), key=lambda found: found.id))
    return results


@cache
def _leasing(dialect: str) -> sa.Executable:
    older = messages.alias("older")
    due = (
        sa.select(messages.c.id)
        .where(
            OPEN,
            messages.c.direction == "out",
            messages.c.state == OutboxState.QUEUED.value,
            messages.c.due_at <= sa.bindparam("at", type_=messages.c.due_at.type),
            messages.c.chat.like(sa.bindparam("chats")),
            ~sa.exists().where(
                older.c.chat == messages.c.chat,
                older.c.direction == "out",
                older.c.state.in_([OutboxState.QUEUED.value, OutboxState.SENDING.value]),
                older.c.id < messages.c.id,
            ),
        )
        # As the index has it: with many waiting, the first few are found without a look at the rest.
        .order_by(messages.c.due_at, messages.c.id)
        .limit(sa.bindparam("most", type_=sa.Integer))
    )
    return (
        sa.update(messages)
        .where(messages.c.id.in_(skip_locked(dialect, due).scalar_subquery()))
        .values(
            state=OutboxState.SENDING.value,
            attempts=messages.c.attempts + 1,
            fence=messages.c.fence + 1,
            due_at=sa.bindparam("until", type_=messages.c.due_at.type),
        )
        .returning(messages)
    )


@dataclass(frozen=True, slots=True)
class Sweep:
    """Look for messages whose sender died: a lease that ran out, a passive answer never written.

    And for held ones with a time of their own, when a quota begins anew: they are queued again.
    """

    at: datetime


async def sweep(connection: AsyncConnection, sweeps: Sequence[Sweep]) -> list[int]:
    """Move them to IN_DOUBT, or back into the queue; returns how many are in doubt."""
    counts = []
    for entry in sweeps:
        await connection.execute(
            sa.update(messages)
            .where(
                AWAITS_CONTACT,
                messages.c.direction == "out",
                messages.c.state == OutboxState.HELD.value,
                messages.c.due_at > messages.c.created_at,
                messages.c.due_at <= entry.at,
            )
            .values(state=OutboxState.QUEUED.value)
        )
        result = await connection.execute(
            sa.update(messages)
            .where(
                OPEN,
                messages.c.direction == "out",
                messages.c.state.in_([OutboxState.SENDING.value, OutboxState.PASSIVE.value]),
                messages.c.due_at < entry.at,
            )
            .values(state=OutboxState.IN_DOUBT.value)
        )
        counts.append(result.rowcount)
    return counts


@dataclass(frozen=True, slots=True)
class Backlog:
    """Messages in one state that is not final: `in` not yet answered, `out` not delivered."""

    direction: str
    state: str
    count: int
    oldest: datetime


async def backlog(connection: AsyncConnection) -> list[Backlog]:
    """What is not settled."""
    rows = await connection.execute(
        sa.select(messages.c.direction, messages.c.state, sa.func.count(), sa.func.min(messages.c.created_at))
        .where(OPEN)
        .group_by(messages.c.direction, messages.c.state)
        .order_by(messages.c.direction, messages.c.state)
    )
    return [Backlog(*row) for row in rows]


async def waiting(connection: AsyncConnection, states: Sequence[OutboxState], limit: int) -> list[OutboxItem]:
    """Outgoing messages in states that are not final, the newest `limit`, oldest first."""
    rows = await connection.execute(
        sa.select(messages)
        .where(OPEN, messages.c.direction == "out", messages.c.state.in_([state.value for state in states]))
        .order_by(messages.c.id.desc())
        .limit(limit)
    )
    return [item(row) for row in reversed(rows.all())]
