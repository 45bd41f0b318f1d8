"""The rows of the Telegram channel that take more than one update."""

import asyncio
import copy
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.drawing.draw import draw
from tests.fakes.far_end import BAD_GATEWAY, Fault, slow
from tests.fakes.telegram import TOKEN, refused
from tests.rows.running import PUBLIC_URL, SECRET, Running
from tests.telegram.doubles import update
from tests.waiting import until

HELP = {"zh": "我能帮您", "en": "(?i)can help|I can", "ja": "ます"}
_HEADER = "X-Telegram-Bot-Api-Secret-Token"


@dataclass
class Chat:
    """Where one row is played: the program, and a user (and group) of the row's own."""

    program: Running
    mode: str
    user: int
    sent: int = 0

    @property
    def group(self) -> int:
        return -100_000_000 - self.user

    @property
    def calls(self) -> list[Any]:
        """What was sent to the user."""
        return self.program.telegram.calls("sendMessage", self.user)

    def own(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """The update as if from the row's user, group and files."""
        text = json.dumps(raw)
        text = re.sub(r"-100200[34]00\b", str(self.group), text)
        text = re.sub(r"(?<![\d\-])7001\b", str(self.user), text)
        text = re.sub(r'"id": "(?!old)(\w+)"', rf'"id": "\g<1>{self.user}"', text)  # of a press
        text = re.sub(r'"(g1|a1|a2|a3)"', rf'"\g<1>{self.user}"', text)
        owned: dict[str, Any] = json.loads(text)
        return owned

    async def push(self, name: str) -> int:
        return await self.program.telegram.push(self.own(update(name)))

    async def write(self, text: str, language: str = "zh-hans") -> None:
        """A message of the user."""
        self.sent += 1
        message = copy.deepcopy(update("chinese"))
        message["message"].update(message_id=900 + self.sent, text=text)
        message["message"]["from"]["language_code"] = language
        await self.program.telegram.push(self.own(message))

    async def answered(self, times: int = 1, chat: int | None = None) -> list[str]:
        """Wait for answers; fails if there are more than so many."""
        chat = self.user if chat is None else chat
        await until(lambda: len(self.program.telegram.texts(chat)) >= times)
        texts = self.program.telegram.texts(chat)
        assert len(texts) == times, texts
        return texts

    async def passed(self) -> None:
        """Wait until what was pushed before has been taken: a later message has its answer."""
        other = Chat(self.program, self.mode, self.user + 50_000)
        await other.write("你好")
        await other.answered()


async def who_we_are(chat: Chat) -> None:
    assert chat.program.telegram.calls("getMe")


async def way_of_updates(chat: Chat) -> None:
    far = chat.program.telegram
    if chat.mode == "polling":
        assert far.webhook is None
        assert far.calls("getUpdates")
        return
    assert far.webhook is not None
    assert (far.webhook["url"], far.webhook["secret_token"]) == (f"{PUBLIC_URL}/telegram", SECRET)
    assert far.calls("getUpdates") == []


async def command_menu(chat: Chat) -> None:
    await until(lambda: set(chat.program.telegram.commands) == {"", "zh", "en", "ja"})
    for menu in chat.program.telegram.commands.values():
        assert {"start", "help"} & {each["command"] for each in menu}


async def largest_size(chat: Chat) -> None:
    await chat.push("photo")
    await until(lambda: [c for c in chat.program.telegram.calls("getFile") if c.params["file_id"] == "large"])
    assert not [
        c for c in chat.program.telegram.calls("getFile") if c.params["file_id"] in ("small", "middle")
    ]
    await until(lambda: chat.calls)


async def album(chat: Chat) -> None:
    for name in ("album_1", "album_2", "album_3"):
        await chat.push(name)
    await chat.answered()
    files = [call.params["file_id"] for call in chat.program.telegram.calls("getFile")]
    assert {f"a{number}{chat.user}" for number in (1, 2, 3)} <= set(files)


async def pdf(chat: Chat) -> None:
    drawn = draw("digital_ordinary", 4711, "A")
    raw = update("pdf")
    raw["message"]["document"]["file_id"] = f"pdf{chat.user}"
    chat.program.telegram.files[f"pdf{chat.user}"] = drawn.pdf()
    await chat.program.telegram.push(chat.own(raw))
    number = str(drawn.truth["number"])
    await until(lambda: any(number in text for text in chat.program.telegram.texts(chat.user)))


async def download_fails(chat: Chat) -> None:
    raw = update("pdf")
    raw["message"]["document"]["file_id"] = f"broken{chat.user}"
    await chat.program.telegram.push(chat.own(raw))
    await chat.answered()


async def same_update_twice(chat: Chat) -> None:
    number = await chat.push("chinese")
    await chat.answered()
    await chat.program.telegram.push({**chat.own(update("chinese")), "update_id": number})
    await chat.push("chinese")  # the same message under another number
    await chat.passed()
    await chat.answered()


async def double_press(chat: Chat) -> None:
    first = chat.own(update("press"))
    second = copy.deepcopy(first)
    second["callback_query"]["id"] += "b"
    await chat.program.telegram.push(first)
    await chat.program.telegram.push(second)
    ids = {first["callback_query"]["id"], second["callback_query"]["id"]}

    def ended() -> set[str]:
        calls = chat.program.telegram.calls("answerCallbackQuery")
        return {call.params["callback_query_id"] for call in calls if call.status == 200}

    await until(lambda: ids <= ended())
    await chat.passed()
    await chat.answered()


async def poll_faults(chat: Chat) -> None:
    conflict = refused(409, "Conflict: terminated by other getUpdates request")
    cut = Fault(carried_out=True, reset=True)
    chat.program.telegram.fail("getUpdates", BAD_GATEWAY, conflict, cut)
    for number in range(3):
        await chat.write(f"发票丢了怎么办{number}")
    await chat.answered(3)


async def closed_topic(chat: Chat) -> None:
    chat.program.telegram.closed_topics.add(4711)
    raw = json.loads(
        json.dumps(chat.own(update("topic"))).replace('"message_thread_id": 15', '"message_thread_id": 4711')
    )
    await chat.program.telegram.push(raw)
    await until(lambda: chat.program.telegram.texts(chat.group))
    chat.program.telegram.violations[:] = [
        each for each in chat.program.telegram.violations if "thread not found" not in each
    ]


async def three_languages(chat: Chat) -> None:
    for place, (language, words) in enumerate(HELP.items()):
        speaker = Chat(chat.program, chat.mode, chat.user + 1000 * place)
        await speaker.write("/help", language)
        (said,) = await speaker.answered()
        assert re.search(words, said), said


async def five_quick_ones(chat: Chat) -> None:
    """Answered in order: each asks for an invoice of another number."""
    numbers = [f"2699{number:016d}" for number in range(5)]
    for number in numbers:
        await chat.write(number)
    texts = await chat.answered(5)
    assert [number for text in texts for number in re.findall(r"2699\d{16}", text)] == numbers


async def forty_users(chat: Chat) -> None:
    users = [Chat(chat.program, chat.mode, user) for user in crowd(chat.user)]
    for one in users:
        await one.write(f"2699{one.user:016d}")
    for one, texts in zip(users, await asyncio.gather(*(one.answered() for one in users)), strict=True):
        assert set(re.findall(r"2699\d{16}", texts[0])) == {f"2699{one.user:016d}"}


def crowd(user: int) -> list[int]:
    """Forty users beside the one of a row."""
    return [user + 1000 * number for number in range(1, 41)]


async def without_secret(chat: Chat) -> None:
    body = json.dumps({"update_id": 5, **chat.own(update("chinese"))}).encode()
    for headers, status in (
        ({}, 401),
        ({_HEADER: ""}, 403),
        ({_HEADER: "wrong"}, 403),
        ({_HEADER: SECRET + "x"}, 403),
    ):
        assert (
            await chat.program.http.post("/telegram", content=body, headers=headers)
        ).status_code == status
    await chat.passed()
    assert chat.calls == []


async def bad_json(chat: Chat) -> None:
    for body in (
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe",
        b'{"update_id": "5"}',
        b'{"message": {}}',
        b"[" * 100_000,
    ):
        answer = await chat.program.http.post("/telegram", content=body, headers={_HEADER: SECRET})
        assert answer.status_code == 400


async def slow_sending(chat: Chat) -> None:
    """The update is acknowledged long before the answer is through."""
    chat.program.telegram.fail("sendMessage", slow(8.0), chat=chat.user)
    body = json.dumps({"update_id": 6, **chat.own(update("chinese"))}).encode()
    async with asyncio.timeout(7.0):
        answer = await chat.program.http.post("/telegram", content=body, headers={_HEADER: SECRET})
    assert answer.status_code == 200
    await chat.answered()


async def well_formed_calls(chat: Chat) -> None:
    assert chat.program.telegram.violations == []


async def no_leaks(chat: Chat) -> None:
    told = json.dumps(
        [dict(call.params) for call in chat.program.telegram.journal], ensure_ascii=False, default=str
    )
    for secret in (TOKEN, SECRET, "Traceback", "site-packages"):
        if secret != SECRET:  # setWebhook tells Telegram this one
            assert secret not in told
        assert secret not in chat.program.server.log
    assert "发票丢了怎么办" not in chat.program.server.log


async def last_answer(chat: Chat) -> None:
    await chat.write("你好")
    assert "发票" in (await chat.answered())[0]
