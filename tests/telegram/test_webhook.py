"""T80-T82: the endpoint lets in only Telegram, only updates, and acknowledges when they are durable."""

import asyncio
import json
import time
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from bot.channels.telegram.webhook import secret_for
from tests.fakes.far_end import slow
from tests.telegram.conftest import SECRET, Stage
from tests.telegram.doubles import text_update, update
from tests.waiting import until

HEADER = "X-Telegram-Bot-Api-Secret-Token"


@pytest_asyncio.fixture
async def hook(webhook: Stage) -> AsyncIterator[Stage]:
    await webhook.channel.start()
    await until(lambda: webhook.channel.ready and len(webhook.far_end.commands) == 4)
    yield webhook


async def post(hook: Stage, body: bytes, secret: str | None = SECRET) -> httpx.Response:
    headers = {} if secret is None else {HEADER: secret}
    return await hook.http.post("/telegram", content=body, headers=headers)


def numbered(name: str, number: int = 5) -> bytes:
    return json.dumps({"update_id": number, **update(name)}).encode()


@pytest.mark.parametrize(("secret", "status"), [(None, 401), ("", 403), ("wrong", 403), (SECRET + "x", 403)])
async def test_without_the_secret_nothing_is_run(hook: Stage, secret: str | None, status: int) -> None:
    assert (await post(hook, numbered("chinese"), secret)).status_code == status
    await asyncio.sleep(0.05)
    assert hook.assistant.messages == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"null", 400),
        (b"[]", 400),
        (b"\xff\xfe", 400),
        (b'{"update_id": "5"}', 400),
        (b'{"message": {}}', 400),
        (b'{"update_id":1,"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}", 400),
        (b'{"update_id": 1, "x": "' + b"x" * 300_000 + b'"}', 413),
        (b'{"update_id": 1}', 200),
    ],
)
async def test_what_is_no_update_is_refused(hook: Stage, body: bytes, status: int) -> None:
    assert (await post(hook, body)).status_code == status


@pytest.mark.parametrize("name", ["poison_types", "poison_list", "poison_new_poll", "unknown_kind"])
async def test_what_the_library_cannot_parse_is_taken_so_that_it_does_not_come_again(
    hook: Stage, name: str
) -> None:
    assert (await post(hook, numbered(name))).status_code == 200


async def test_other_methods_are_refused(hook: Stage) -> None:
    assert (await hook.http.get("/telegram", headers={HEADER: SECRET})).status_code == 405


async def test_it_acknowledges_before_the_answer_is_ready(hook: Stage) -> None:
    hook.assistant.think = {"slow": 1.5}
    hook.far_end.fail("sendMessage", slow(1.0))
    began = time.monotonic()
    body = json.dumps({"update_id": 1, **text_update(7001, 1, "slow")}).encode()
    assert (await post(hook, body)).status_code == 200
    assert time.monotonic() - began < 0.5
    assert [message.text for message in hook.assistant.messages] == ["slow"]
    await until(lambda: hook.far_end.texts(7001), 4)


async def test_while_the_store_is_down_the_update_is_to_come_again(hook: Stage) -> None:
    hook.assistant.refused = 2
    await hook.far_end.push(update("chinese"))
    await until(lambda: hook.far_end.texts(7001))
    assert hook.far_end.webhook_answers == [503, 503, 200]


async def test_a_client_that_stalls_is_let_go(hook: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.channels.telegram.webhook._BODY_SECONDS", 0.1)

    async def stalling() -> AsyncIterator[bytes]:
        yield b'{"update_id"'
        await asyncio.sleep(1)

    answer = await hook.http.post("/telegram", content=stalling(), headers={HEADER: SECRET})
    assert answer.status_code == 408


async def test_before_telegram_knows_us_updates_are_to_come_again(webhook: Stage) -> None:
    assert (await post(webhook, numbered("chinese"))).status_code == 503


def test_the_secret_made_from_the_token_tells_nothing_of_it() -> None:
    assert secret_for("42:abc") == secret_for("42:abc") != secret_for("42:abd")
    assert "abc" not in secret_for("42:abc")
