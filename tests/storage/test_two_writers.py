"""Two nodes write the same invoice at the same moment (PostgreSQL; on SQLite there is one writer)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import amendments, documents, invoices, people
from storage.amendments import Amended, Amendment
from storage.documents import NewDocument, NewFiling, ToFile
from storage.invoices import InvoiceDraft, Stored
from storage.people import NewEmployee
from storage.records import ChatId, Role, Viewer
from storage.store import Store
from tests.databases import Cluster

NOW = datetime(2026, 8, 19, 2, 0, tzinfo=UTC)
ALL = Viewer(None, Role.FINANCE)


@pytest_asyncio.fixture
async def nodes(postgres: Cluster) -> AsyncIterator[tuple[Store, Store]]:
    url = postgres.database()
    here, there = await Store.open(url), await Store.open(url)
    yield here, there
    await here.close()
    await there.close()


def draft(number: int, state: str) -> InvoiceDraft:
    states = {"reimbursement": (state, None)}
    return InvoiceDraft(f"2611{number:016d}", kind="digital_ordinary", states=states, at=NOW)


class Slow:
    """Stores, and holds the commit back until told."""

    def __init__(self) -> None:
        self.stored = asyncio.Event()
        self.go = asyncio.Event()

    async def __call__(self, connection: AsyncConnection, drafts: Sequence[InvoiceDraft]) -> list[Stored]:
        results = await invoices.store(connection, drafts)
        self.stored.set()
        await self.go.wait()
        return results


async def waits_for_a_lock(connection: AsyncConnection) -> bool:
    found = await connection.execute(sa.text("select 1 from pg_locks where not granted"))
    return found.first() is not None


async def until_one_waits(node: Store) -> None:
    async with asyncio.timeout(20):
        while not await node.read(waits_for_a_lock):  # noqa: ASYNC110 -- the database is watched
            await asyncio.sleep(0.01)


async def test_the_later_of_two_inserts_brings_the_earlier_up_to_date(nodes: tuple[Store, Store]) -> None:
    here, there = nodes
    slow = Slow()
    first = asyncio.create_task(here.write(slow, draft(1, "submitted")))
    await slow.stored.wait()
    second = asyncio.create_task(there.write(invoices.store, draft(1, "paid")))
    await until_one_waits(here)
    slow.go.set()
    stored, updated = await first, await second
    assert (stored.created, updated.created, updated.changed) == (True, False, True)
    assert stored.id == updated.id
    (record,) = await there.ask(invoices.by_number, invoices.Named(ALL, draft(1, "").number))
    assert (record.reimbursement_state.value, record.change) == ("paid", 1)


async def test_two_sheets_in_opposite_order_do_not_block_each_other(nodes: tuple[Store, Store]) -> None:
    sheet = [draft(number, "paid") for number in range(100)]
    writes = [
        store.write(invoices.store, each)
        for store, order in zip(nodes, (sheet, sheet[::-1]), strict=True)
        for each in order
    ]
    stored = await asyncio.wait_for(asyncio.gather(*writes), 20)
    assert sum(each.created for each in stored) == len(sheet)
    assert len({each.id for each in stored}) == len(sheet)


async def test_a_number_taken_while_it_is_corrected_is_told(nodes: tuple[Store, Store]) -> None:
    here, there = nodes
    owner = await here.write(people.add, NewEmployee("E1", "E1", Role.EMPLOYEE, NOW))
    await here.write(documents.keep, NewDocument(b"%PDF", "a.pdf", "application/pdf", NOW))
    new = NewFiling("k", ChatId("web", "1"), documents.digest_of(b"%PDF"), 1, {}, NOW)
    filing = await here.write(documents.draft, new)
    mine, other = draft(1, "draft"), draft(2, "draft")
    await here.write(documents.file, ToFile(filing, replace(mine, owner_id=owner)))
    slow = Slow()
    insert = asyncio.create_task(here.write(slow, other))
    await slow.stored.wait()
    values = {"number": other.number}
    wish = Amendment(filing, owner, values, {"number": (None, other.number)}, {"number": mine.number}, NOW)
    amended = asyncio.create_task(there.write(amendments.amend, wish))
    await until_one_waits(there)
    slow.go.set()
    await insert
    assert await amended is Amended.TAKEN
