"""T01-T03, start and stop: who we are, how updates come, the command menu; nothing lost on the way."""

import asyncio
import json

import httpx
import pytest

from bot.channels.telegram.adapter import Account
from storage.records import ChatId
from tests.fakes.far_end import BAD_GATEWAY, Fault
from tests.fakes.telegram import flood
from tests.telegram.conftest import COMMANDS, SECRET, Stage
from tests.telegram.doubles import text_update, update
from tests.waiting import until


async def test_start_by_polling_introduces_us_and_publishes_the_menu(polling: Stage) -> None:
    polling.far_end.webhook = {"url": "http://elsewhere.test"}
    await polling.channel.start()
    await until(lambda: polling.channel.ready and len(polling.far_end.commands) == 4)
    await until(lambda: polling.far_end.webhook is None)
    methods = [call.method for call in polling.far_end.journal]
    assert methods[:2] == ["getMe", "deleteWebhook"]
    published = polling.far_end.commands
    assert set(published) == {"", "zh", "en", "ja"}
    assert [each["command"] for each in published["zh"]] == list(COMMANDS["zh"])
    assert published[""] == published["en"]


async def test_start_by_webhook_sets_it_with_the_secret(webhook: Stage) -> None:
    await webhook.channel.start()
    await until(lambda: webhook.channel.ready and webhook.far_end.webhook)
    hook = webhook.far_end.webhook or {}
    assert hook["url"] == "http://piaoda.test/telegram"
    assert hook["secret_token"] == SECRET
    assert set(json.loads(hook["allowed_updates"])) == {"message", "callback_query", "my_chat_member"}
    assert webhook.far_end.calls("getUpdates") == []


@pytest.mark.parametrize("account", [{"secret": "not allowed!"}, {"mode": "webhook"}])
def test_a_setting_that_cannot_work_stops_the_start(account: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="telegram_"):
        Account("1:x", **account)  # type: ignore[arg-type]


async def test_start_survives_a_far_end_that_is_down(polling: Stage) -> None:
    port = polling.far_end.port
    await polling.far_end.close()
    await polling.channel.start()
    await asyncio.sleep(0.3)
    assert not polling.channel.ready
    await polling.far_end.open(port)
    await polling.far_end.push(update("chinese"))
    await until(lambda: polling.far_end.texts(7001), 5)
    assert polling.channel.ready


async def test_start_tries_again_after_errors(webhook: Stage) -> None:
    webhook.far_end.fail("getMe", BAD_GATEWAY)
    webhook.far_end.fail("setWebhook", flood(1))
    webhook.far_end.fail("setMyCommands", BAD_GATEWAY)
    await webhook.channel.start()
    await until(lambda: webhook.far_end.webhook and webhook.channel.ready, 5)
    await until(lambda: len(webhook.far_end.commands) == 3)  # one language failed; the others are there


async def test_updates_in_work_at_the_stop_are_answered(polling: Stage) -> None:
    polling.assistant.think = {"slow": 0.3}
    await polling.channel.start()
    await polling.far_end.push(text_update(7001, 1, "slow"))
    await until(lambda: polling.assistant.begun)
    await polling.channel.stop()
    assert polling.assistant.answered == ["slow"]


async def test_an_update_is_confirmed_only_when_it_is_durable(polling: Stage) -> None:
    polling.assistant.refused = 3
    await polling.channel.start()
    for number in range(3):
        await polling.far_end.push(text_update(7001, number, f"m{number}"))
    await until(lambda: polling.assistant.refused == 0)
    assert polling.far_end.waiting == 3
    await until(lambda: len(polling.far_end.texts(7001)) == 3, 6)
    await until(lambda: polling.far_end.waiting == 0)


async def test_a_restart_takes_over_what_was_not_confirmed(polling: Stage) -> None:
    polling.far_end.fail("getUpdates", Fault(502, b"", delay=0.05))
    await polling.channel.start()
    await polling.far_end.push(text_update(7001, 1, "one"))
    await until(lambda: polling.assistant.messages)
    await polling.channel.stop()
    await polling.far_end.push(text_update(7001, 2, "two"))
    await polling.channel.start()
    await until(lambda: polling.far_end.texts(7001) == ["回 one", "回 two"])


async def test_a_bug_on_one_update_does_not_block_the_next(stage: Stage) -> None:
    stage.assistant.broken = lambda message: message.text == "bug"
    await stage.far_end.push(text_update(7001, 1, "bug"))
    await stage.far_end.push(text_update(7001, 2, "fine"))
    await until(lambda: stage.far_end.texts(7001) == ["回 fine"])
    await until(lambda: stage.far_end.waiting == 0)


async def test_who_blocks_us_is_left_in_peace(stage: Stage) -> None:
    await stage.far_end.push(update("blocked"))
    await until(lambda: stage.assistant.silenced == [ChatId("telegram", "7001")])


async def test_an_empty_answer_at_once_makes_no_busy_loop(polling: Stage) -> None:
    empty = Fault(200, b'{"ok":true,"result":[]}')
    nonsense = Fault(200, b'{"ok":true,"result":[1,{"update_id":"x"}]}')
    polling.far_end.fail("getUpdates", *[empty] * 50, *[nonsense] * 50)
    await polling.channel.start()
    await until(lambda: polling.channel.ready)
    await asyncio.sleep(1)
    assert 2 <= len(polling.far_end.calls("getUpdates")) <= 6


async def test_health_tells_when_polls_fail(polling: Stage) -> None:
    await polling.channel.start()
    await until(lambda: polling.channel.ready)
    polling.far_end.fail("getUpdates", *[BAD_GATEWAY] * 4)
    await polling.far_end.push(text_update(7001, 1, "wake"))
    await until(lambda: not polling.channel.ready, 6)


async def test_polling_mode_serves_no_webhook(polling: Stage) -> None:
    answer: httpx.Response = await polling.http.post("/telegram", json={"update_id": 1})
    assert answer.status_code == 404
