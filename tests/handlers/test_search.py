"""Search: any mix of criteria, pages, picking, going on, and what to do when nothing is found."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from handlers import ellipsis, search
from handlers.core import Outcome
from storage.records import Viewer
from tests.handlers.conftest import Stage, Understood

AUGUST = {"from": "2026-08-01", "to": "2026-08-31"}


async def ask(stage: Stage, text: str = "查发票", **slots: Any) -> Outcome:
    return await search.search(stage.turn(text, intent="invoice.search", **slots), stage.services)


async def on(stage: Stage, text: str, **slots: Any) -> list[str] | None:
    outcome = await ellipsis.goes_on(stage.turn(text, **slots), stage.services)
    return None if outcome is None else stage.follow(outcome)


async def fill(stage: Stage, count: int, **fields: Any) -> None:
    for place in range(count):
        await stage.invoice(f"264420000000{place:08d}", **fields)


def words(stage: Stage, outcome: Outcome, language: str = "zh") -> str:
    return stage.services.catalog.text(outcome.replies[0].key, language, **outcome.replies[0].values)


async def test_pages_go_on_and_back(stage: Stage) -> None:
    await fill(stage, 12)
    first = await ask(stage, date=AUGUST)
    assert stage.follow(first) == ["search.page"]
    assert "search_next" in [button.action for button in first.replies[0].buttons]
    assert "1,272.00" in words(stage, first)
    shown = list(stage.conversation.slots["shown"])
    assert await on(stage, "下一页") == ["search.page"]
    assert not set(shown) & set(stage.conversation.slots["shown"])
    assert await on(stage, "next") == ["search.page"]
    assert len(stage.conversation.slots["shown"]) == 2
    assert await on(stage, "次へ") == ["search.no_more"]
    assert await on(stage, "上一页") == ["search.page"]
    assert await on(stage, "back") == ["search.page"]
    assert stage.conversation.slots["shown"] == shown
    pressed = stage.turn(action="search_next")
    assert stage.follow(await search.next_page(pressed, stage.services)) == ["search.page"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("第二张", 1),
        ("2", 1),
        ("the second one", 1),
        ("2番目", 1),
        ("最后一张", 4),
        ("the last one", 4),
        ("最後の", 4),
    ],
)
async def test_one_of_the_list_is_picked(stage: Stage, text: str, place: int) -> None:
    await fill(stage, 5)
    stage.follow(await ask(stage, date=AUGUST))
    wanted = stage.conversation.slots["shown"][place]
    assert await on(stage, text) == ["status.card"]
    assert stage.conversation.slots["invoice"] == wanted


async def test_criteria_are_mixed(stage: Stage) -> None:
    await stage.invoice(
        "30000001", code="011002100111", kind="vat_special", seller_name="青藤酒店", total=Decimal(900)
    )
    await stage.invoice("26442000000000000001", seller_name="青藤酒店", total=Decimal(900))
    await stage.invoice("26442000000000000002", issue_date=date(2026, 7, 3), total=Decimal(50))
    await stage.invoice("26442000000000000003", states={"reimbursement": ("paid", None)})
    for slots, count in (
        ({"seller": "青藤酒店"}, 2),
        ({"seller": "青藤酒店", "kind": ["special"]}, 1),
        ({"amount_min": 800}, 2),
        ({"amount_max": 100}, 1),
        ({"date": AUGUST}, 3),
        ({"status": "reimbursed"}, 1),
        ({"date": AUGUST, "amount_min": 100, "amount_max": 200}, 1),
    ):
        stage.follow(await ask(stage, **slots))
        assert len(stage.conversation.slots["shown"]) == count, slots


async def test_short_sentences_go_on_with_the_last_search(stage: Stage) -> None:
    await stage.invoice("26442000000000000001", seller_name="青藤酒店")
    await stage.invoice("26442000000000000002", seller_name="青藤酒店", issue_date=date(2026, 7, 3))
    stage.follow(await ask(stage, date=AUGUST, seller="青藤酒店"))
    july = {"from": "2026-07-01", "to": "2026-07-31"}
    for text in ("那上个月的呢", "what about July", "先月のは?"):
        assert await on(stage, text, date=july) == ["search.page"]
        assert stage.conversation.slots["search"] == {"date": july, "seller": "青藤酒店"}
    assert await on(stage, "怎么开红字发票") is None


async def test_a_correction_takes_the_second_part(stage: Stage) -> None:
    await stage.invoice("26442000000000000002", issue_date=date(2026, 7, 3))
    stage.follow(await ask(stage, date=AUGUST))
    july = {"from": "2026-07-01", "to": "2026-07-31"}
    stage.understander.known["7月"] = Understood("7月", slots={"date": july})
    assert await on(stage, "不是8月，是7月", date=AUGUST) == ["search.page"]
    assert stage.conversation.slots["search"]["date"] == july


async def test_nothing_found_offers_to_leave_one_out(stage: Stage) -> None:
    await fill(stage, 1)
    nothing = await ask(stage, date=AUGUST, seller="白石湾酒店", amount_min=10)
    assert stage.follow(nothing) == ["search.nothing"]
    actions = [button.action for button in nothing.replies[0].buttons]
    assert {"find:date", "find:seller", "find:amount"} <= set(actions)
    found = await search.find(stage.turn(action="find:seller"), stage.services)
    assert stage.follow(found) == ["search.page"]


@pytest.mark.parametrize("name", ["this_month", "last_month", "unreimbursed"])
async def test_ready_made_searches(stage: Stage, name: str) -> None:
    await stage.invoice("26442000000000000001")
    await stage.invoice("26442000000000000002", issue_date=date(2026, 7, 31))
    found = await search.find(stage.turn(action=f"find:{name}"), stage.services)
    assert stage.follow(found) == ["search.page"]


async def test_button_asks_what_to_search_by(stage: Stage) -> None:
    await fill(stage, 1)
    assert stage.follow(await search.search(stage.turn(action="search"), stage.services)) == ["search.ask"]
    assert await search.criteria_given(stage.turn("谢谢"), stage.services) is None
    given = await search.criteria_given(stage.turn("八月的", date=AUGUST), stage.services)
    assert given is not None
    assert stage.follow(given) == ["search.page"]


async def test_only_own_invoices_are_listed(stage: Stage) -> None:
    await fill(stage, 3, owner_id=await stage.employee("2002"))
    assert stage.follow(await ask(stage, date=AUGUST)) == ["search.nothing"]
    stage.speak_as(Viewer(None))
    assert stage.follow(await ask(stage, date=AUGUST)) == ["status.unbound"]
    assert stage.follow(await search.find(stage.turn(action="find:this_month"), stage.services)) == [
        "status.unbound"
    ]
