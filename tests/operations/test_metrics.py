"""What an administrator sees in /metrics, also while something is wrong."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, cast

import httpx
import pytest_asyncio
from starlette.applications import Starlette

from bot.build import Program
from bot.live import Live
from bot.settings import Settings
from bot.web import health
from storage import messages, notices, outbox
from storage.database import StoreUnavailableError
from storage.messages import Arrival
from storage.notices import Fact
from storage.outbox import Push
from storage.records import ChatId, Message, OutboxState, Outgoing
from tests.operations.conftest import Office

CHAT = ChatId("telegram", "42")


class Channel:
    name = "telegram"
    ready = True


class Reader:
    waiting = 3


@pytest_asyncio.fixture
async def program(office: Office) -> Program:
    return Program(
        settings=Settings(_env_file=None),  # type: ignore[call-arg]
        store=office.store, catalog=office.catalog, services=office.assistant.services,
        assistant=office.assistant, live=Live(), jobs=office.jobs, reader=cast(Any, Reader()),
        wechat=None, telegram=cast(Any, Channel()), deliveries=(),
    )  # fmt: skip


@pytest_asyncio.fixture
async def http(program: Program) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Starlette(routes=health.routes(program)), client=("127.0.0.1", 9))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        yield client


async def measured(http: httpx.AsyncClient) -> dict[str, float]:
    response = await http.get("/metrics")
    assert response.status_code == 200
    return {
        name: float(value) for name, value in re.findall(r"^(piaoda_\S+) (\S+)$", response.text, re.MULTILINE)
    }


async def test_what_is_not_settled_is_counted_with_its_age(office: Office, http: httpx.AsyncClient) -> None:
    then = office.now - timedelta(minutes=5)
    await office.store.write(messages.claim, Arrival(Message("m", CHAT, "hi"), then))
    await office.store.write(outbox.push, Push("k", Outgoing(CHAT, "x"), OutboxState.HELD, then))
    await office.store.write(notices.keep_fact, Fact("last_import", {"rows": 1}, then))
    seen = await measured(http)
    assert seen["piaoda_inbox"] == 1
    assert seen['piaoda_outbox{state="held"}'] == 1
    assert seen['piaoda_oldest_seconds{direction="out",state="held"}'] == 300
    assert seen["piaoda_last_import_timestamp_seconds"] == then.timestamp()
    assert seen["piaoda_documents_waiting"] == 3
    assert seen['piaoda_channel_up{channel="telegram"}'] == 1


async def test_a_database_that_is_gone_is_told_and_not_thrown(
    program: Program, http: httpx.AsyncClient
) -> None:
    assert (await measured(http))["piaoda_database_up"] == 1

    async def fail(*_: object) -> None:
        raise StoreUnavailableError

    program.store.read = fail  # type: ignore[method-assign, assignment]
    cast(Any, program.telegram).ready = False
    seen = await measured(http)
    assert seen["piaoda_database_up"] == 0
    assert seen['piaoda_channel_up{channel="telegram"}'] == 0
