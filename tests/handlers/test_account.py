"""Binding a chat to a staff number."""

from dataclasses import replace
from datetime import timedelta

import pytest

from handlers import account
from storage import notices, people
from storage.notices import Watch
from storage.people import MAX_FAILURES, NewCode
from storage.records import ChatId, Conversation, Viewer
from tests.handlers.conftest import CHAT, Stage


@pytest.fixture
def stranger(stage: Stage) -> Stage:
    """A chat that is nobody's."""
    stage.conversation = Conversation(ChatId("web", "stranger"))
    stage.viewer = Viewer(None)
    return stage


async def code_for(stage: Stage, number: str) -> str:
    employee_id = await stage.employee(number)
    return await stage.store.write(people.make_code, NewCode(employee_id, stage.now))


async def said(stage: Stage, text: str) -> list[str]:
    """The next message of the flow, tried as the answer that is awaited."""
    parser = {
        "bind_number": account.number,
        "bind_code": account.code,
        "unbind": account.confirm_unbind,
    }[stage.conversation.awaiting or ""]
    outcome = await parser(stage.turn(text), stage.services)
    return [] if outcome is None else stage.follow(outcome)


async def test_a_chat_is_bound_with_number_and_code(stranger: Stage) -> None:
    code = await code_for(stranger, "A-2077")
    begun = await account.bind(stranger.turn("绑定", intent="account.bind"), stranger.services)
    assert stranger.follow(begun) == ["account.ask_number"]
    assert await said(stranger, "我的工号是Ａ-2077。") == ["account.ask_code"]
    assert await said(stranger, f"{code[:4]} {code[4:]}") == ["account.done"]
    bound = await stranger.store.read(people.of_chat, stranger.conversation.chat)
    assert bound is not None
    assert bound.number == "A-2077"
    assert "bind_number" not in stranger.conversation.slots


async def test_a_wrong_code_may_be_sent_again(stranger: Stage) -> None:
    code = await code_for(stranger, "3001")
    stranger.follow(await account.show(stranger.turn(action="account:bind"), stranger.services))
    await said(stranger, "3001")
    assert await said(stranger, "00000000" if code != "00000000" else "11111111") == ["account.wrong"]
    assert await said(stranger, code) == ["account.done"]


async def test_guessing_is_locked_out_and_ends_after_a_while(stranger: Stage) -> None:
    code = await code_for(stranger, "3001")
    stranger.follow(await account.show(stranger.turn(action="account:bind"), stranger.services))
    await said(stranger, "3001")
    wrong = "00000000" if code != "00000000" else "11111111"
    for _ in range(MAX_FAILURES):
        assert await said(stranger, wrong) == ["account.wrong"]
    assert await said(stranger, code) == ["account.locked"]
    stranger.now += timedelta(hours=2)
    stranger.follow(await account.show(stranger.turn(action="account:bind"), stranger.services))
    await said(stranger, "3001")
    assert await said(stranger, code) == ["account.done"]


async def test_a_code_of_another_person_is_wrong(stranger: Stage) -> None:
    code = await code_for(stranger, "3001")
    await stranger.employee("3002")
    stranger.follow(await account.show(stranger.turn(action="account:bind"), stranger.services))
    await said(stranger, "3002")
    assert await said(stranger, code) == ["account.wrong"]


async def test_texts_without_a_number_are_asked_again(stranger: Stage) -> None:
    stranger.follow(await account.show(stranger.turn(action="account:bind"), stranger.services))
    assert await said(stranger, "忘了") == ["account.number_form"]
    assert await said(stranger, "3001") == ["account.ask_code"]
    assert await said(stranger, "123") == ["account.code_form"]


async def test_another_wish_is_no_answer(stranger: Stage) -> None:
    stranger.follow(await account.show(stranger.turn(action="account:bind"), stranger.services))
    assert await account.number(stranger.turn("取消", intent="cancel"), stranger.services) is None
    assert await said(stranger, "3001") == ["account.ask_code"]
    number = stranger.turn("26112000000012345678", intent="invoice.status")
    assert await account.code(number, stranger.services) is None


async def test_the_account_is_shown(stage: Stage, stranger: Stage) -> None:
    shown = await account.show(stranger.turn(action="account"), stranger.services)
    assert stranger.follow(shown) == ["account.unbound"]


async def test_a_bound_chat_says_who_it_belongs_to(stage: Stage) -> None:
    outcome = await account.bind(stage.turn("绑定", intent="account.bind"), stage.services)
    assert stage.follow(outcome) == ["account.bound"]
    assert outcome.replies[0].values["number"] == "1001"


async def test_unbinding_is_confirmed_and_forgets(stage: Stage) -> None:
    record = await stage.invoice("26112000000012345678")
    await stage.store.write(notices.follow, Watch(CHAT, record.id, stage.now))
    stage.conversation = replace(stage.conversation, slots={"invoice": record.id, "shown": [record.id]})
    asked = await account.show(stage.turn(action="account:unbind"), stage.services)
    assert stage.follow(asked) == ["account.unbind_ask"]
    confirmed = await account.confirm_unbind(stage.turn("是的", intent="confirm.yes"), stage.services)
    assert confirmed is not None
    assert stage.follow(confirmed) == ["account.unbind_done"]
    assert await stage.store.read(people.of_chat, CHAT) is None
    assert await stage.store.ask(notices.followed, CHAT) == []
    assert not {"invoice", "shown"} & set(stage.conversation.slots)


async def test_unbinding_can_be_declined(stage: Stage) -> None:
    stage.follow(await account.unbind(stage.turn("解绑"), stage.services))
    kept = await account.confirm_unbind(stage.turn("不了", intent="confirm.no"), stage.services)
    assert kept is not None
    assert stage.follow(kept) == ["account.unbind_kept"]
    assert await stage.store.read(people.of_chat, CHAT) is not None


async def test_an_old_confirmation_button_asks_again(stage: Stage) -> None:
    outcome = await account.show(stage.turn(action="account:unbind_yes"), stage.services)
    assert stage.follow(outcome) == ["account.unbind_ask"]


async def test_binding_to_another_person_ends_the_notices_of_the_first(stage: Stage) -> None:
    record = await stage.invoice("26112000000012345678")
    await stage.store.write(notices.follow, Watch(CHAT, record.id, stage.now))
    code = await code_for(stage, "3001")
    stage.follow(await account.show(stage.turn(action="account:bind"), stage.services))
    await said(stage, "3001")
    assert await said(stage, code) == ["account.done"]
    assert await stage.store.ask(notices.followed, CHAT) == []
