"""SIGKILL while followers are told: every notice is delivered or in doubt, none lost, none given twice.

By hand with the numbers of the specification: NOTICE_FOLLOWERS=10000 NOTICE_KILLS=20.
"""

import asyncio
import functools
import os
import random
import sqlite3
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from storage import invoices, notices, people
from storage.invoices import InvoiceDraft
from storage.notices import Watch
from storage.people import Attach, NewEmployee
from storage.records import ChatId, Role
from storage.store import Store
from storage.writer import Item, Operation, Result
from tests.fakes.wechat import APP_ID, APP_SECRET, FakeWeChat
from tests.server import Server
from tests.waiting import until
from tests.wechat.doubles import AES_KEY, TOKEN, Platform, text_push

FOLLOWERS = int(os.environ.get("NOTICE_FOLLOWERS", "1500"))
KILLS = int(os.environ.get("NOTICE_KILLS", "5"))
INVOICES = 50
AT_ONCE = 16  # calls that are in the air at most: so many may be in doubt after one kill
_PATIENCE = 60.0 + FOLLOWERS / 10  # seconds, of which nearly nothing is used

pytestmark = pytest.mark.slow


async def prepare(url: str, followers: int) -> None:
    """Followers of invoices whose state has changed since."""
    store = await Store.open(url)
    now = datetime.now(UTC)
    clerk = await store.write(people.add, NewEmployee("1001", "员工一", Role.FINANCE, now))
    drafts = [
        InvoiceDraft(
            f"2611{number:016d}", kind="digital_ordinary", total=Decimal("106.00"), at=now,
            seller_name="蓝鲸出行科技有限公司", states={"reimbursement": ("submitted", None)},
        )
        for number in range(INVOICES)
    ]  # fmt: skip
    ids = [stored.id for stored in await together(store, invoices.store, drafts)]
    chats = [ChatId("wechat", f"o{number:06d}") for number in range(followers)]
    await together(store, people.attach, [Attach(chat, clerk, now) for chat in chats])
    watches = [Watch(chat, ids[place % INVOICES], now) for place, chat in enumerate(chats)]
    await together(store, notices.follow, watches)
    paid = [
        InvoiceDraft(draft.number, at=now, states={"reimbursement": ("paid", "已付款")}) for draft in drafts
    ]
    await together(store, invoices.store, paid)
    await store.close()


async def together(
    store: Store, operation: Operation[Item, Result], items: Sequence[Item]
) -> Sequence[Result]:
    results: list[Result] = []
    for start in range(0, len(items), 1000):
        some = items[start : start + 1000]
        results += await asyncio.gather(*(store.write(operation, item) for item in some))
    return results


def ask(path: Path, question: str) -> list[tuple[str, Any]]:
    with sqlite3.connect(path, timeout=10) as database:
        return database.execute(question).fetchall()


def open_ones(path: Path) -> int:
    """Followers who are still to be told, and notices that are still to be sent."""
    waiting = "select 1 from watches w join invoices i on i.id = w.invoice_id where i.change > w.told"
    unsent = "select 1 from messages where direction = 'out' and state in ('queued', 'sending', 'passive')"
    count: int = ask(path, f"select '', count(*) from ({waiting} union all {unsent})")[0][1]
    return count


def has_come_to(far_end: FakeWeChat, count: int) -> bool:
    return len(far_end.everything) >= count


@pytest.mark.parametrize(
    ("way", "followers", "kills"),
    [("custom", FOLLOWERS, KILLS), ("template", FOLLOWERS // 10, 1)],
)
async def test_every_follower_is_told_once(tmp_path: Path, way: str, followers: int, kills: int) -> None:
    path = tmp_path / "data" / "piaoda.db"
    path.parent.mkdir()
    await prepare(f"sqlite:///{path}", followers)
    more = {"wechat_template_id": "a-template"} if way == "template" else {}
    async with (
        FakeWeChat() as far_end,
        Server(
            tmp_path, wechat_token=TOKEN, wechat_app_id=APP_ID, wechat_app_secret=APP_SECRET,
            wechat_aes_key=AES_KEY, wechat_api_base=far_end.base, **more,
        ) as server,
    ):  # fmt: skip
        await until(lambda: bool(ask(path, "select key, id from messages limit 1")), _PATIENCE)
        await server.kill()  # while the notices are written
        chance = random.Random(followers)
        for reached in sorted(chance.sample(range(1, followers * 9 // 10), kills - 1)):
            await server.start()
            await until(functools.partial(has_come_to, far_end, reached), _PATIENCE)
            await server.kill()
        await server.start()
        await until(lambda: open_ones(path) == 0, _PATIENCE)
        states = dict(ask(path, "select key, state from messages where key like 'notice:%'"))
        assert len(states) == followers
        assert set(states.values()) <= {"sent", "in_doubt"}
        chats = ask(path, "select chat, key from messages where state = 'in_doubt'")
        doubtful = {chat.partition(":")[2] for chat, _ in chats}
        assert len(doubtful) <= kills * AT_ONCE
        told = Counter(user for user, _ in far_end.everything)
        assert max(told.values()) == 1
        assert {f"o{number:06d}" for number in range(followers)} - told.keys() <= doubtful
        assert far_end.violations == []
        assert "Traceback" not in server.log
        await check_doubtful(server, sorted(doubtful))
        assert await server.stop() == 0


async def check_doubtful(server: Server, users: list[str]) -> None:
    """What is in doubt is counted for the operator, and said again at the user's next contact."""
    async with httpx.AsyncClient(base_url=server.base, timeout=6, trust_env=False) as http:
        if users:
            measured = (await http.get("/metrics")).text
            assert f'piaoda_outbox{{state="in_doubt"}} {len(users)}.0' in measured
        platform = Platform("safe", http)
        for user in users[:5]:
            said = await platform.say(text_push(user, "900001", "谢谢"))
            assert said is not None
            assert "蓝鲸出行科技有限公司" in said
