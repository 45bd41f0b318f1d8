"""Filing drafts, on both databases."""

import asyncio
from datetime import UTC, datetime, timedelta

from storage import documents, invoices, people
from storage.documents import FiledAs, NewFiling, ToFile
from storage.invoices import InvoiceDraft
from storage.people import NewEmployee
from storage.records import ChatId, Role, Viewer
from storage.store import Store

NOW = datetime(2026, 8, 19, 2, 0, tzinfo=UTC)
CHAT = ChatId("telegram", "42")
NUMBER = "26112000000000000007"


async def drafted(store: Store, *places: int, message: str = "m_1", chat: ChatId = CHAT) -> list[int]:
    return [
        await store.write(
            documents.draft,
            NewFiling(
                f"{chat}/{message}/{place}", chat, "0" * 64, 1, {"place": place}, NOW + timedelta(place)
            ),
        )
        for place in places
    ]


async def employee(store: Store, number: str) -> int:
    return await store.write(people.add, NewEmployee(number, f"员工{number}", Role.EMPLOYEE, NOW))


def to_file(id_: int, owner: int, **fields: object) -> ToFile:
    return ToFile(id_, InvoiceDraft(NUMBER, owner_id=owner, source="chat", at=NOW, **fields))  # type: ignore[arg-type]


async def test_the_drafts_of_one_message_are_found_together(any_store: Store) -> None:
    ids = await drafted(any_store, 0, 1)
    await drafted(any_store, 0, message="mx1")  # the underscore of m_1 is no wildcard
    await drafted(any_store, 0, message="m_1", chat=ChatId("web", "42"))
    found = await any_store.read(documents.batch, CHAT, ids[1])
    assert [filing.id for filing in found] == ids
    assert await any_store.read(documents.batch, ChatId("web", "x"), ids[0]) == []


async def test_an_invoice_is_filed_once_by_one_person(any_store: Store) -> None:
    mine, other = await employee(any_store, "1"), await employee(any_store, "2")
    first, second = await drafted(any_store, 1, 2)
    entries = (to_file(first, mine), to_file(second, other), to_file(first, mine))
    filed = [await any_store.write(documents.file, entry) for entry in entries]
    assert [one.outcome for one in filed] == [FiledAs.NEW, FiledAs.TAKEN, FiledAs.AGAIN]
    assert len({one.invoice_id for one in filed}) == 1
    assert await any_store.read(documents.filed_on, filed[0].invoice_id) == NOW + timedelta(1)
    ((kept, record),) = await any_store.read(documents.filed_by, Viewer(mine))
    assert (kept.id, record.number, record.owner_id) == (first, NUMBER, mine)
    assert await any_store.read(documents.filed_by, Viewer(other)) == []
    assert await any_store.read(documents.filed_by, Viewer(None, Role.ADMIN)) == []


async def test_two_at_the_same_moment_are_one_invoice(any_store: Store) -> None:
    mine, other = await employee(any_store, "1"), await employee(any_store, "2")
    first, second = await drafted(any_store, 1, 2)
    filed = await asyncio.gather(
        any_store.write(documents.file, to_file(first, mine)),
        any_store.write(documents.file, to_file(second, other)),
    )
    assert sorted(one.outcome for one in filed) == ["new", "taken"]


async def test_what_is_known_better_stays(any_store: Store) -> None:
    mine = await employee(any_store, "1")
    known = InvoiceDraft(NUMBER, kind="digital_special", seller_name="账户里的名称", at=NOW)
    await any_store.write(invoices.store, known)
    (id_,) = await drafted(any_store, 1)
    entry = to_file(id_, mine, kind="digital_ordinary", seller_name="读错的名称", buyer_name="读到的购买方")
    assert (await any_store.write(documents.file, entry)).outcome is FiledAs.KNOWN
    ((_, record),) = await any_store.read(documents.filed_by, Viewer(mine))
    assert (record.kind, record.seller_name, record.buyer_name) == (
        "digital_special",
        "账户里的名称",
        "读到的购买方",
    )
