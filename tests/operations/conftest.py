"""The outbox, its jobs and a clock that tests turn, on both databases."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.build import LIVE
from bot.jobs import Jobs
from handlers.assistant import Assistant
from handlers.core import Outcome, Reply, Services, Turn
from locales.catalog import Catalog
from storage import invoices, messages, people
from storage.invoices import InvoiceDraft
from storage.messages import Answer, Arrival
from storage.people import Attach, NewEmployee
from storage.records import ChatId, Message, OutboxState, Role
from storage.schema import messages as table
from storage.store import Store

NUMBER = "26112000000012345678"


@dataclass
class Office:
    """A program without channels, at a time of its own."""

    store: Store
    catalog: Catalog
    now: datetime = datetime(2026, 8, 19, 2, 0, tzinfo=UTC)
    announced: list[ChatId] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.assistant = Assistant(
            Services(self.store, self.catalog, cast(Any, None), lambda: self.now),
            live=LIVE, route=_thanks, on_change=self.announced.append,
        )  # fmt: skip
        self.jobs = Jobs(self.assistant, 5)

    def wait(self, **time: float) -> None:
        """Turn the clock on."""
        self.now += timedelta(**time)

    async def person(self, chat: ChatId, number: str = "1001", language: str = "zh") -> int:
        """An employee in a chat that speaks a language; returns their id."""
        id_ = await self.store.write(people.add, NewEmployee(number, "员工", Role.EMPLOYEE, self.now))
        await self.store.write(people.attach, Attach(chat, id_, self.now))
        claim = await self.store.write(messages.claim, Arrival(Message("first", chat, "hi"), self.now))
        conversation = type(claim.conversation)(chat, language=language)
        await self.store.write(
            messages.answer,
            Answer(claim.id, conversation, claim.version, (), OutboxState.SENT, self.now),
        )
        return id_

    async def invoice(self, owner: int | None = None, state: str = "submitted", number: str = NUMBER) -> int:
        """An invoice, or its next state; returns its id."""
        draft = InvoiceDraft(
            number, kind="digital_ordinary", total=Decimal("106.00"), owner_id=owner,
            seller_name="蓝鲸出行科技有限公司", states={"reimbursement": (state, None)}, at=self.now,
        )  # fmt: skip
        return (await self.store.write(invoices.store, draft)).id

    async def out(self, chat: ChatId) -> list[tuple[str, str]]:
        """(words, state) of what was written to a chat, oldest first."""
        return await self.store.read(_out, chat)


async def _thanks(turn: Turn, services: Services) -> Outcome:
    return Outcome(turn.conversation, (Reply("smalltalk.thanks"),))


async def _out(connection: AsyncConnection, chat: ChatId) -> list[tuple[str, str]]:
    rows = await connection.execute(
        sa.select(table.c.body, table.c.state)
        .where(table.c.chat == str(chat), table.c.direction == "out")
        .order_by(table.c.id)
    )
    return [(row.body["text"], row.state) for row in rows]


@pytest.fixture(scope="session")
def words() -> Catalog:
    return Catalog.load()


@pytest.fixture
def office(any_store: Store, words: Catalog) -> Office:
    return Office(any_store, words)
