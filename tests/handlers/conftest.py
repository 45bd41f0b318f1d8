"""A stage for handlers: a real database, the real words, and people who speak."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio

from handlers.core import Outcome, Services, Turn
from locales.catalog import Catalog
from storage import invoices, people
from storage.invoices import InvoiceDraft
from storage.people import Attach, NewEmployee
from storage.records import ChatId, Conversation, InvoiceRecord, Message, Role, Viewer
from storage.store import Store

NOW = datetime(2026, 8, 19, 2, 0, tzinfo=UTC)  # a Wednesday, 10:00 in Beijing
CHAT = ChatId("web", "ming")


@dataclass(frozen=True, slots=True)
class Understood:
    """What a sentence was understood as: the fields of nlu.text.understanding.Understanding, by hand."""

    text: str = ""
    language: str = "zh"
    intent: str = "out_of_scope"
    confidence: float = 1.0
    action: str = "answer"
    alternatives: tuple[Any, ...] = ()
    slots: Mapping[str, Any] = field(default_factory=dict)
    ms: float = 0.0
    second: str | None = None


class UnderstanderDouble:
    """Understands what it was told to: sentences → slots; everything else has none."""

    def __init__(self) -> None:
        self.known: dict[str, Understood] = {}
        self.sellers: Any = None

    def understand(self, text: str, *, today: date, language: str | None = None) -> Understood:
        return self.known.get(text, Understood(text))


@dataclass
class Stage:
    """Handlers with all they need, and a conversation that goes on from turn to turn."""

    services: Services
    store: Store
    understander: UnderstanderDouble
    conversation: Conversation
    viewer: Viewer
    now: datetime = NOW
    turns: int = 0

    def turn(self, text: str = "", *, intent: str = "", action: str = "", **slots: Any) -> Turn:
        """One message of the user: a sentence with its intent and slots, or a pressed button."""
        self.turns += 1
        name, _, argument = action.partition(":")
        message = Message(f"m{self.turns}", self.conversation.chat, text=text, action=action or None)
        understanding = None
        if not name:
            understanding = Understood(
                text, self.conversation.language, intent or "out_of_scope", slots=slots
            )
            self.understander.known[text] = understanding
        return Turn(message, self.conversation, self.viewer, self.now, cast(Any, understanding), argument)

    def follow(self, outcome: Outcome) -> list[str]:
        """Go on with what the outcome leaves; returns the keys of the replies."""
        self.conversation = outcome.conversation
        for language in self.services.catalog.languages:
            for reply in outcome.replies:
                words = self.services.catalog.text(reply.key, language, **reply.values)
                assert len(words.encode()) <= 1_900, (reply.key, language)
                for button in reply.buttons:
                    self.services.catalog.text(button.key, language, **button.values)
                    assert len(button.action.encode()) <= 64
                    assert button.action.isascii()
        return [reply.key for reply in outcome.replies]

    async def invoice(self, number: str, **fields: Any) -> InvoiceRecord:
        """Store an invoice; it belongs to the viewer unless `owner_id` says otherwise."""
        fields.setdefault("owner_id", self.viewer.employee_id)
        fields.setdefault("at", self.now)
        stored = await self.store.write(invoices.store, draft(number, **fields))
        found = await self.store.read(invoices.by_id, Viewer(None, Role.ADMIN), stored.id)
        assert found is not None
        return found

    async def employee(self, number: str, role: Role = Role.EMPLOYEE) -> int:
        """Add an employee; returns the id."""
        return await self.store.write(people.add, NewEmployee(number, f"员工{number}", role, self.now))

    def speak_as(self, viewer: Viewer) -> None:
        """Another person takes the chat."""
        self.viewer = viewer
        self.conversation = replace(self.conversation, employee_id=viewer.employee_id)


def draft(number: str, **fields: Any) -> InvoiceDraft:
    """An invented invoice with everything on it."""
    usual: dict[str, Any] = {
        "kind": "digital_ordinary",
        "issue_date": date(2026, 8, 3),
        "seller_name": "蓝鲸出行科技有限公司",
        "buyer_name": "松果软件有限公司",
        "amount": Decimal("100.00"),
        "tax": Decimal("6.00"),
        "total": Decimal("106.00"),
    }
    return InvoiceDraft(number, **{**usual, **fields})


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return Catalog.load()


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite:///{tmp_path}/piaoda.db")
    yield opened
    await opened.close()


@pytest.fixture
def services(store: Store, catalog: Catalog) -> Services:
    return Services(
        store=store,
        catalog=catalog,
        understander=cast(Any, UnderstanderDouble()),
        now=lambda: NOW,
        companies=(("松果软件有限公司", "91110108MA01ABCD3X"),),
        contact={"person": "财务服务台", "phone": "010-5555 0100", "email": "finance@example.com"},
    )


@pytest_asyncio.fixture
async def stage(services: Services, store: Store) -> Stage:
    """A bound employee in a web chat."""
    employee_id = await store.write(people.add, NewEmployee("1001", "员工一", Role.EMPLOYEE, NOW))
    await store.write(people.attach, Attach(CHAT, employee_id, NOW))
    return Stage(
        services,
        store,
        cast(Any, services.understander),
        Conversation(CHAT, employee_id=employee_id),
        Viewer(employee_id),
    )
