"""Between updates and answers: bounds, outages of the store, bugs, and updates that nobody has thought of."""

import asyncio
import copy
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.telegram.incoming import Identity, Incoming, read_update
from bot.channels.telegram.wire import connect
from storage.database import StoreUnavailableError
from storage.records import Message
from tests.fakes.far_end import Fault
from tests.fakes.telegram import BOT_ID, TOKEN, USERNAME
from tests.telegram.conftest import Stage
from tests.telegram.doubles import UPDATES, text_update
from tests.waiting import until

CAPTURED = [json.loads(path.read_text("utf-8")) for path in sorted(UPDATES.glob("*.json"))]
ME = Identity(BOT_ID, USERNAME)
BOT = connect(TOKEN, "http://127.0.0.1:1").bot
JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, 0, -1, 10**40, 1.5, True, "", "x", "\ud83d\x00", [], [None], {}, {"id": {}}, "/" * 40]
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*path, key)
            yield from _places(inner, (*path, key))


def _check_types(message: Message) -> None:
    """What the store needs: texts that are texts, and can be encoded."""
    texts = [message.text, message.id, message.chat.user]
    texts += [each for each in (message.action, message.language, message.album) if each is not None]
    for attachment in message.attachments:
        texts += [attachment.ref, attachment.name, attachment.mime]
        assert attachment.size is None or isinstance(attachment.size, int)
    for text in texts:
        assert isinstance(text, str)
        assert "\x00" not in text
        text.encode()
    assert message.action is None or len(message.action) <= 64


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_no_update_however_maimed_raises(data: st.DataObject) -> None:
    maimed = copy.deepcopy(data.draw(st.sampled_from(CAPTURED)))
    for _ in range(data.draw(st.integers(1, 3))):
        places = list(_places(maimed))
        if not places:
            break
        *parents, last = data.draw(st.sampled_from(places))
        target = maimed
        for key in parents:
            target = target[key]
        if data.draw(st.booleans()):
            target[last] = copy.deepcopy(data.draw(JUNK))
        else:
            del target[last]
    incoming = read_update({"update_id": 1, **maimed}, BOT, ME, {"help"})
    assert incoming is None or isinstance(incoming, Incoming)
    if incoming is not None and incoming.message is not None:
        _check_types(incoming.message)


@pytest.mark.parametrize("raw", [None, 5, "x", [], {}, {"update_id": []}])
def test_what_is_no_update_at_all_means_nothing(raw: object) -> None:
    assert read_update(raw, BOT, ME, ()) in (None, Incoming())


async def test_an_answer_is_tried_again_when_the_store_comes_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, failures = stage.assistant.answer, [StoreUnavailableError(), StoreUnavailableError()]
    monkeypatch.setattr("bot.channels.telegram.intake._RETRIES", (0.05, 0.05))

    async def failing(message: Message) -> None:
        if failures:
            raise failures.pop()
        await answer(message)

    monkeypatch.setattr(stage.assistant, "answer", failing)
    await stage.far_end.push(text_update(7001, 1, "patience"))
    await until(lambda: stage.far_end.texts(7001) == ["回 patience"])


async def test_what_was_written_although_the_store_broke_off_is_answered(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept, failures = stage.assistant.accept, [StoreUnavailableError()]

    async def breaking(message: Message) -> bool:
        new = await accept(message)
        if failures:
            raise failures.pop()
        return new

    monkeypatch.setattr(stage.assistant, "accept", breaking)
    await stage.far_end.push(text_update(7001, 1, "hello"))
    await until(lambda: stage.far_end.texts(7001) == ["回 hello"])


async def test_a_bug_in_an_answer_stops_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = stage.assistant.answer

    async def failing(message: Message) -> None:
        if message.text == "bug":
            raise RuntimeError("a bug")
        await answer(message)

    monkeypatch.setattr(stage.assistant, "answer", failing)
    await stage.far_end.push(text_update(7001, 1, "bug"))
    await stage.far_end.push(text_update(7001, 2, "fine"))
    await until(lambda: stage.far_end.texts(7001) == ["回 fine"])


async def test_when_too_much_is_in_work_updates_wait_at_telegram(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.intake._TURNS", 2)
    stage.assistant.think = {f"m{number}": 0.3 for number in range(4)}
    for number in range(4):
        await stage.far_end.push(text_update(7001 + number, 1, f"m{number}"))
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)
    assert len(stage.assistant.answered) == 0
    assert stage.far_end.waiting > 0
    await until(lambda: len(stage.assistant.answered) == 4)
    await until(lambda: len(stage.far_end.calls("sendMessage")) == 4)


async def test_an_answer_that_does_not_end_does_not_hold_up_the_stop(
    polling: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.adapter._STOP_SECONDS", 0.1)
    polling.assistant.think = {"endless": 60}
    await polling.channel.start()
    await polling.far_end.push(text_update(7001, 1, "endless"))
    await until(lambda: polling.assistant.messages)
    async with asyncio.timeout(1):
        await polling.channel.stop()


async def test_a_bug_in_polling_does_not_end_it(polling: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    take, bugs = polling.channel._polling._take, [RuntimeError("a bug")]

    async def failing(updates: Any) -> None:
        if bugs:
            raise bugs.pop()
        await take(updates)

    monkeypatch.setattr(polling.channel._polling, "_take", failing)
    await polling.channel.start()
    await polling.far_end.push(text_update(7001, 1, "again"))
    await until(lambda: polling.far_end.texts(7001) == ["回 again"])


async def test_no_token_reaches_the_log(
    polling: Stage, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("httpx", "httpcore", "telegram"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    caplog.set_level(logging.DEBUG)
    unauthorized = Fault(401, b'{"ok":false,"error_code":401,"description":"Unauthorized"}')
    await polling.channel.start()
    await polling.far_end.push(text_update(7001, 1, "my secret text"))
    await until(lambda: polling.far_end.texts(7001))
    polling.far_end.fail("getUpdates", unauthorized)
    await polling.far_end.push(text_update(7001, 2, "my secret text"))  # ends the long poll
    printed: list[str] = []

    def everything() -> str:
        printed.extend(capfd.readouterr())
        return caplog.text + "".join(printed)

    await until(lambda: "InvalidToken" in everything(), 10)
    await polling.channel.stop()
    assert TOKEN.partition(":")[2] not in everything()
    assert "secret text" not in everything()
