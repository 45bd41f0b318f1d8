"""T30, T50-T55, T70, T71: repeats, floods, outages, crowds; answered once each, and others not held up."""

import asyncio
import time

import pytest

from tests.fakes.far_end import BAD_GATEWAY, PORTAL, RESET, Fault, slow
from tests.fakes.telegram import BLOCKED, NO_RESULT, flood, refused
from tests.telegram.conftest import Stage
from tests.telegram.doubles import text_update, update
from tests.waiting import until


@pytest.mark.parametrize(
    "fault",
    [BAD_GATEWAY, PORTAL, NO_RESULT, RESET, flood(1), refused(500, "Internal Server Error"), slow(1.0)],
)
async def test_a_fault_while_sending_delays_only_its_chat(stage: Stage, fault: Fault) -> None:
    stage.far_end.fail("sendMessage", fault, chat=7001)
    await stage.far_end.push(text_update(7001, 1, "hit"))
    await stage.far_end.push(text_update(7001, 2, "after"))
    began = time.monotonic()
    await stage.far_end.push(text_update(7002, 1, "free"))
    await until(lambda: stage.far_end.texts(7002) == ["回 free"])
    assert time.monotonic() - began < 0.8
    await until(lambda: stage.far_end.texts(7001) == ["回 hit", "回 after"], 5)
    await asyncio.sleep(0.3)
    assert stage.far_end.texts(7001) == ["回 hit", "回 after"]


async def test_the_pause_of_429_is_kept(stage: Stage) -> None:
    stage.far_end.fail("sendMessage", flood(1), chat=7001)
    await stage.far_end.push(text_update(7001, 1, "one"))
    await until(lambda: stage.far_end.texts(7001) == ["回 one"], 5)
    refused_call, sent = stage.far_end.calls("sendMessage", 7001)
    assert sent.at - refused_call.at >= 1.0


async def test_who_has_blocked_us_is_not_tried_again(stage: Stage) -> None:
    stage.far_end.fail("sendMessage", *[BLOCKED] * 5, chat=7001)
    await stage.far_end.push(text_update(7001, 1, "hello"))
    await until(lambda: stage.assistant.failures)
    await asyncio.sleep(0.3)
    assert len(stage.far_end.calls("sendMessage", 7001)) == 1


@pytest.mark.parametrize(
    "faults",
    [
        [BAD_GATEWAY, BAD_GATEWAY],
        [RESET],
        [PORTAL],
        [NO_RESULT],
        [Fault(200, b'{"ok":true,"result":{"not":"a list"}}')],
        [flood(1)],
        [refused(409, "Conflict: terminated by other getUpdates request")],
        [refused(409, "Conflict: can't use getUpdates method while webhook is active")],
    ],
)
async def test_a_fault_while_polling_loses_nothing(polling: Stage, faults: list[Fault]) -> None:
    polling.far_end.fail("getUpdates", *faults)
    await polling.channel.start()
    for number in range(3):
        await polling.far_end.push(text_update(7001, number, f"m{number}"))
    await until(lambda: len(polling.far_end.texts(7001)) == 3, 8)
    assert polling.far_end.texts(7001) == ["回 m0", "回 m1", "回 m2"]


async def test_a_poll_that_was_carried_out_but_cut_off_loses_nothing(polling: Stage) -> None:
    await polling.channel.start()
    await until(lambda: polling.channel.ready)
    polling.far_end.fail("getUpdates", Fault(carried_out=True, reset=True))
    for number in range(3):
        await polling.far_end.push(text_update(7001, number, f"m{number}"))
        await asyncio.sleep(0.05)
    await until(lambda: len(polling.far_end.texts(7001)) == 3, 5)


async def test_a_second_poller_is_borne_with(polling: Stage) -> None:
    await polling.channel.start()
    await until(lambda: polling.far_end.calls("setMyCommands"))
    other = asyncio.create_task(polling.far_end._do_getUpdates({"timeout": 1}, {}))
    await asyncio.sleep(0.1)
    await polling.far_end.push(text_update(7001, 1, "still here"))
    await until(lambda: polling.far_end.texts(7001), 5)
    await asyncio.gather(other, return_exceptions=True)
    polling.far_end.violations.clear()


