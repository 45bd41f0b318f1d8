"""How a row of telegram.yaml, or of tests/telegram/rows.yaml, is played and judged."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from storage import people
from storage.people import Attach, NewEmployee
from storage.records import ChatId, Role
from storage.store import Store
from tests.fakes.far_end import BAD_GATEWAY, PORTAL, RESET, slow
from tests.fakes.telegram import BLOCKED, NO_RESULT, flood, refused
from tests.rows import telegram_scenes
from tests.rows.running import Running
from tests.rows.telegram_scenes import Chat, crowd
from tests.telegram.doubles import update
from tests.waiting import until

_HERE = Path(__file__).parent
_FAULTS = {
    "BAD_GATEWAY": BAD_GATEWAY,
    "BLOCKED": BLOCKED,
    "NO_RESULT": NO_RESULT,
    "PORTAL": PORTAL,
    "RESET": RESET,
    "flood": flood(1),
    "slow": slow(3.0),
}


def _load() -> dict[str, dict[str, Any]]:
    updates = yaml.safe_load((_HERE.parent / "telegram" / "rows.yaml").read_text("utf-8"))
    rows = {f"{row['row']} {row['update']}": row for row in updates}
    return {**rows, **yaml.safe_load((_HERE / "telegram.yaml").read_text("utf-8"))}


ROWS = _load()


async def fill(store: Store) -> None:
    """An employee who asks for invoices in the chats of two rows."""
    now = datetime.now(UTC)
    clerk = await store.write(people.add, NewEmployee("1002", "员工二", Role.FINANCE, now))
    users = [_user("T70 five quick ones"), *crowd(_user("T71 forty users"))]
    for user in users:
        await store.write(people.attach, Attach(ChatId("telegram", str(user)), clerk, now))


def _user(name: str) -> int:
    return 710_000 + list(ROWS).index(name)


async def play(program: Running, mode: str, name: str) -> None:
    """Play one row; raises where it comes out otherwise than written."""
    row = ROWS[name]
    chat = Chat(program, mode, _user(name))
    if "run" in row:
        await getattr(telegram_scenes, row["run"])(chat)
    elif "fault" in row:
        await _meet(chat, row)
    else:
        await _update(chat, row)


async def _update(chat: Chat, row: Mapping[str, Any]) -> None:
    raw = chat.own(update(row["update"]))
    await chat.program.telegram.push(raw)
    if row.get("press"):
        id_ = raw["callback_query"]["id"]
        telegram = chat.program.telegram
        await until(
            lambda: [
                call
                for call in telegram.calls("answerCallbackQuery")
                if call.params["callback_query_id"] == id_
            ]
        )
    if row.get("silent"):
        await chat.passed()
        for place in (chat.user, chat.group):
            assert chat.program.telegram.calls("sendMessage", place) == []
        return
    place, _, topic = row.get("chat", "7001").partition("@")[0].partition("/")
    where = chat.user if place == "7001" else chat.group
    await until(lambda: chat.program.telegram.texts(where))
    for call in chat.program.telegram.calls("sendMessage", where):
        assert str(call.params.get("message_thread_id", "")) == topic
        assert "parse_mode" not in call.params


async def _meet(chat: Chat, row: Mapping[str, Any]) -> None:
    """The answer to a message meets a fault; another chat is served meanwhile."""
    fault = row["fault"]
    if isinstance(fault, dict):
        met = refused(fault["status"], fault["text"], **fault.get("more", {}))
    else:
        met = _FAULTS[fault]
    chat.program.telegram.fail("sendMessage", met, chat=chat.user)
    await chat.write("你好")
    await until(lambda: chat.calls)
    await chat.passed()
    if row["then"] == "delivered":
        await chat.answered()
    elif row["then"] == "elsewhere":
        await until(lambda: chat.program.telegram.texts(fault["more"]["migrate_to_chat_id"]))
    await chat.write("发票丢了怎么办")  # what comes next is answered in any case
    await chat.answered(2 if row["then"] == "delivered" else 1)
    assert len(chat.calls) == row["calls"] + 1
