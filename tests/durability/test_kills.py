"""SIGKILL at random moments under load: every acknowledged message is there once, every answer given once."""

import asyncio
import itertools
import random
import sqlite3
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.fakes.wechat import APP_ID, APP_SECRET, FakeWeChat
from tests.server import Server
from tests.wechat.doubles import AES_KEY, TOKEN, Platform, text_push

KILLS = 30
USERS = 12
TRIES = 3  # deliveries of one message, as the platform does it

pytestmark = pytest.mark.slow


@dataclass
class History:
    """What the users have seen."""

    acknowledged: set[tuple[str, str]] = field(default_factory=set)  # (user, message number)
    passive: Counter[tuple[str, str]] = field(default_factory=Counter)  # answers that came with the delivery
    given_up: int = 0


async def load(user: str, platform: Platform, history: History, stopping: asyncio.Event) -> None:
    """One user who writes again and again; the platform repeats what is not acknowledged."""
    for number in itertools.count(1):
        if stopping.is_set():
            return
        key = f"{user[-4:]}{number:08d}"
        xml = text_push(user, key, f"发票 2611200000{key[:2]}{number:08d}")
        for _ in range(TRIES):
            try:
                reply = platform.read(await platform.push(xml))
            except (httpx.TransportError, AssertionError):
                await asyncio.sleep(0.3)
                continue
            history.acknowledged.add((user, key))
            if reply is not None:
                history.passive[(user, key)] += 1
            break
        else:
            history.given_up += 1
        await asyncio.sleep(0.02)


async def killer(server: Server, seed: int, kills: int) -> None:
    """Kill a server so many times at random moments, and start it again."""
    chance = random.Random(seed)
    for _ in range(kills):
        await asyncio.sleep(chance.uniform(0.05, 1.2))
        await server.kill()
        await server.start()


async def test_thirty_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    async with (
        FakeWeChat() as far_end,
        Server(
            tmp_path, wechat_token=TOKEN, wechat_app_id=APP_ID, wechat_app_secret=APP_SECRET,
            wechat_aes_key=AES_KEY, wechat_api_base=far_end.base,
        ) as server,
    ):  # fmt: skip
        history, stopping = History(), asyncio.Event()
        async with httpx.AsyncClient(base_url=server.base, timeout=6, trust_env=False) as http:
            platform = Platform("safe", http)
            users = [f"o{number:04d}" for number in range(USERS)]
            async with asyncio.TaskGroup() as group:
                loads = [group.create_task(load(user, platform, history, stopping)) for user in users]
                await killer(server, int(time.time()), KILLS)
                stopping.set()
                await asyncio.gather(*loads)
            await settle(platform, users, history)
        assert await server.stop() == 0
        check(check_database(tmp_path / "data" / "piaoda.db"), history, far_end)


async def settle(platform: Platform, users: list[str], history: History) -> None:
    """Every user writes once more: what was in doubt is shown then."""
    for user in users:
        xml = text_push(user, f"{user[-4:]}99999999", "谢谢")
        for _ in range(TRIES):
            try:
                platform.read(await platform.push(xml))
                break
            except httpx.TransportError:  # a connection to a process that is gone
                continue
        history.acknowledged.add((user, f"{user[-4:]}99999999"))


def check_database(path: Path) -> set[str]:
    """Each message is there once and has one answer, all of it settled; returns the keys of the messages."""
    with sqlite3.connect(path) as database:
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
        inbox = Counter(key for (key,) in database.execute("select key from messages where direction = 'in'"))
        states = Counter(
            state for (state,) in database.execute("select state from messages where direction = 'in'")
        )
        # Each message has the replies of one turn: position 0 exists once.
        answers = Counter(
            cause for (cause,) in database.execute("select cause from messages where key like 'out:%:0'")
        )
        unsettled = database.execute(
            "select count(*) from messages where direction = 'out' and state not in ('sent', 'passive')"
        ).fetchone()[0]
    assert max(inbox.values()) == 1
    assert set(states) == {"done"}
    assert max(answers.values()) == 1
    assert unsettled == 0
    return set(inbox)


def check(inbox: set[str], history: History, far_end: FakeWeChat) -> None:
    missing = {key for key in history.acknowledged if f"in:wechat:{key[0]}:{key[1]}" not in inbox}
    assert missing == set()
    assert max(history.passive.values()) == 1
    assert len(history.acknowledged) > 10 * KILLS
    assert far_end.violations == []
