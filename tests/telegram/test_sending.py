"""What goes out: whole texts within Telegram's measure, buttons, files; each failure under its right name."""

import asyncio
import json
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.address import Address
from bot.channels.telegram.pace import Pace
from bot.channels.telegram.sending import Sender
from bot.channels.telegram.splitting import clean, split, units
from bot.channels.telegram.wire import connect
from handlers.core import DeliveryError, InDoubtError, RetryLaterError, UndeliverableError
from storage.records import ChatId, Choice, Outgoing
from tests.fakes.far_end import BAD_GATEWAY, PORTAL, RESET, Fault
from tests.fakes.telegram import BLOCKED, TOKEN, FakeTelegram, flood, refused
from tests.telegram.conftest import DOCUMENTS, Stage, read_document
from tests.telegram.doubles import text_update
from tests.waiting import until


def to(user: str, text: str, *choices: Choice, file: str | None = None, name: str | None = None) -> Outgoing:
    return Outgoing(ChatId("telegram", user), text, choices, file=file, file_name=name)


@pytest_asyncio.fixture
async def far_end() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as fake:
        yield fake


@pytest_asyncio.fixture
async def sender(far_end: FakeTelegram) -> AsyncIterator[Sender]:
    bot = connect(TOKEN, far_end.base).bot
    await bot.initialize()
    yield Sender(bot, read_document)
    await bot.shutdown()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("x" * 4096, 1),
        ("x" * 4097, 2),
        ("🧾" * 2048, 1),
        ("🧾" * 2049, 2),
        ("发票状态：已开具。" * 1000, 3),
        ("*_`[<b>&" * 600, 2),
    ],
)
async def test_long_text_goes_out_whole(sender: Sender, far_end: FakeTelegram, text: str, parts: int) -> None:
    await sender.send(to("7001", text, Choice("帮助", "help")), "k")
    calls = far_end.calls("sendMessage")
    assert len(calls) == parts
    assert "".join(far_end.texts(7001)) == text
    assert ["reply_markup" in call.params for call in calls] == [False] * (parts - 1) + [True]
    assert far_end.violations == []


@given(st.text(alphabet=st.sampled_from("发票。，.!? \n\t🧾👨\u200d\ufe0f🏽e\u0301a"), max_size=400))
def test_split_keeps_every_character_and_the_limit(text: str) -> None:
    parts = split(text, 40)
    assert all(0 < units(part) <= 40 for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_split_prefers_the_end_of_a_sentence() -> None:
    assert split("一二三四五六七八九。甲乙丙丁", 12) == ["一二三四五六七八九。", "甲乙丙丁"]
    assert split("one two. three four five", 14) == ["one two.", "three four", "five"]
    assert split("a" * 10 + "👨\u200d👩\u200d👧", 14) == ["a" * 10, "👨\u200d👩\u200d👧"]


def test_text_that_cannot_be_encoded_is_mended() -> None:
    assert clean("a\ud83db\x00c🧾") == "a\ufffdbc🧾"


async def test_blank_text_is_not_sent(sender: Sender, far_end: FakeTelegram) -> None:
    await sender.send(to("7001", " \n "), "k")
    assert far_end.calls("sendMessage") == []


async def test_buttons_fit_and_stand_two_in_a_row_when_short(sender: Sender, far_end: FakeTelegram) -> None:
    choices = [
        Choice("查发票", "status"),
        Choice("帮助", "help"),
        Choice("到账了告诉我，谢谢你啦", "follow:" + "9" * 57),
        Choice("取消", "cancel"),
        Choice("いいえ", "no"),
        Choice("太长的动作", "x" * 65),
        Choice("空", ""),
        Choice(" ", "blank"),
    ]
    await sender.send(to("7001", "选一个", *choices), "k")
    (call,) = far_end.calls("sendMessage")
    rows = json.loads(call.params["reply_markup"])["inline_keyboard"]
    assert [[button["callback_data"] for button in row] for row in rows] == [
        ["status", "help"],
        ["follow:" + "9" * 57],
        ["cancel", "no"],
    ]


async def test_many_buttons_are_cut_at_a_hundred(sender: Sender, far_end: FakeTelegram) -> None:
    await sender.send(to("7001", "x", *(Choice(f"{n}", f"n:{n}") for n in range(130))), "k")
    assert far_end.violations == []


@pytest.mark.parametrize(
    ("user", "chat", "topic"),
    [("7001", 7001, None), ("7001/3", 7001, "3"), ("-100/15@7", -100, "15"), ("-100@7", -100, None)],
)
async def test_the_answer_goes_where_the_question_was(
    sender: Sender, far_end: FakeTelegram, user: str, chat: int, topic: str | None
) -> None:
    assert Address.parse(user).chat_id.user == user
    await sender.send(to(user, "hello"), "k")
    (call,) = far_end.calls("sendMessage", chat)
    assert call.params.get("message_thread_id") == topic


async def test_a_file_follows_its_text(sender: Sender, far_end: FakeTelegram) -> None:
    await sender.send(to("7001/3", "给你", Choice("好", "ok"), file="kept", name="发票.pdf"), "k")
    (call,) = far_end.calls("sendDocument")
    assert call.files["document"] == ("发票.pdf", DOCUMENTS["kept"])
    assert call.params["message_thread_id"] == "3"
    assert far_end.texts(7001) == ["给你"]


async def test_a_file_that_is_gone_is_undeliverable(sender: Sender) -> None:
    with pytest.raises(UndeliverableError):
        await sender.send(to("7001", "", file="lost"), "k")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (BAD_GATEWAY, RetryLaterError),
        (PORTAL, RetryLaterError),
        (RESET, RetryLaterError),
        (refused(500, "Internal Server Error"), RetryLaterError),
        (refused(401, "Unauthorized"), RetryLaterError),
        (BLOCKED, UndeliverableError),
        (refused(400, "Bad Request: chat not found"), UndeliverableError),
        (refused(400, "Bad Request: TOPIC_CLOSED"), UndeliverableError),
    ],
)
async def test_failures_have_their_right_names(
    sender: Sender, far_end: FakeTelegram, fault: Fault, error: type[DeliveryError]
) -> None:
    far_end.fail("sendMessage", fault)
    with pytest.raises(error):
        await sender.send(to("7001", "hello"), "k")
    assert len(far_end.calls("sendMessage")) == 1


