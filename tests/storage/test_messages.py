"""Inbox, transcript and outbox, on both databases."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from storage import messages, outbox
from storage.messages import Answer, Arrival, ConversationChangedError
from storage.outbox import Lease, Mark, Push, Sweep
from storage.records import ChatId, Choice, Message, OutboxState, Outgoing
from storage.store import Store

NOW = datetime(2026, 8, 19, 2, 0, tzinfo=UTC)
CHAT = ChatId("telegram", "42")


def says(text: str, id_: str = "1", chat: ChatId = CHAT) -> Arrival:
    return Arrival(Message(id_, chat, text), NOW)


async def answered(
    store: Store, arrival: Arrival, *texts: str, state: OutboxState = OutboxState.QUEUED
) -> Answer:
    claim = await store.write(messages.claim, arrival)
    chat = arrival.message.chat
    outgoing = tuple(Outgoing(chat, text, (Choice("好", "yes"),)) for text in texts)
    answer = Answer(claim.id, claim.conversation, claim.version, outgoing, state, NOW)
    kept = await store.write(messages.answer, answer)
    assert not isinstance(kept, ConversationChangedError)
    return answer


async def test_a_message_is_new_once(any_store: Store) -> None:
    first, second = await asyncio.gather(*(any_store.write(messages.claim, says("在吗")) for _ in range(2)))
    assert [first.new, second.new] == [True, False]
    assert first.id == second.id
    again = await any_store.write(messages.claim, says("在吗"))
    assert (again.new, again.done) == (False, False)


async def test_the_same_number_in_another_chat_is_another_message(any_store: Store) -> None:
    other = ChatId("telegram", "43")
    claims = [await any_store.write(messages.claim, says("在吗", "1", chat)) for chat in (CHAT, other)]
    assert [claim.new for claim in claims] == [True, True]


async def test_an_answer_is_kept_with_its_message(any_store: Store) -> None:
    answer = await answered(any_store, says("在吗"), "在", "请说")
    again = await any_store.write(messages.claim, says("在吗"))
    assert again.done
    found = await any_store.read(messages.answers_to, answer.message_id)
    assert [item.outgoing.text for item in found] == ["在", "请说"]
    assert found[0].outgoing.choices == (Choice("好", "yes"),)


async def test_an_answer_to_a_conversation_that_moved_on_leaves_nothing(any_store: Store) -> None:
    claims = [await any_store.write(messages.claim, says("一", str(number))) for number in (1, 2)]
    answers = [
        Answer(
            claim.id,
            claim.conversation,
            claim.version,
            (Outgoing(CHAT, f"答{claim.id}"),),
            OutboxState.QUEUED,
            NOW,
        )
        for claim in claims
    ]
    kept = [await any_store.write(messages.answer, answer) for answer in answers]
    assert isinstance(kept[1], ConversationChangedError)
    assert not await any_store.read(messages.is_done, claims[1].id)
    assert await any_store.read(messages.answers_to, claims[1].id) == ()


async def test_the_outbox_keeps_the_order_of_a_chat(any_store: Store) -> None:
    await answered(any_store, says("一", "1"), "答一", "答一续")
    await answered(any_store, says("二", "2", ChatId("telegram", "43")), "答二")
    lease = Lease("telegram", NOW, 60, 10)
    first = await any_store.write(outbox.lease, lease)
    assert [item.outgoing.text for item in first] == ["答一", "答二"]
    assert await any_store.write(outbox.lease, lease) == []
    await any_store.write(outbox.mark, Mark((first[0].id,), OutboxState.SENT, NOW, fence=first[0].fence))
    assert [item.outgoing.text for item in await any_store.write(outbox.lease, lease)] == ["答一续"]


async def test_channels_do_not_take_each_others_messages(any_store: Store) -> None:
    await answered(any_store, says("一"), "答一")
    assert await any_store.write(outbox.lease, Lease("wechat", NOW, 60, 10)) == []


async def test_a_late_mark_is_refused_by_the_fence(any_store: Store) -> None:
    await answered(any_store, says("一"), "答一")
    (item,) = await any_store.write(outbox.lease, Lease("telegram", NOW, 60, 10))
    await any_store.write(outbox.mark, Mark((item.id,), OutboxState.QUEUED, NOW))
    (again,) = await any_store.write(outbox.lease, Lease("telegram", NOW, 60, 10))
    assert again.fence > item.fence
    assert await any_store.write(outbox.mark, Mark((item.id,), OutboxState.SENT, NOW, fence=item.fence)) == 0


async def test_a_lease_that_ran_out_is_in_doubt_and_waits_for_the_next_contact(any_store: Store) -> None:
    await answered(any_store, says("一"), "答一")
    await any_store.write(outbox.lease, Lease("telegram", NOW, 60, 10))
    assert await any_store.write(outbox.sweep, Sweep(NOW + timedelta(seconds=30))) == 0
    assert await any_store.write(outbox.sweep, Sweep(NOW + timedelta(seconds=90))) == 1
    claim = await any_store.write(messages.claim, says("二", "2"))
    assert [(item.outgoing.text, item.state) for item in claim.waiting] == [("答一", OutboxState.IN_DOUBT)]


async def test_what_an_answer_says_again_waits_no_longer(any_store: Store) -> None:
    await any_store.write(outbox.push, Push("notice:1:1", Outgoing(CHAT, "变了"), OutboxState.HELD, NOW))
    claim = await any_store.write(messages.claim, says("在吗"))
    settles = tuple(item.id for item in claim.waiting)
    answer = Answer(
        claim.id,
        claim.conversation,
        claim.version,
        (Outgoing(CHAT, "变了"),),
        OutboxState.QUEUED,
        NOW,
        settles=settles,
    )
    await any_store.write(messages.answer, answer)
    assert (await any_store.write(messages.claim, says("好", "2"))).waiting == ()


async def test_a_push_is_written_once_per_key(any_store: Store) -> None:
    push = Push("notice:1:1", Outgoing(CHAT, "变了"), OutboxState.QUEUED, NOW)
    assert await asyncio.gather(*(any_store.write(outbox.push, push) for _ in range(3))) == [
        True,
        False,
        False,
    ]


async def test_unanswered_messages_are_found_and_their_tries_counted(any_store: Store) -> None:
    claim = await any_store.write(messages.claim, says("在吗"))
    ((id_, message),) = await any_store.read(messages.unfinished, NOW)
    assert (id_, message.text) == (claim.id, "在吗")
    until = NOW + timedelta(minutes=2)
    assert await any_store.write(messages.retry, messages.Retry(id_, until)) == 1
    assert await any_store.read(messages.unfinished, NOW) == []
    await any_store.write(messages.answer, Answer(id_, claim.conversation, 0, (), OutboxState.QUEUED, NOW))
    assert await any_store.write(messages.retry, messages.Retry(id_, until)) == 0


async def test_the_transcript_holds_both_sides_in_order(any_store: Store) -> None:
    for number in range(5):
        await answered(any_store, says(f"问{number}", str(number)), f"答{number}")
    rows = await any_store.transcript(CHAT)
    assert [body["text"] for _, _, body in rows] == [f"{side}{n}" for n in range(5) for side in "问答"]
    after = await any_store.transcript(CHAT, rows[3][0], limit=2)
    assert [body["text"] for _, _, body in after] == ["问2", "答2"]
    last = await any_store.transcript(CHAT, limit=2)
    assert [body["text"] for _, _, body in last] == ["问4", "答4"]


async def test_one_bad_write_fails_alone(any_store: Store) -> None:
    good = any_store.write(messages.claim, says("在吗"))
    bad = any_store.write(messages.claim, replace(says("坏", "2"), at=datetime(2026, 8, 19)))  # noqa: DTZ001
    results = await asyncio.gather(good, bad, return_exceptions=True)
    assert not isinstance(results[0], BaseException)
    assert isinstance(results[1], BaseException)


async def test_written_answers_of_many_chats_are_marked_in_one_go(any_store: Store) -> None:
    ids = []
    for number in range(4):
        chat = ChatId("wechat", str(number))
        answer = await answered(any_store, says("在吗", "1", chat), "在", state=OutboxState.PASSIVE)
        ids.append(tuple(item.id for item in await any_store.read(messages.answers_to, answer.message_id)))
    await asyncio.gather(*(any_store.write(outbox.sent, group) for group in ids))
    assert await any_store.read(outbox.backlog) == []
