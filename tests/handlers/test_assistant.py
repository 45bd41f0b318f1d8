"""The one way of a message: kept once, answered once, in order, whatever happens meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import pytest_asyncio

from handlers.assistant import Assistant
from handlers.core import AttachmentError, Outcome, Reply, Services, Turn
from locales.catalog import Catalog
from storage import messages, outbox
from storage.outbox import Lease, Push
from storage.records import Attachment, ChatId, Message, OutboxState, Outgoing, Owner
from storage.store import Store

NOW = datetime(2026, 8, 19, 2, 0, tzinfo=UTC)
CHAT = ChatId("telegram", "42")


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Talk:
    """A route that repeats what it hears, as slow or as broken as a test wants it."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.seconds: dict[str, float] = {}
        self.errors: dict[str, Exception] = {}
        self.running = 0
        self.most = 0

    async def __call__(self, turn: Turn, services: Services) -> Outcome:
        text = turn.message.text
        self.heard.append(text)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.sleep(self.seconds.get(text, 0))
            if text in self.errors:
                raise self.errors[text]
            count = int(turn.conversation.slots.get("count", 0)) + 1
            files = len(turn.message.attachments)
            said = Reply("voice.heard", {"text": f"{text} {count} {files}"})
            return Outcome(turn.settled(count=count), (said,))
        finally:
            self.running -= 1


@pytest.fixture
def talk() -> Talk:
    return Talk()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture
async def assistant(any_store: Store, catalog: Catalog, talk: Talk, clock: Clock) -> AsyncIterator[Assistant]:
    made = assistant_on(any_store, catalog, talk, clock)
    yield made
    await made.finish(1)


def assistant_on(store: Store, catalog: Catalog, talk: Talk, clock: Clock) -> Assistant:
    services = Services(store=store, catalog=catalog, understander=cast(Any, None), now=clock)
    return Assistant(services, live=frozenset({"web"}), route=talk)


def message(text: str, id_: str = "1", chat: ChatId = CHAT, **more: Any) -> Message:
    return Message(id_, chat, text, **more)


async def test_a_copy_gets_the_same_answer_and_does_no_work(assistant: Assistant, talk: Talk) -> None:
    first = await assistant.answer(message("在吗"))
    second = await assistant.answer(message("在吗"))
    assert [item.id for item in first] == [item.id for item in second]
    assert talk.heard == ["在吗"]


async def test_copies_at_the_same_time_join_the_running_answer(assistant: Assistant, talk: Talk) -> None:
    talk.seconds["慢"] = 0.05
    answers = await asyncio.gather(*(assistant.answer(message("慢")) for _ in range(10)))
    assert talk.heard == ["慢"]
    assert len({tuple(item.id for item in answer) for answer in answers}) == 1


async def test_a_chat_is_answered_in_order_and_others_do_not_wait(assistant: Assistant, talk: Talk) -> None:
    talk.seconds = {"一": 0.1}
    other = ChatId("telegram", "43")
    for each in (message("一", "1"), message("二", "2"), message("甲", "1", other)):
        await assistant.accept(each)
    done: list[str] = []

    async def say(each: Message) -> None:
        await assistant.answer(each)
        done.append(each.text)

    await asyncio.gather(say(message("一", "1")), say(message("二", "2")), say(message("甲", "1", other)))
    assert done == ["甲", "一", "二"]


async def test_a_conversation_goes_on_from_turn_to_turn(assistant: Assistant) -> None:
    for number in range(3):
        items = await assistant.answer(message("数", str(number)))
    assert "数 3 0" in items[0].outgoing.text


async def test_two_nodes_answer_one_message_once(
    any_store: Store, catalog: Catalog, talk: Talk, clock: Clock
) -> None:
    nodes = [assistant_on(any_store, catalog, talk, clock) for _ in range(2)]
    talk.seconds["同"] = 0.05
    answers = await asyncio.gather(*(node.answer(message("同")) for node in nodes))
    assert [item.id for item in answers[0]] == [item.id for item in answers[1]]
    kept = [body["text"] for _, direction, body in await any_store.transcript(CHAT) if direction == "out"]
    assert len(kept) == 1


async def test_two_nodes_keep_one_conversation(
    any_store: Store, catalog: Catalog, talk: Talk, clock: Clock
) -> None:
    nodes = [assistant_on(any_store, catalog, talk, clock) for _ in range(2)]
    await asyncio.gather(*(nodes[n % 2].answer(message("数", str(n))) for n in range(6)))
    (loaded,) = (await any_store.read(messages.load, [CHAT])).values()
    assert loaded[0].slots["count"] == 6


async def test_a_bug_is_answered_with_a_reference_and_the_next_message_works(
    assistant: Assistant, talk: Talk
) -> None:
    talk.errors["坏"] = KeyError("secret value")
    items = await assistant.answer(message("坏"))
    assert items[0].outgoing.key == "error.bug"
    assert "secret" not in items[0].outgoing.text
    assert (await assistant.answer(message("好", "2")))[0].outgoing.key == "voice.heard"