async def test_the_same_update_again_is_answered_once(stage: Stage) -> None:
    number = await stage.far_end.push(update("chinese"))
    await until(lambda: stage.far_end.texts(7001))
    await stage.far_end.push({**update("chinese"), "update_id": number})
    await stage.far_end.push(update("chinese"))  # the same message under another number
    await stage.far_end.push(text_update(7999, 1, "after"))
    await until(lambda: stage.far_end.texts(7999))
    assert len(stage.far_end.texts(7001)) == 1


async def test_a_double_press_is_answered_once_and_both_presses_end(stage: Stage) -> None:
    first, second = update("press"), update("press")
    second["callback_query"]["id"] = "901b"
    await stage.far_end.push(first)
    await stage.far_end.push(second)
    await until(lambda: len(stage.far_end.calls("answerCallbackQuery")) == 2)
    await until(lambda: stage.far_end.texts(7001))
    await asyncio.sleep(0.2)
    assert len(stage.far_end.texts(7001)) == 1


async def test_a_press_survives_the_store_being_down(stage: Stage) -> None:
    stage.assistant.refused = 1
    await stage.far_end.push(update("press"))
    await until(lambda: stage.far_end.texts(7001) == ["回 查发票"], 5)
    await until(lambda: stage.far_end.calls("answerCallbackQuery"))


@pytest.mark.parametrize("fault", [flood(1), BAD_GATEWAY, RESET])
async def test_a_press_is_answered_in_spite_of_faults(stage: Stage, fault: Fault) -> None:
    stage.far_end.fail("answerCallbackQuery", fault)
    await stage.far_end.push(update("press"))
    await until(lambda: [c.status for c in stage.far_end.calls("answerCallbackQuery")][1:] == [200], 4)


async def test_five_quick_messages_are_answered_in_order(stage: Stage) -> None:
    stage.assistant.think = {"m0": 0.3, "m2": 0.1}
    for number in range(5):
        await stage.far_end.push(text_update(7001, number, f"m{number}"))
    await until(lambda: len(stage.far_end.texts(7001)) == 5, 5)
    assert stage.far_end.texts(7001) == [f"回 m{number}" for number in range(5)]


async def test_forty_users_at_once_each_in_their_own_chat(stage: Stage) -> None:
    began = time.monotonic()
    for chat in range(8001, 8041):
        await stage.far_end.push(text_update(chat, 1, f"I am {chat}"))
    await until(lambda: len(stage.far_end.calls("sendMessage")) == 40, 5)
    assert time.monotonic() - began < 5
    assert all(stage.far_end.texts(chat) == [f"回 I am {chat}"] for chat in range(8001, 8041))


async def test_one_slow_user_delays_no_other(stage: Stage) -> None:
    stage.assistant.think = {"slow": 1.5}
    await stage.far_end.push(text_update(7001, 1, "slow"))
    await stage.far_end.push(text_update(7002, 1, "quick"))
    await until(lambda: stage.far_end.texts(7002), 1)
    assert stage.far_end.texts(7001) == []


async def test_typing_is_shown_when_an_answer_takes_its_time(stage: Stage) -> None:
    stage.assistant.think = {"slow": 1.4}
    stage.far_end.fail("sendChatAction", BAD_GATEWAY, chat=7002)
    await stage.far_end.push(text_update(7001, 1, "slow"))
    await stage.far_end.push(text_update(7002, 1, "slow"))
    await stage.far_end.push(text_update(7003, 1, "quick"))
    await until(lambda: stage.far_end.texts(7001) and stage.far_end.texts(7002))
    assert [call.params["action"] for call in stage.far_end.calls("sendChatAction", 7001)] == ["typing"]
    assert stage.far_end.calls("sendChatAction", 7003) == []


async def test_the_parts_of_an_album_share_its_mark(stage: Stage) -> None:
    for name in ("album_1", "album_2", "album_3"):
        await stage.far_end.push(update(name))
    await until(lambda: len(stage.assistant.messages) == 3)
    assert {message.album for message in stage.assistant.messages} == {"g1"}
    assert [message.attachments[0].ref for message in stage.assistant.messages] == ["a1", "a2", "a3"]
