"""Answers in time, copies, and what goes another way (rows D25, D26, F, H)."""

import asyncio
import time

import pytest

from bot.channels.wechat import talk
from storage.records import ChatId, Choice, OutboxState
from tests.fakes.far_end import BAD_GATEWAY, slow
from tests.waiting import until
from tests.wechat.conftest import Stage, open_stage
from tests.wechat.doubles import payload, text_push


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The platform's five seconds, shortened."""
    monkeypatch.setattr("bot.channels.wechat.adapter.PASSIVE_SECONDS", 0.5)
    monkeypatch.setattr(talk, "_TYPING_AFTER", 0.1)


async def _until_hang_up(stage: Stage, xml: str, seconds: float = 0.8) -> str | None:
    """What the user reads; "cut" where the platform lost patience."""
    try:
        async with asyncio.timeout(seconds):
            return await stage.platform.say(xml)
    except TimeoutError:
        return "cut"


async def test_copies_get_the_same_answer(stage: Stage) -> None:
    xml = text_push("oCopies", "5", "你好")
    assert [await stage.platform.say(xml) for _ in range(3)] == ["回 你好"] * 3
    at_once = text_push("oCopies", "6", "在吗")
    said = await asyncio.gather(*(stage.platform.say(at_once) for _ in range(20)))
    assert set(said) == {"回 在吗"}
    assert stage.assistant.turns == 2
    await until(lambda: set(stage.assistant.states(ChatId("wechat", "oCopies"))) == {OutboxState.SENT})


async def test_copies_of_an_event_run_once_and_other_events_of_its_second_too(stage: Stage) -> None:
    for _ in range(3):
        assert await stage.platform.say(payload("subscribe")) == "回 start"
    assert await stage.platform.say(payload("click")) == "回 status"
    assert stage.assistant.turns == 2


async def test_the_same_words_twice_and_one_number_from_two_users(stage: Stage) -> None:
    assert await stage.platform.say(text_push("oA", "1", "你好")) == "回 你好"
    assert await stage.platform.say(text_push("oA", "2", "你好")) == "回 你好"
    assert await stage.platform.say(text_push("oB", "1", "我是乙")) == "回 我是乙"
    assert stage.assistant.turns == 3


@pytest.mark.usefixtures("quick")
async def test_a_slow_answer_follows_as_customer_service_message(stage: Stage) -> None:
    stage.assistant.think = {"慢": 1.0}
    xml = text_push("oSlow", "1", "慢")
    start = time.monotonic()
    assert await stage.platform.say(xml) is None
    assert time.monotonic() - start < 0.9
    assert await stage.platform.say(xml) is None  # a copy on the way starts nothing
    await until(lambda: stage.far_end.texts("oSlow") == ["回 慢"])
    assert await stage.platform.say(xml) is None
    assert stage.assistant.turns == 1
    assert stage.far_end.texts("oSlow") == ["回 慢"]
    assert len(stage.far_end.calls("typing")) == 1


@pytest.mark.usefixtures("quick")
async def test_a_slow_picture_is_acknowledged_and_its_copies_send_nothing(stage: Stage) -> None:
    stage.assistant.think = {"photo": 0.8}
    assert await stage.platform.say(payload("image")) == "[channel.reading zh]"
    for _ in range(3):
        assert await stage.platform.say(payload("image")) is None
    await until(lambda: stage.far_end.texts("oLoopbackUser") == ["回 photo"])
    assert await stage.platform.say(payload("image")) is None
    await asyncio.sleep(0.2)
    assert stage.far_end.texts("oLoopbackUser") == ["回 photo"]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("deliveries", [1, 2])
async def test_without_the_right_the_redelivery_collects(deliveries: int) -> None:
    async with open_stage("safe", app_secret=None) as stage:
        stage.assistant.think = {"慢": 0.9 * deliveries}
        xml = text_push("oPatient", "1", "慢")
        for _ in range(deliveries):
            assert await _until_hang_up(stage, xml) == "cut"
        assert await _until_hang_up(stage, xml) == "回 慢"
        assert stage.assistant.turns == 1
        await until(lambda: stage.assistant.states(ChatId("wechat", "oPatient")) == [OutboxState.SENT])


@pytest.mark.usefixtures("quick")
async def test_without_the_right_the_last_delivery_tells_how_to_fetch_it() -> None:
    async with open_stage("safe", app_secret=None) as stage:
        stage.assistant.think = {"慢": 2.5}
        xml = text_push("oPatient", "1", "慢")
        assert await _until_hang_up(stage, xml) == "cut"
        assert await _until_hang_up(stage, xml) == "cut"
        assert await _until_hang_up(stage, xml) == "[channel.fetch_later zh]"
        await until(lambda: stage.assistant.states(ChatId("wechat", "oPatient")) == [OutboxState.HELD], 4)
        assert await stage.platform.say(text_push("oPatient", "2", "1")) == "回 慢\n\n回 1"
        await until(lambda: set(stage.assistant.states(ChatId("wechat", "oPatient"))) == {OutboxState.SENT})