async def test_no_connection_is_certainly_not_delivered(sender: Sender, far_end: FakeTelegram) -> None:
    port = far_end.port
    await far_end.close()
    with pytest.raises(RetryLaterError):
        await sender.send(to("7001", "hello"), "k")
    await far_end.open(port)


async def test_a_time_out_after_sending_is_in_doubt(
    far_end: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.wire.READ_SECONDS", 0.3)
    bot = connect(TOKEN, far_end.base).bot
    sender = Sender(bot, read_document)
    far_end.fail("sendMessage", Fault(carried_out=True, delay=1.0))
    with pytest.raises(InDoubtError):
        await sender.send(to("7001", "hello"), "k")
    assert far_end.texts(7001) == ["hello"]
    await bot.shutdown()


async def test_a_number_that_is_no_chat_is_undeliverable(sender: Sender) -> None:
    with pytest.raises(UndeliverableError):
        await sender.send(to("nobody", "hello"), "k")


async def test_after_a_pause_only_the_missing_part_is_sent(sender: Sender, far_end: FakeTelegram) -> None:
    text = "甲" * 4096 + "乙" * 4096
    far_end.fail("sendMessage", Fault(0, carried_out=True), flood(1))
    with pytest.raises(RetryLaterError) as caught:
        await sender.send(to("7001", text), "k")
    assert caught.value.seconds == 1.0
    with pytest.raises(RetryLaterError):
        await sender.send(to("7001", text), "k")  # too early: not even tried
    await asyncio.sleep(1.0)
    await sender.send(to("7001", text), "k")
    assert far_end.texts(7001) == ["甲" * 4096, "乙" * 4096]
    assert len(far_end.calls("sendMessage")) == 3


async def test_a_group_that_became_a_supergroup_gets_its_answer(
    sender: Sender, far_end: FakeTelegram
) -> None:
    far_end.fail(
        "sendMessage", refused(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1009)
    )
    await sender.send(to("-9@7001", "hello"), "k")
    assert far_end.texts(-1009) == ["hello"]


async def test_the_answer_to_a_deleted_topic_goes_to_its_group(sender: Sender, far_end: FakeTelegram) -> None:
    far_end.closed_topics.add(15)
    await sender.send(to("-100/15@7001", "hello"), "k")
    assert far_end.texts(-100) == ["hello"]
    assert "message_thread_id" not in far_end.calls("sendMessage")[-1].params


async def test_refused_buttons_do_not_cost_the_text(sender: Sender, far_end: FakeTelegram) -> None:
    far_end.fail("sendMessage", refused(400, "Bad Request: BUTTON_DATA_INVALID"))
    await sender.send(to("7001", "hello", Choice("好", "ok")), "k")
    assert far_end.texts(7001) == ["hello"]
    far_end.fail("sendDocument", refused(400, "Bad Request: BUTTON_DATA_INVALID"))
    await sender.send(to("7001", "", Choice("好", "ok"), file="kept"), "k2")
    assert far_end.calls("sendDocument")[-1].status == 200


async def test_the_pace_of_a_chat_and_of_the_bot() -> None:
    pace = Pace()
    began = time.monotonic()
    for _ in range(6):
        await pace.turn(1)
    assert 0.9 < time.monotonic() - began < 1.5  # five at once, then one a second
    began = time.monotonic()
    await asyncio.gather(*(pace.turn(chat) for chat in range(2, 32)))
    assert 0.9 < time.monotonic() - began < 1.6  # 30 in a second, not more
    for _ in range(5):
        await pace.turn(-1)
    with pytest.raises(RetryLaterError):
        await pace.turn(-1)  # a group: 20 a minute


async def test_many_chats_under_429_pause_the_bot() -> None:
    pace = Pace()
    for chat in range(1, 5):
        pace.pause(chat, 5)
    await pace.turn(9)
    pace.pause(5, 5)
    with pytest.raises(RetryLaterError):
        await pace.turn(9)


async def test_no_more_than_ten_calls_at_once(sender: Sender, far_end: FakeTelegram) -> None:
    far_end.fail("sendMessage", *[Fault(carried_out=True, delay=0.4)] * 15)
    sends = [asyncio.create_task(sender.send(to(str(chat), "x"), str(chat))) for chat in range(1, 16)]
    await asyncio.sleep(0.3)
    assert len(far_end.calls("sendMessage")) == 10
    await asyncio.gather(*sends)
    assert len(far_end.calls("sendMessage")) == 15


async def test_a_stopped_channel_sends_nothing(polling: Stage) -> None:
    await polling.channel.start()
    await polling.far_end.push(text_update(7001, 1, "x"))
    await until(lambda: polling.far_end.texts(7001))
    await polling.channel.stop()
    with pytest.raises(RetryLaterError):
        await polling.channel.send(to("7001", "late"), "k")
