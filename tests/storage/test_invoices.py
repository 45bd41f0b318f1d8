"""Look-ups of invoices on both databases: each asker gets their own, however many ask at once."""

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from storage import invoices, notices, pages, people
from storage.database import StoreUnavailableError
from storage.invoices import Beside, InvoiceDraft, Named
from storage.notices import Unfollow, Watch
from storage.people import NewEmployee
from storage.records import ChatId, Criteria, Role, Viewer
from storage.store import Store

NOW = datetime(2026, 8, 19, 2, 0, tzinfo=UTC)
ALL = Viewer(None, Role.FINANCE)


async def employee(store: Store, number: str) -> int:
    return await store.write(people.add, NewEmployee(number, number, Role.EMPLOYEE, NOW))


async def invoice(
    store: Store,
    owner: int,
    number: str,
    code: str | None = None,
    *,
    seller: str = "示例商行",
    state: str = "draft",
) -> int:
    draft = InvoiceDraft(
        number,
        code,
        seller_name=seller,
        total=Decimal("12.30"),
        owner_id=owner,
        states={"reimbursement": (state, None)},
        at=NOW,
    )
    return (await store.write(invoices.store, draft)).id


async def test_each_of_many_askers_sees_their_own(any_store: Store) -> None:
    owners = [await employee(any_store, f"E{place}") for place in range(5)]
    ids = [
        await invoice(any_store, owner, "00000017", f"01100170000{place}")
        for place, owner in enumerate(owners)
    ]
    viewers = [Viewer(owner) for owner in owners] + [ALL, Viewer(None)]
    found = await asyncio.gather(
        *(any_store.ask(invoices.by_number, Named(viewer, "00000017")) for viewer in viewers)
    )
    assert [[record.id for record in records] for records in found[:5]] == [[id_] for id_ in ids]
    assert {record.id for record in found[5]} == set(ids)
    assert found[6] == []


async def test_a_code_picks_one_of_equal_numbers(any_store: Store) -> None:
    owner = await employee(any_store, "E1")
    first = await invoice(any_store, owner, "00000017", "011001700001")
    await invoice(any_store, owner, "00000017", "011001700002")
    one, both, none = await asyncio.gather(
        *(
            any_store.ask(invoices.by_number, Named(Viewer(owner), "00000017", code))
            for code in ("011001700001", None, "011001700003")
        )
    )
    assert [record.id for record in one] == [first]
    assert len(both) == 2
    assert none == []


async def test_what_is_followed_is_told_chat_by_chat(any_store: Store) -> None:
    owner = await employee(any_store, "E1")
    ids = [await invoice(any_store, owner, f"2611200000000000000{place}") for place in range(2)]
    chats = [ChatId("wechat", f"o{place}") for place in range(3)]
    for chat in chats[:2]:
        await any_store.write(notices.follow, Watch(chat, ids[0], NOW))
    await any_store.write(notices.follow, Watch(chats[1], ids[1], NOW))
    found = await asyncio.gather(*(any_store.ask(notices.followed, chat) for chat in (*chats, chats[1])))
    assert found == [[ids[0]], ids, [], ids]


async def test_an_invoice_says_whether_the_chat_that_asks_follows_it(any_store: Store) -> None:
    owner = await employee(any_store, "E1")
    number = "26112000000000000001"
    one = await invoice(any_store, owner, number)
    chats = [ChatId("wechat", f"o{place}") for place in range(2)]
    await any_store.write(notices.follow, Watch(chats[0], one, NOW))
    found = await asyncio.gather(
        *(
            any_store.ask(invoices.by_number, Named(Viewer(owner), number, None, chat))
            for chat in (*chats, None)
        )
    )
    assert [[record.followed for record in records] for records in found] == [[True], [False], [None]]


