"""The outbox at work: each failure has its state, chats keep their order, a lost lease marks nothing."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.delivery import Delivery
from handlers.core import (
    DeliveryError,
    InDoubtError,
    NeedsContactError,
    RecipientGoneError,
    RetryLaterError,
    UndeliverableError,
)
from storage import notices, outbox
from storage.notices import Watch
from storage.outbox import Lease, Mark, Push, Sweep
from storage.records import Attachment, ChatId, Message, OutboxState, Outgoing
from tests.operations.conftest import Office
from tests.waiting import until

CHAT = ChatId("pigeon", "p1")
OTHER = ChatId("pigeon", "p2")


class Pigeon:
    """A channel that fails as it is told to, and remembers what arrived."""

    name = "pigeon"
    concurrency = 4

    def __init__(self) -> None:
        self.arrived: list[str] = []
        self.failures: dict[str, list[Exception]] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.in_the_air = 0
        self.most = 0

    async def send(self, outgoing: Outgoing, key: str) -> None:
        self.in_the_air += 1
        self.most = max(self.most, self.in_the_air)
        try:
            await self.gate.wait()
            if failures := self.failures.get(key):
                raise failures.pop(0)
            self.arrived.append(outgoing.text)
        finally:
            self.in_the_air -= 1

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        raise NotImplementedError


class Loft:
    """A delivery at work."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.pigeon = Pigeon()
        self.delivery = Delivery(office.store, self.pigeon, lambda: office.now, office.assistant.silence)

    async def push(self, *keys: str, chat: ChatId = CHAT) -> None:
        for key in keys:
            push = Push(key, Outgoing(chat, key), OutboxState.QUEUED, self.office.now)
            await self.office.store.write(outbox.push, push)
        self.delivery.wake()

    async def states(self, chat: ChatId = CHAT) -> dict[str, str]:
        return dict(await self.office.out(chat))

    async def settled(self, chat: ChatId = CHAT) -> dict[str, str]:
        """The states of a chat's messages, once nothing is queued or in the air."""
        while {"queued", "sending"} & set((await self.states(chat)).values()):  # noqa: ASYNC110 -- the database is asked
            await asyncio.sleep(0.01)
        return await self.states(chat)


@pytest_asyncio.fixture
async def loft(office: Office) -> AsyncIterator[Loft]:
    made = Loft(office)
    running = asyncio.create_task(made.delivery.run())
    async with asyncio.timeout(20):
        yield made
    made.pigeon.gate.set()
    await made.delivery.finish(5)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (NeedsContactError("window"), "held"),
        (InDoubtError("time-out"), "in_doubt"),
        (UndeliverableError("blocked"), "dead"),
    ],
)
async def test_each_failure_has_its_state(loft: Loft, error: DeliveryError, state: str) -> None:
    loft.pigeon.failures["one"] = [error]
    await loft.push("one", "two")
    assert await loft.settled() == {"one": state, "two": "sent"}
    assert loft.pigeon.arrived == ["two"]


async def test_a_busy_channel_is_tried_again_and_the_order_kept(loft: Loft) -> None:
    loft.pigeon.failures["one"] = [RetryLaterError(30)]
    await loft.push("one", "two")
    await until(lambda: not loft.pigeon.failures["one"])
    await loft.push("else", chat=OTHER)
    assert await loft.settled(OTHER) == {"else": "sent"}
    assert loft.pigeon.arrived == ["else"]
    loft.office.wait(seconds=31)
    loft.delivery.wake()
    assert await loft.settled() == {"one": "sent", "two": "sent"}
    assert loft.pigeon.arrived == ["else", "one", "two"]


async def test_what_could_not_go_for_two_days_waits_for_the_user(loft: Loft) -> None:
    loft.pigeon.failures["old"] = [RetryLaterError(10), RetryLaterError(10)]
    await loft.push("old")
    await until(lambda: len(loft.pigeon.failures["old"]) == 1)
    loft.office.wait(hours=49)
    loft.delivery.wake()
    assert await loft.settled() == {"old": "held"}


async def test_what_must_wait_for_hours_is_given_before_that_if_the_user_writes(loft: Loft) -> None:
    """A quota of the day that is used up until midnight."""
    loft.pigeon.failures["quota"] = [RetryLaterError(13 * 3600)]
    loft.pigeon.failures["window"] = [NeedsContactError("window")]
    await loft.push("quota", "window")
    assert await loft.settled() == {"quota": "held", "window": "held"}
    loft.office.wait(hours=12)
    await loft.office.store.write(outbox.sweep, Sweep(loft.office.now))
    waiting = await loft.office.store.read(outbox.awaiting_contact, [CHAT])
    assert [item.key for item in waiting] == ["quota", "window"]
    loft.office.wait(hours=2)
    await loft.office.store.write(outbox.sweep, Sweep(loft.office.now))
    loft.delivery.wake()
    assert await loft.settled() == {"quota": "sent", "window": "held"}
    assert loft.pigeon.arrived == ["quota"]


