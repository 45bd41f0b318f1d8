"""Habits: what is suggested, from whose data, how often, and how to be left in peace."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from handlers import follow, habits, menu, search, status
from handlers.core import Outcome
from storage.records import Role, Viewer
from tests.handlers.conftest import Stage

SHOWN, OTHER = "26442000000000000017", "26442000000000000025"
find, look_up, greet = habits.after(search.search), habits.after(status.status), habits.after(menu.greet)


async def card(stage: Stage) -> Outcome:
    return await look_up(stage.turn(SHOWN, invoice_number=SHOWN), stage.services)


async def test_unsubmitted_invoices_of_the_same_seller_are_mentioned_once_a_day(stage: Stage) -> None:
    await stage.invoice(SHOWN, states={"reimbursement": ("paid", None)})
    await stage.invoice(OTHER, total=Decimal("42.50"))
    outcome = await card(stage)
    assert stage.follow(outcome) == ["status.card", "habit.unsubmitted"]
    reply = outcome.replies[-1]
    assert (reply.values["count"], reply.values["sum"]) == (1, Decimal("42.50"))
    assert stage.follow(await card(stage)) == ["status.card"]
    listed = await search.find(stage.turn(action="find:habit"), stage.services)
    assert stage.follow(listed) == ["search.page"]
    assert stage.conversation.slots["shown"] == [2]


async def test_the_invoice_shown_alone_is_nothing_to_mention(stage: Stage) -> None:
    await stage.invoice(SHOWN)
    assert stage.follow(await card(stage)) == ["status.card"]


@pytest.mark.parametrize("role", [Role.EMPLOYEE, Role.FINANCE])
async def test_other_peoples_invoices_are_never_counted(stage: Stage, role: Role) -> None:
    await stage.invoice(SHOWN, states={"reimbursement": ("paid", None)})
    await stage.invoice(OTHER, owner_id=await stage.employee("2002"))
    stage.speak_as(Viewer(stage.viewer.employee_id, role))
    assert stage.follow(await card(stage)) == ["status.card"]


async def month_end(stage: Stage, month: int) -> None:
    stage.now = datetime(2026, month, 28, 2, 0, tzinfo=UTC)


async def this_month(stage: Stage) -> list[str]:
    day = stage.now.date()
    period = {"from": day.replace(day=1).isoformat(), "to": day.isoformat()}
    turn = stage.turn("这个月没报销的", date=period, status="unreimbursed")
    return stage.follow(await find(turn, stage.services))


async def test_the_search_of_every_month_end_is_offered(stage: Stage) -> None:
    for month in (6, 7):
        await month_end(stage, month)
        await this_month(stage)
        assert stage.follow(await greet(stage.turn("你好"), stage.services))[1:] == []
    await month_end(stage, 8)
    outcome = await greet(stage.turn("你好"), stage.services)
    assert stage.follow(outcome)[1:] == ["habit.month_end"]
    await search.find(stage.turn(action="find:habit"), stage.services)
    assert stage.conversation.slots["habit"] == {
        "status": "unreimbursed",
        "date": {"from": "2026-08-01", "to": "2026-08-28"},
    }


async def test_what_was_looked_up_already_this_month_is_not_offered(stage: Stage) -> None:
    for month in (6, 7, 8):
        await month_end(stage, month)
        await this_month(stage)
    assert stage.follow(await greet(stage.turn("你好"), stage.services))[1:] == []


async def test_a_month_left_out_is_no_habit(stage: Stage) -> None:
    for month in (5, 7):
        await month_end(stage, month)
        await this_month(stage)
    await month_end(stage, 8)
    assert stage.follow(await greet(stage.turn("你好"), stage.services))[1:] == []


async def test_habits_belong_to_the_person_not_to_the_chat(stage: Stage) -> None:
    for month in (6, 7):
        await month_end(stage, month)
        await this_month(stage)
    await month_end(stage, 8)
    stage.speak_as(Viewer(await stage.employee("2002")))
    assert stage.follow(await greet(stage.turn("你好"), stage.services))[1:] == []


@pytest.mark.parametrize("words", ["别再给我推荐了", "no more suggestions please", "おすすめは要りません"])
async def test_suggestions_end_on_a_wish_and_come_back(stage: Stage, words: str) -> None:
    await stage.invoice(SHOWN, states={"reimbursement": ("paid", None)})
    await stage.invoice(OTHER)
    wish = stage.turn(words, intent="notify.unsubscribe")
    assert stage.follow(await follow.unfollow(wish, stage.services)) == ["habit.off"]
    assert stage.follow(await card(stage)) == ["status.card"]
    on = stage.turn(action="habits:on")
    assert stage.follow(await habits.switch(on, stage.services)) == ["habit.on"]
    assert stage.follow(await card(stage)) == ["status.card", "habit.unsubmitted"]