@pytest.mark.usefixtures("quick")
async def test_the_right_is_learnt_while_typing_is_shown() -> None:
    async with open_stage("safe") as stage:
        stage.far_end.rights -= {"custom", "typing"}
        stage.assistant.think = {"慢": 0.9}
        xml = text_push("oLearn", "1", "慢")
        assert await _until_hang_up(stage, xml) == "cut"
        assert await _until_hang_up(stage, xml) == "回 慢"
        assert not stage.far_end.calls("custom/send")


@pytest.mark.usefixtures("quick")
async def test_another_node_knows_the_last_delivery_by_its_age() -> None:
    async with open_stage("safe", app_secret=None) as stage:
        stage.assistant.think = {"慢": 3}
        old = text_push("oNode", "1", "慢").replace(
            f"<CreateTime>{int(time.time())}", f"<CreateTime>{int(time.time()) - 10}"
        )
        assert await _until_hang_up(stage, old) == "[channel.fetch_later zh]"


async def test_a_hang_up_leaves_the_answer_for_the_copy() -> None:
    async with open_stage("safe", app_secret=None) as stage:
        stage.assistant.think = {"慢": 2.2}
        xml = text_push("oGone", "1", "慢")
        assert await _until_hang_up(stage, xml, 1.8) == "cut"
        assert await stage.platform.say(xml) == "回 慢"


async def test_the_store_being_down_asks_for_redelivery(stage: Stage) -> None:
    stage.assistant.is_down = True
    xml = text_push("oDown", "1", "你好")
    assert (await stage.platform.push(xml)).status_code == 503
    stage.assistant.is_down = False
    assert await stage.platform.say(xml) == "回 你好"


async def test_a_long_answer_goes_on_by_customer_service_message(stage: Stage) -> None:
    sentence = "这张发票已经开具，报销还没有开始。"
    stage.assistant.words = lambda _message: sentence * 100
    stage.assistant.choices = (Choice("查发票", "status"), Choice("转人工", "human"))
    xml = text_push("oLong", "1", "全部")
    first = await stage.platform.say(xml)
    assert first is not None
    assert first.endswith("。")
    await until(lambda: len(stage.far_end.texts("oLong")) == 2)
    words = "".join([first, *stage.far_end.texts("oLong")])
    assert words == sentence * 100 + "\n查发票\n转人工"
    assert await stage.platform.say(xml) == first
    await asyncio.sleep(0.1)
    assert len(stage.far_end.texts("oLong")) == 2


async def test_a_long_answer_waits_for_the_next_contact_without_the_right() -> None:
    async with open_stage("safe", app_secret=None) as stage:
        stage.assistant.words = lambda message: "句子。" * 350 if message.text == "全部" else "好。"
        first = await stage.platform.say(text_push("oLong", "1", "全部"))
        assert first is not None
        assert first.endswith("。\n\n[channel.more zh]")
        await until(lambda: OutboxState.HELD in stage.assistant.states(ChatId("wechat", "oLong")))
        second = await stage.platform.say(text_push("oLong", "2", "1"))
        assert second is not None
        body = first.removesuffix("\n\n[channel.more zh]") + second.removesuffix("\n\n好。")
        assert body == "句子。" * 350


async def test_buttons_are_links_in_a_reply(stage: Stage) -> None:
    stage.assistant.choices = (Choice("查发票", "status"), Choice('a"b<c>&d', "faq:1"))
    assert await stage.platform.say(text_push("oButtons", "1", "你好")) == (
        "回 你好\n\n"
        '<a href="weixin://bizmsgmenu?msgmenucontent=查发票&msgmenuid=status">查发票</a>\n'
        '<a href="weixin://bizmsgmenu?msgmenucontent=a%22b＜c＞%26d&msgmenuid=faq:1">a"b＜c＞&d</a>'
    )


async def test_fifty_users_at_once_and_a_hundred_in_a_row(stage: Stage) -> None:
    async def talk_to(user: int) -> float:
        start = time.monotonic()
        assert await stage.platform.say(text_push(f"oMany{user}", "1", f"我是{user}")) == f"回 我是{user}"
        return time.monotonic() - start

    assert max(await asyncio.gather(*(talk_to(user) for user in range(50)))) < 5
    seconds = sorted([await talk_to(user) for user in range(100, 200)])
    assert seconds[98] < 0.5


async def test_a_hanging_media_host_does_not_hold_the_answer() -> None:
    async with open_stage("plain") as stage:
        stage.far_end.fail("media/get", slow(30))
        stage.far_end.fail("typing", BAD_GATEWAY)
        start = time.monotonic()
        assert await stage.platform.say(payload("image")) == "回 photo"
        assert time.monotonic() - start < 1