async def test_a_chat_has_one_call_at_a_time_and_chats_do_not_wait(loft: Loft) -> None:
    loft.pigeon.gate.clear()
    await loft.push("one", "two", "three")
    await loft.push("a", "b", chat=OTHER)
    await until(lambda: loft.pigeon.in_the_air == 2)
    loft.pigeon.gate.set()
    await loft.settled()
    await loft.settled(OTHER)
    assert [text for text in loft.pigeon.arrived if len(text) > 1] == ["one", "two", "three"]
    assert [text for text in loft.pigeon.arrived if len(text) == 1] == ["a", "b"]


async def test_calls_in_the_air_are_bounded(loft: Loft) -> None:
    loft.pigeon.gate.clear()
    chats = [ChatId("pigeon", f"p{number}") for number in range(12)]
    for number, chat in enumerate(chats):
        await loft.push(f"k{number}", chat=chat)
    await until(lambda: loft.pigeon.in_the_air == loft.pigeon.concurrency)
    loft.pigeon.gate.set()
    for chat in chats:
        await loft.settled(chat)
    assert loft.pigeon.most == loft.pigeon.concurrency
    assert len(loft.pigeon.arrived) == len(chats)


async def test_a_call_that_outlived_its_lease_is_believed(loft: Loft) -> None:
    loft.pigeon.gate.clear()
    await loft.push("slow")
    await until(lambda: loft.pigeon.in_the_air == 1)
    loft.office.wait(seconds=200)
    assert await loft.office.store.write(outbox.sweep, Sweep(loft.office.now)) == 1
    loft.pigeon.gate.set()
    await loft.delivery.finish(5)
    assert await loft.states() == {"slow": "sent"}


async def test_what_was_given_up_meanwhile_does_not_come_back(loft: Loft) -> None:
    loft.pigeon.failures["slow"] = [RetryLaterError(0)]
    loft.pigeon.gate.clear()
    await loft.push("slow")
    await until(lambda: loft.pigeon.in_the_air == 1)
    await loft.office.assistant.silence(CHAT)  # the user has left
    loft.pigeon.gate.set()
    await loft.delivery.finish(5)
    assert await loft.states() == {"slow": "dead"}
    assert loft.pigeon.arrived == []


async def test_who_has_blocked_us_follows_nothing_any_more_and_is_told_so_on_coming_back(loft: Loft) -> None:
    office = loft.office
    invoice = await office.invoice(await office.person(CHAT, language="ja"))
    await office.store.write(notices.follow, Watch(CHAT, invoice, office.now))
    await office.store.write(notices.follow, Watch(OTHER, invoice, office.now))
    loft.pigeon.failures["blocked"] = [RecipientGoneError("403")]
    loft.pigeon.failures["again"] = [RecipientGoneError("403")]
    await loft.push("blocked", "again")
    words = office.catalog.text("held.left", "ja")
    assert await loft.settled() == {"blocked": "dead", "again": "dead", words: "held"}
    assert await office.store.read(notices.followed, [CHAT, OTHER]) == [[], [invoice]]
    answers = await office.assistant.answer(Message("back", CHAT, "hi"))
    assert answers[0].outgoing.text == words
    assert (await loft.settled())[words] == "sent"


async def test_what_is_refused_for_its_content_ends_no_follow(loft: Loft) -> None:
    office = loft.office
    invoice = await office.invoice(await office.person(CHAT))
    await office.store.write(notices.follow, Watch(CHAT, invoice, office.now))
    loft.pigeon.failures["odd"] = [UndeliverableError("400")]
    await loft.push("odd")
    assert await loft.settled() == {"odd": "dead"}
    assert await office.store.read(notices.followed, [CHAT]) == [[invoice]]


async def test_a_lost_lease_marks_nothing(office: Office) -> None:
    await office.store.write(outbox.push, Push("k", Outgoing(CHAT, "k"), OutboxState.QUEUED, office.now))
    (first,) = await office.store.write(outbox.lease, Lease("pigeon", office.now, 1.0, 5))
    await office.store.write(outbox.mark, Mark((first.id,), OutboxState.QUEUED, office.now))
    (second,) = await office.store.write(outbox.lease, Lease("pigeon", office.now, 1.0, 5))
    late = Mark((first.id,), OutboxState.DEAD, office.now, fence=first.fence)
    assert await office.store.write(outbox.mark, late) == 0
    mine = Mark((second.id,), OutboxState.SENT, office.now, fence=second.fence)
    assert await office.store.write(outbox.mark, mine) == 1


async def test_a_bug_of_a_channel_stops_nobody(loft: Loft) -> None:
    loft.pigeon.failures["broken"] = [ValueError("a bug")]
    await loft.push("broken")
    await loft.push("else", chat=OTHER)
    assert await loft.settled(OTHER) == {"else": "sent"}
    await until(lambda: not loft.pigeon.failures["broken"])
    loft.office.wait(seconds=200)
    await loft.office.store.write(outbox.sweep, Sweep(loft.office.now))
    assert await loft.settled() == {"broken": "in_doubt"}
