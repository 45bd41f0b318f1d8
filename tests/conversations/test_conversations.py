"""Whole conversations, as people have them: scripts of turns through the real assistant, words and database."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from handlers.assistant import Assistant
from handlers.core import Services
from locales.catalog import Catalog
from locales.strict_yaml import load
from nlu.text.sellers import SellerIndex
from nlu.text.understanding import Understander
from storage import invoices, people
from storage.invoices import InvoiceDraft
from storage.people import Attach, NewEmployee
from storage.records import Attachment, ChatId, Choice, Message, OutboxItem, Role
from storage.store import Store
from tests.handlers.documents import ReaderDouble, found, read

HOME = Path(__file__).parent
FILES = ("digital", "other_digital")  # of tests/handlers/readings; what a user sends is called by these names
NOW = datetime(2026, 8, 19, 2, 0, tzinfo=UTC)  # a Wednesday, 10:00 in Beijing
CHAT = ChatId("web", "ming")
OTHERS = {"finance": ChatId("web", "he"), "admin": ChatId("web", "guan")}  # who speaks in a script `as: …`
SCRIPTS = [
    (path.stem, script)
    for path in sorted(HOME.glob("*.yaml"))
    if path.stem != "world"
    for script in load(path)
]


@pytest.fixture(scope="module")
def understander() -> Understander:
    return Understander.load()


@dataclass
class Talk:
    """A chat with the assistant, seen from the user's side."""

    assistant: Assistant
    chat: ChatId = CHAT
    turns: int = 0
    choices: list[Choice] = field(default_factory=list)

    async def say(self, turn: dict[str, Any]) -> tuple[OutboxItem, ...]:
        """Send a sentence, a file, or press the button shown last whose action begins with `press`."""
        self.turns += 1
        action = None
        if (wanted := turn.get("press")) is not None:
            action = next((one.action for one in self.choices if one.action.startswith(wanted)), None)
            assert action is not None, f"no button {wanted} among {[one.action for one in self.choices]}"
        files = tuple(Attachment(name, name, "application/pdf", "file") for name in turn.get("send", ()))
        message = Message(
            f"turn-{self.turns}", self.chat, turn.get("say", ""), attachments=files, action=action
        )
        items = await self.assistant.answer(message)
        self.choices = [choice for item in items for choice in item.outgoing.choices]
        return items


@pytest_asyncio.fixture
async def talk(tmp_path: Path, understander: Understander) -> AsyncIterator[Talk]:
    store = await Store.open(f"sqlite:///{tmp_path}/piaoda.db")
    ids = [
        await store.write(people.add, NewEmployee(number, name, role, NOW))
        for number, name, role in (
            ("1001", "周明", Role.EMPLOYEE),
            ("1002", "林小青", Role.EMPLOYEE),
            ("1003", "何财务", Role.FINANCE),
            ("1004", "管理员", Role.ADMIN),
        )
    ]
    await store.write(people.attach, Attach(CHAT, ids[0], NOW))
    for chat, id_ in zip(OTHERS.values(), ids[2:], strict=True):
        await store.write(people.attach, Attach(chat, id_, NOW))
    for entry in load(HOME / "world.yaml"):
        await store.write(invoices.store, _draft(entry, ids))
    understander.sellers = SellerIndex.build(await store.read(invoices.sellers))
    services = Services(
        store=store,
        catalog=Catalog.load(),
        understander=understander,
        now=lambda: NOW,
        contact={"person": "财务服务台"},
        reader=ReaderDouble({name.encode(): read(found(name)) for name in FILES}),
        fetch=_fetch,
    )
    yield Talk(Assistant(services, live=frozenset({"web"})))
    await store.close()


async def _fetch(message: Message, attachment: Attachment) -> bytes:
    return attachment.name.encode()


def _draft(entry: dict[str, str], ids: list[int]) -> InvoiceDraft:
    total = Decimal(entry["total"])
    return InvoiceDraft(
        number=entry["number"],
        code=entry.get("code"),
        kind=entry["kind"],
        issue_date=date.fromisoformat(entry["date"]),
        seller_name=entry["seller"],
        amount=total,
        tax=Decimal(0),
        total=total,
        owner_id=ids[int(entry.get("owner", "0"))],
        states={
            "tax": (entry.get("tax", "normal"), None),
            "reimbursement": (entry.get("state", "draft"), None),
        },
        source="import",
        at=NOW,
    )


@pytest.mark.parametrize(
    "script", [script for _, script in SCRIPTS], ids=[f"{n}: {s['about']}" for n, s in SCRIPTS]
)
async def test_conversation(talk: Talk, script: dict[str, Any]) -> None:
    talk.chat = OTHERS.get(script.get("as", ""), CHAT)
    for place, turn in enumerate(script["turns"], start=1):
        items = await talk.say(turn)
        said = "\n".join(item.outgoing.text for item in items)
        where = f"turn {place}, {turn!r}: {said}"
        assert [item.outgoing.key for item in items if item.outgoing.key != "habit.unsubmitted"] == turn[
            "keys"
        ], where
        for words in turn.get("has", ()):
            assert words in said, f"{words!r} is missing in {where}"
        for words in turn.get("not", ()):
            assert words not in said, f"{words!r} stands in {where}"
        if "language" in turn:
            assert {item.outgoing.language for item in items} == {turn["language"]}, where
