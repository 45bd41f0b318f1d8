"""The whole program, as `piaoda serve` runs it, behind a port of its own."""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from bot.build import Program, build, running
from bot.office import perform
from bot.settings import Settings
from storage import invoices, people
from storage.invoices import InvoiceDraft
from storage.people import Attach, NewEmployee
from storage.records import ChatId, Role
from tests.web.stage import Site

SELLER = "蓝鲸出行科技有限公司"
PATIENCE = 60.0  # seconds, of which nearly nothing is used


@dataclass
class Whole:
    """A program at work, and its owner's side of it."""

    program: Program
    base: str

    async def employee(self, chat: ChatId, number: str) -> int:
        """An employee who speaks in a chat; returns their id."""
        store, now = self.program.store, datetime.now(UTC)
        id_ = await store.write(people.add, NewEmployee(number, f"员工{number}", Role.EMPLOYEE, now))
        await store.write(people.attach, Attach(chat, id_, now))
        return id_

    async def invoice(self, owner: int, number: str) -> None:
        """An invoice of an employee."""
        draft = InvoiceDraft(
            number, kind="digital_ordinary", seller_name=SELLER, total=Decimal("106.00"), owner_id=owner,
            issue_date=date(2026, 8, 3), states={"reimbursement": ("submitted", None)},
            at=datetime.now(UTC),
        )  # fmt: skip
        await self.program.store.write(invoices.store, draft)

    async def imported(self, number: str, state: str) -> None:
        """A sheet with the new state of an invoice, as `piaoda import` brings it; then the jobs look."""
        content = f"数电发票号码,报销状态\n{number},{state}\n".encode()
        wish = {"content": base64.b64encode(content).decode(), "name": "states.csv", "source": "import"}
        done = await perform(self.program.settings, "import", wish)
        assert (done["changed"], done["complaints"]) == (1, [])
        await self.program.jobs.tell_changes()


@asynccontextmanager
async def serving(
    home: Path, *, at: Callable[[str], Awaitable[None]] | None = None, **settings: Any
) -> AsyncIterator[Whole]:
    """The program with these settings; `at` is told its address before it starts its channels."""
    program = await build(Settings(_env_file=None, data_dir=home, **settings))  # type: ignore[call-arg]
    site = Site(program)
    if at is not None:
        await at(site.base)
    await site.start()
    async with running(program):
        try:
            yield Whole(program, site.base)
        finally:
            await site.stop()


def number_of(place: int) -> str:
    """The number of an invented invoice."""
    return f"2611{place:016d}"
