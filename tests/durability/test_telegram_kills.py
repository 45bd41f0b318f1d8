"""SIGKILL at random moments while Telegram is polled under load: each update is answered once, none is lost."""

import asyncio
import re
import sqlite3
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage import invoices, people
from storage.invoices import InvoiceDraft
from storage.people import Attach, NewEmployee
from storage.records import ChatId, Role
from storage.store import Store
from tests.durability.test_kills import check_database, killer
from tests.fakes.telegram import TOKEN, FakeTelegram
from tests.rows.conftest import number_of
from tests.rows.running import prepare
from tests.server import Server
from tests.telegram.doubles import text_update
from tests.waiting import until

KILLS = 8
USERS = range(7001, 7013)
MOST = 300  # messages of a user
_EVERY = 1.1  # seconds between the messages of a user: Telegram lets us answer once a second
WARNING = "可能已经发给过您"  # said before what may have come already

pytestmark = pytest.mark.slow


async def fill(store: Store) -> None:
    """The users are bound and see all invoices; an answer about one tells its number."""
    now = datetime.now(UTC)
    drafts = [InvoiceDraft(number, kind="digital_ordinary", at=now) for number in map(number_of, range(MOST))]
    await asyncio.gather(*(store.write(invoices.store, draft) for draft in drafts))
    clerk = await store.write(people.add, NewEmployee("1001", "员工一", Role.FINANCE, now))
    for user in USERS:
        await store.write(people.attach, Attach(ChatId("telegram", str(user)), clerk, now))


async def load(
    user: int, far_end: FakeTelegram, pushed: list[tuple[int, str]], stopping: asyncio.Event
) -> None:
    """One user who asks for one number after the other."""
    for place in range(MOST):
        # While the server is down: what piles up is answered at the pace of Telegram only.
        while far_end.waiting > 2 * len(USERS) and not stopping.is_set():  # noqa: ASYNC110 -- a journal is asked
            await asyncio.sleep(0.1)
        if stopping.is_set():
            return
        pushed.append((user, number_of(place)))
        await far_end.push(text_update(user, place + 1, number_of(place)))
        await asyncio.sleep(_EVERY)


async def test_kills_while_polling_lose_and_double_nothing(tmp_path: Path) -> None:
    await prepare(tmp_path, fill=fill)
    path = tmp_path / "data" / "piaoda.db"
    pushed: list[tuple[int, str]] = []
    stopping = asyncio.Event()
    async with (
        FakeTelegram() as far_end,
        Server(tmp_path, telegram_token=TOKEN, telegram_api_base=far_end.base) as server,
    ):
        async with asyncio.TaskGroup() as group:
            loads = [group.create_task(load(user, far_end, pushed, stopping)) for user in USERS]
            await killer(server, int(time.time()), KILLS)
            stopping.set()
            await asyncio.gather(*loads)
        await until(lambda: far_end.waiting == 0 and open_messages(path) == 0, 60)
        for user in USERS:  # who writes once more is shown what was in doubt
            await far_end.push(text_update(user, 999_999, "谢谢"))
        await until(lambda: far_end.waiting == 0 and unsettled(path) == 0, 60)
        assert await server.stop() == 0
    check_database(path)
    check(far_end, pushed)


def check(far_end: FakeTelegram, pushed: list[tuple[int, str]]) -> None:
    told = [(user, text) for user in USERS for text in far_end.texts(user)]
    plain = Counter((user, each) for user, text in told if WARNING not in text for each in numbers(text))
    assert set(pushed) - {(user, each) for user, text in told for each in numbers(text)} == set()
    assert max(plain.values()) == 1
    assert len(pushed) > 3 * KILLS
    assert far_end.violations == []


def numbers(text: str) -> set[str]:
    return set(re.findall(r"\d{20}", text))


def open_messages(path: Path) -> int:
    """Messages that are not answered, or whose answer is on its way."""
    return _count(path, "(direction = 'in' and state <> 'done') or state in ('queued', 'sending')")


def unsettled(path: Path) -> int:
    return _count(path, "state not in ('done', 'sent')")


def _count(path: Path, where: str) -> int:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        count: int = database.execute(f"select count(*) from messages where {where}").fetchone()[0]
        return count