async def test_further_invoices_of_a_seller_are_counted_by_state(any_store: Store) -> None:
    owner, other = await employee(any_store, "E1"), await employee(any_store, "E2")
    one = await invoice(any_store, owner, "26112000000000000001")
    await invoice(any_store, owner, "26112000000000000002", seller="示例 商行")
    await invoice(any_store, owner, "26112000000000000003", state="paid")
    await invoice(any_store, owner, "26112000000000000004", seller="另一家")
    await invoice(any_store, other, "26112000000000000005")
    mine, strangers = await asyncio.gather(
        any_store.ask(invoices.beside, Beside(owner, one)), any_store.ask(invoices.beside, Beside(other, one))
    )
    assert mine == {"draft": 1, "paid": 1}
    assert strangers == {}


async def test_one_bad_question_fails_alone(any_store: Store) -> None:
    owner = await employee(any_store, "E1")
    await invoice(any_store, owner, "26112000000000000001")
    good = Named(Viewer(owner), "26112000000000000001")
    bad = Named(Viewer(object()), "1")  # type: ignore[arg-type]
    results = await asyncio.gather(
        *(any_store.ask(invoices.by_number, asked) for asked in (good, bad, good)), return_exceptions=True
    )
    assert [isinstance(result, BaseException) for result in results] == [False, True, False]
    assert not isinstance(results[1], StoreUnavailableError)


async def test_a_store_that_is_closed_says_so(any_store: Store) -> None:
    await any_store.close()
    chat = ChatId("web", "1")
    for late in (any_store.ask(notices.followed, chat), any_store.write(notices.unfollow, Unfollow(chat))):
        with pytest.raises(StoreUnavailableError):
            await asyncio.wait_for(late, 5)


async def test_a_tally_leaves_out_what_is_voided_and_subtracts_what_is_red(any_store: Store) -> None:
    owner = await employee(any_store, "E9")
    for number, total, tax in (("1", "100.00", "normal"), ("2", "-30.50", "red"), ("3", "70.00", "voided")):
        draft = InvoiceDraft(
            number=f"2611200000000000{number:0>4}",
            kind="digital_ordinary",
            issue_date=date(2026, int(number), 3),
            seller_name=f"卖家{number}",
            total=Decimal(total),
            owner_id=owner,
            states={"tax": (tax, None)},
            source="import",
            at=NOW,
        )
        await any_store.write(invoices.store, draft)
    viewer = Viewer(owner)
    page = await any_store.read(pages.page, viewer, Criteria(), order="largest")
    assert [record.total for record in page.invoices] == [
        Decimal("100.00"),
        Decimal("70.00"),
        Decimal("-30.50"),
    ]
    assert (page.count, page.sum) == (3, Decimal("69.50"))
    assert (page.tally.voided, page.tally.red, page.tally.red_sum) == (1, 1, Decimal("-30.50"))
    by_seller = await any_store.read(pages.groups, viewer, Criteria(), "seller")
    assert [(group.name, group.sum) for group in by_seller] == [
        ("卖家1", Decimal("100.00")),
        ("卖家2", Decimal("-30.50")),
    ]
    by_month = await any_store.read(pages.groups, viewer, Criteria(), "month")
    assert [(group.name, group.count) for group in by_month] == [("2026-02", 1), ("2026-01", 1)]
    nobody = await any_store.read(pages.page, Viewer(owner + 1), Criteria(owner_id=owner))
    assert nobody.count == 0


async def test_the_parts_of_a_figure_come_to_the_whole_however_many_they_are(any_store: Store) -> None:
    owner = await employee(any_store, "E10")
    await asyncio.gather(
        *(invoice(any_store, owner, f"{place:08}", seller=f"卖家{place}") for place in range(1_010))
    )
    whole = await any_store.read(pages.page, Viewer(owner), Criteria())
    parts = await any_store.read(pages.groups, Viewer(owner), Criteria(), "seller")
    assert sum(part.sum for part in parts) == whole.sum
    assert sum(part.count for part in parts) == whole.count == 1_010
