"""Two `piaoda serve` on one PostgreSQL: each job slot, each notice and each answer once."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from tests.databases import Cluster
from tests.durability.test_notices import prepare
from tests.fakes.wechat import APP_ID, APP_SECRET, FakeWeChat
from tests.server import Server
from tests.wechat.doubles import AES_KEY, TOKEN, Platform, text_push

FOLLOWERS = 200
PATIENCE = 60.0  # seconds, of which nearly nothing is used
_JOBS = re.compile(r'^piaoda_jobs_total\{job="(\w+)",outcome="(\w+)"\} (\d+)', re.MULTILINE)

pytestmark = pytest.mark.slow


@dataclass
class Pair:
    """Two nodes, what they share, and their users' way to each."""

    url: str
    far_end: FakeWeChat
    servers: list[Server]
    https: list[httpx.AsyncClient]

    async def ask(self, question: str) -> list[Any]:
        """Rows of the database."""
        connection = await asyncpg.connect(self.url)
        try:
            rows: list[Any] = await connection.fetch(question)
        finally:
            await connection.close()
        return rows

    async def until_none(self, question: str) -> None:
        """Wait until a question has no rows any more."""
        async with asyncio.timeout(PATIENCE):
            while await self.ask(question):  # noqa: ASYNC110 -- other processes are watched
                await asyncio.sleep(0.2)


@pytest_asyncio.fixture
async def pair(postgres: Cluster, tmp_path: Path) -> AsyncIterator[Pair]:
    url = postgres.database()
    await prepare(url, FOLLOWERS)
    async with FakeWeChat() as far_end, AsyncExitStack() as open_until_the_end:
        servers = []
        for name in ("a", "b"):
            (tmp_path / name).mkdir()
            servers.append(
                Server(
                    tmp_path / name,
                    database_url=url,
                    wechat_token=TOKEN,
                    wechat_app_id=APP_ID,
                    wechat_app_secret=APP_SECRET,
                    wechat_aes_key=AES_KEY,
                    wechat_api_base=far_end.base,
                )
            )
        https = []
        for server in servers:
            await open_until_the_end.enter_async_context(server)
            http = httpx.AsyncClient(base_url=server.base, timeout=20, trust_env=False)
            https.append(await open_until_the_end.enter_async_context(http))
        yield Pair(url, far_end, servers, https)
        for http in https:
            await http.aclose()
        assert [await server.stop() for server in servers] == [0, 0]
        assert far_end.violations == []
        assert all("Traceback" not in server.log for server in servers)


async def test_two_nodes_are_as_one(pair: Pair) -> None:
    await notices_are_given_once(pair)
    await messages_are_answered_once(pair)
    await pages_see_the_other_node(pair)
    await slots_run_once(pair)


async def notices_are_given_once(pair: Pair) -> None:
    await pair.until_none(
        "select 1 from watches w join invoices i on i.id = w.invoice_id where i.change > w.told limit 1"
    )
    await pair.until_none("select 1 from messages where state in ('queued', 'sending') limit 1")
    told = Counter(user for user, _ in pair.far_end.everything)
    assert told == Counter(f"o{number:06d}" for number in range(FOLLOWERS))


async def messages_are_answered_once(pair: Pair) -> None:
    """The platform repeats a push to another node while the first still works at it."""
    platforms = [Platform("safe", http) for http in pair.https]
    for number in range(20):
        push = text_push(f"u{number}", f"7{number:08d}", "你好")
        said = await asyncio.gather(*(platform.say(push) for platform in platforms))
        assert len({words for words in said if words is not None}) == 1
    rows = await pair.ask(
        "select i.chat, i.state, count(o.id) as answers from messages i left join messages o on o.cause = i.id "
        "where i.direction = 'in' and i.chat like 'wechat:u%' group by i.id"
    )
    assert len(rows) == 20
    assert {row["state"] for row in rows} == {"done"}
    assert len({row["answers"] for row in rows}) == 1
    pushed = [user for user, _ in pair.far_end.everything if user.startswith("u")]
    assert pushed == []


async def pages_see_the_other_node(pair: Pair) -> None:
    here, there = pair.https
    assert (await here.get("/")).status_code == 200
    there.cookies.update(here.cookies)
    async with asyncio.timeout(PATIENCE), here.stream("GET", "/chat/events") as stream:
        lines = stream.aiter_lines()
        await anext(lines)  # it is open
        body = {"id": "message-0001", "text": "发票丢了怎么办", "language": "zh"}
        assert (await there.post("/chat/messages", json=body)).status_code == 202
        mine = False
        async for line in lines:
            if not line.startswith("data: {"):
                continue
            event = json.loads(line.removeprefix("data: "))
            if mine and event["from"] == "bot":
                break  # the answer that the other node gave
            mine = mine or event["text"] == body["text"]


async def slots_run_once(pair: Pair) -> None:
    before = await slots(pair)
    ran: Counter[str] = Counter()
    for http in pair.https:
        for job, outcome, count in _JOBS.findall((await http.get("/metrics")).text):
            assert outcome == "done"
            ran[job] += int(count)
    after = await slots(pair)
    assert ran["notices"] > 0
    for job in ran | after:
        # A slot that is at work has its row already and is counted when it ends.
        assert before[job] - len(pair.servers) <= ran[job] <= after[job]


async def slots(pair: Pair) -> Counter[str]:
    rows = await pair.ask("select job, count(*) as slots from job_slots group by job")
    return Counter({row["job"]: row["slots"] for row in rows})