async def test_a_file_that_is_gone_is_said(assistant: Assistant, talk: Talk) -> None:
    talk.errors["图"] = AttachmentError("gone")
    assert (await assistant.answer(message("图")))[0].outgoing.key == "error.gone"


async def test_while_a_person_speaks_the_bot_is_silent(
    assistant: Assistant, any_store: Store, talk: Talk
) -> None:
    claim = await any_store.write(messages.claim, messages.Arrival(message("转人工", "0"), NOW))
    waiting = replace(claim.conversation, owner=Owner.AGENT)
    await any_store.write(messages.answer, messages.Answer(claim.id, waiting, 0, (), OutboxState.QUEUED, NOW))
    assert await assistant.answer(message("在吗")) == ()
    assert talk.heard == []


async def test_an_album_is_one_turn(assistant: Assistant, talk: Talk, any_store: Store) -> None:
    parts = [
        message("报销" if n == 0 else "", str(n), album="a", attachments=(Attachment(f"f{n}", kind="photo"),))
        for n in range(3)
    ]
    for part in parts:
        await assistant.accept(part)
    answers = await asyncio.gather(*(assistant.answer(part) for part in parts))
    assert talk.heard == ["报销"]
    assert "报销 1 3" in answers[0][0].outgoing.text
    assert answers[1:] == [(), ()]
    assert await any_store.read(messages.unfinished, NOW) == []


async def test_what_was_held_is_said_at_the_next_contact(assistant: Assistant, any_store: Store) -> None:
    for key, state in (("notice:1", OutboxState.HELD), ("notice:2", OutboxState.IN_DOUBT)):
        await any_store.write(outbox.push, Push(key, Outgoing(CHAT, f"变了 {key}"), state, NOW))
    items = await assistant.answer(message("在吗"))
    assert items[0].outgoing.text == "变了 notice:1"
    assert items[1].outgoing.text.endswith("变了 notice:2")
    assert items[1].outgoing.text != "变了 notice:2"
    again = await assistant.answer(message("在吗", "2"))
    assert len(again) == 1


async def test_a_passive_answer_that_came_too_late_goes_to_the_outbox(
    assistant: Assistant, any_store: Store
) -> None:
    await assistant.answer(message("在吗"), passive=True)
    lease = Lease("telegram", NOW + timedelta(hours=1), 60, 10)
    assert await any_store.write(outbox.lease, lease) == []
    await assistant.postpone(message("在吗"))
    assert len(await any_store.write(outbox.lease, lease)) == 1


async def test_a_written_answer_is_not_sent_again(assistant: Assistant, any_store: Store) -> None:
    items = await assistant.answer(message("在吗"), passive=True)
    await assistant.written(items)
    await assistant.postpone(message("在吗"))
    assert await any_store.write(outbox.lease, Lease("telegram", NOW, 60, 10)) == []


async def test_what_a_crash_left_is_answered_at_the_next_start(
    any_store: Store, catalog: Catalog, talk: Talk, clock: Clock
) -> None:
    await any_store.write(messages.claim, messages.Arrival(message("在吗"), NOW))
    node = assistant_on(any_store, catalog, talk, clock)
    assert await node.recover(NOW) == 1
    assert talk.heard == ["在吗"]
    assert await node.recover(NOW) == 0


async def test_a_message_that_kills_us_is_given_up(
    any_store: Store, catalog: Catalog, talk: Talk, clock: Clock
) -> None:
    claim = await any_store.write(messages.claim, messages.Arrival(message("毒"), NOW))
    for _ in range(5):
        await any_store.write(messages.retry, messages.Retry(claim.id, NOW))
    node = assistant_on(any_store, catalog, talk, clock)
    await node.recover(NOW)
    assert talk.heard == []
    kept = [body["key"] for _, direction, body in await any_store.transcript(CHAT) if direction == "out"]
    assert kept == ["error.bug"]


async def test_the_first_words_are_in_the_language_of_the_client(assistant: Assistant) -> None:
    items = await assistant.answer(message("42", language="ja-JP"))
    assert items[0].outgoing.language == "ja"
    other = await assistant.answer(message("42", chat=ChatId("telegram", "9"), language="fr"))
    assert other[0].outgoing.language == "en"


async def test_a_question_is_forgotten_after_ten_minutes(
    assistant: Assistant, any_store: Store, clock: Clock
) -> None:
    claim = await any_store.write(messages.claim, messages.Arrival(message("问", "0"), NOW))
    asked = replace(claim.conversation, awaiting="invoice_number", misses=1)
    await any_store.write(messages.answer, messages.Answer(claim.id, asked, 0, (), OutboxState.QUEUED, NOW))
    clock.now = NOW + timedelta(minutes=11)
    await assistant.answer(message("在吗"))
    (loaded,) = (await any_store.read(messages.load, [CHAT])).values()
    assert (loaded[0].awaiting, loaded[0].misses) == (None, 0)
