"""A user who has left (已取关、已屏蔽): nothing more is told, and what had been asked for ends."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.outbox import Push, push
from storage.records import ChatId, OutboxState
from storage.schema import messages, reminders, watches

FAREWELL = "left:"  # the keys of what is said to those who come back


@dataclass(frozen=True, slots=True)
class Leave:
    """Who has left, and what they are told at their next contact if a follow or a reminder ends with it."""

    chat: ChatId
    farewell: Push


async def leave(connection: AsyncConnection, leaves: Sequence[Leave]) -> list[int]:
    """Give up what was not delivered, end follows and reminders; returns how many of these ended."""
    counts = []
    for entry in leaves:
        chat = str(entry.chat)
        await connection.execute(
            sa.update(messages)
            .where(
                messages.c.chat == chat,
                messages.c.direction == "out",
                messages.c.state.notin_([OutboxState.SENT.value]),
                messages.c.key.notlike(f"{FAREWELL}%"),  # of an earlier time
            )
            .values(state=OutboxState.DEAD.value)
        )
        ended = 0
        for table in (watches, reminders):
            ended += (await connection.execute(sa.delete(table).where(table.c.chat == chat))).rowcount
        if ended:
            await push(connection, [entry.farewell])
        counts.append(ended)
    return counts
