"""The one writer: what shares a transaction, and what becomes of work that breaks off, on both databases."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import messages
from storage.messages import Arrival
from storage.records import ChatId, Message
from storage.statements import notify
from storage.store import Store
from tests.databases import Cluster

NOW = datetime(2026, 8, 19, 2, 0, tzinfo=UTC)
CHAT = ChatId("telegram", "42")


def says(number: int) -> Arrival:
    return Arrival(Message(str(number), CHAT, "在吗"), NOW)


async def broken(connection: AsyncConnection, arrivals: Sequence[Arrival]) -> list[int]:
    """Write, then fail if the third message is among what is written."""
    claims = await messages.claim(connection, arrivals)
    if any(arrival.message.id == "3" for arrival in arrivals):
        raise ValueError("the third")
    return [claim.id for claim in claims]


async def waiting(connection: AsyncConnection, arrivals: Sequence[Arrival]) -> list[int]:
    """Write, then wait for something that is not the database."""
    claims = await messages.claim(connection, arrivals)
    await asyncio.sleep(0.001)
    return [claim.id for claim in claims]


async def test_one_that_fails_is_undone_and_the_others_of_its_batch_are_kept(any_store: Store) -> None:
    results = await asyncio.gather(
        *(any_store.write(broken, says(number)) for number in range(1, 6)), return_exceptions=True
    )
    assert [isinstance(result, ValueError) for result in results] == [False, False, True, False, False]
    kept = [body["id"] for _, _, body in await any_store.transcript(CHAT)]
    assert sorted(kept) == ["1", "2", "4", "5"]


async def test_work_on_sqlite_that_waits_for_anything_else_is_refused_and_undone(
    any_store: Store,
) -> None:
    if any_store.shared:
        assert await any_store.write(waiting, says(1))
        return
    with pytest.raises(RuntimeError):
        await any_store.write(waiting, says(1))
    assert await any_store.transcript(CHAT) == []
    assert (await any_store.write(messages.claim, says(1))).new


async def test_what_does_not_hurry_goes_along_with_the_next_write(any_store: Store) -> None:
    order: list[str] = []

    async def noted(_connection: AsyncConnection, items: Sequence[str]) -> list[str]:
        order.extend(items)
        return list(items)

    patient = asyncio.create_task(any_store.note(noted, "patient"))
    await asyncio.sleep(0)
    assert await any_store.write(messages.claim, says(1))
    assert order == ["patient"]
    assert await patient == "patient"


async def test_what_does_not_hurry_is_done_alone_and_before_the_end(database_url: str) -> None:
    store = await Store.open(database_url)
    assert (await store.note(messages.claim, says(1))).new
    last = asyncio.create_task(store.note(messages.claim, says(2)))
    await asyncio.sleep(0)
    await store.close()
    assert (await last).new


async def test_other_nodes_are_told_each_chat_once(postgres: Cluster) -> None:
    store = await Store.open(postgres.database())
    listener = await asyncpg.connect(
        store.url.set(drivername="postgresql").render_as_string(hide_password=False)
    )
    told: asyncio.Queue[str] = asyncio.Queue()
    await listener.add_listener("piaoda_chat", lambda *heard: told.put_nowait(str(heard[-1])))

    async def announced(connection: AsyncConnection, chats: Sequence[str]) -> list[None]:
        await notify(connection, "chat", set(chats))
        return [None for _ in chats]

    await asyncio.gather(*(store.write(announced, chat) for chat in ("web:a", "web:b", "web:a", "web:c")))
    async with asyncio.timeout(20):
        assert sorted([await told.get() for _ in range(3)]) == ["web:a", "web:b", "web:c"]
    assert told.empty()
    await listener.close()
    await store.close()
