"""What happens by the clock: told once, in the chat's language, also after a long stop."""

from datetime import timedelta
from typing import Any, cast

import pytest

from locales.catalog import Catalog
from storage import messages, notices, outbox, people
from storage.messages import Arrival
from storage.notices import NewReminder, Slot, Unfollow, Watch
from storage.outbox import Lease, Push
from storage.records import ChatId, Message, OutboxState, Outgoing
from storage.store import Store
from tests.operations.conftest import NUMBER, Office

CHAT = ChatId("wechat", "o1")
OTHER = ChatId("wechat", "o2")
PAID = {"zh": "已付款", "en": "paid", "ja": "支払"}


async def follow(office: Office, chat: ChatId, invoice_id: int) -> None:
    await office.store.write(notices.follow, Watch(chat, invoice_id, office.now))


async def remind(
    office: Office, repeat: str | None = None, chat: ChatId = CHAT, hours: float = 1, key: str = ""
) -> None:
    due = office.now + timedelta(hours=hours)
    wish = NewReminder(f"{chat}{key}", chat, "提醒我交票", due, repeat, office.now)
    await office.store.write(notices.remind, wish)


@pytest.mark.parametrize("language", ["zh", "en", "ja"])
async def test_a_change_is_told_once_in_the_language_of_the_chat(office: Office, language: str) -> None:
    id_ = await office.invoice(await office.person(CHAT, language=language))
    await follow(office, CHAT, id_)
    await office.jobs.tell_changes()
    assert await office.out(CHAT) == []
    await office.invoice(state="paid")
    await office.jobs.tell_changes()
    await office.jobs.tell_changes()
    ((text, state),) = await office.out(CHAT)
    assert state == "queued"
    assert NUMBER in text
    assert PAID[language] in text.lower()


async def test_changes_between_two_looks_are_one_notice(office: Office) -> None:
    await follow(office, CHAT, await office.invoice(await office.person(CHAT)))
    for state in ("in_review", "approved", "paid"):
        office.wait(hours=1)
        await office.invoice(state=state)
    await office.jobs.tell_changes()
    await office.invoice(state="paid")  # nothing new
    await office.jobs.tell_changes()
    assert len(await office.out(CHAT)) == 1
    await office.invoice(state="rejected")
    await office.jobs.tell_changes()
    assert len(await office.out(CHAT)) == 2


async def test_an_open_page_has_its_notice_at_once(office: Office) -> None:
    page = ChatId("web", "w1")
    await follow(office, page, await office.invoice(await office.person(page)))
    await office.invoice(state="paid")
    await office.jobs.tell_changes()
    assert [state for _, state in await office.out(page)] == ["sent"]
    assert office.announced == [page]


async def test_a_watch_ends_silently_with_the_access(office: Office) -> None:
    await follow(office, CHAT, await office.invoice(await office.person(CHAT)))
    await office.store.write(people.unbind, CHAT)
    await office.invoice(state="paid")
    await office.jobs.tell_changes()
    assert await office.out(CHAT) == []
    assert await office.store.ask(notices.followed, CHAT) == []


async def test_a_watch_that_came_after_another_had_ended_is_told(office: Office) -> None:
    await follow(office, CHAT, await office.invoice(await office.person(CHAT)))
    await office.invoice(state="paid")
    await office.jobs.tell_changes()
    await office.store.write(notices.unfollow, Unfollow(CHAT))
    second = "26112000000087654321"
    await follow(office, OTHER, await office.invoice(await office.person(OTHER, "1002"), number=second))
    await office.invoice(state="paid", number=second)
    await office.jobs.tell_changes()
    assert len(await office.out(OTHER)) == 1


class Torn:
    """A catalog that has lost a language."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def text(self, key: str, language: str, /, **values: Any) -> str:
        if language == "ja":
            raise KeyError(key)
        return self._catalog.text(key, language, **values)


async def test_one_bad_entry_holds_nobody_else_up(any_store: Store, words: Catalog) -> None:
    office = Office(any_store, cast(Catalog, Torn(words)))
    owner = await office.person(CHAT, language="ja")
    await office.person(OTHER)
    id_ = await office.invoice(owner)
    for chat in (CHAT, OTHER):
        await follow(office, chat, id_)
        await remind(office, chat=chat, hours=-1)
    await office.invoice(state="paid")
    await office.jobs.tell_changes()
    await office.jobs.tell_reminders()
    assert len(await office.out(OTHER)) == 2
    assert await office.out(CHAT) == []


async def test_a_reminder_is_told_when_it_is_due(office: Office) -> None:
    await remind(office)
    await office.jobs.tell_reminders()
    assert await office.out(CHAT) == []
    office.wait(hours=1)
    await office.jobs.tell_reminders()
    await office.jobs.tell_reminders()
    ((text, _),) = await office.out(CHAT)
    assert "交票" in text
    assert await office.store.read(notices.reminders_of, CHAT) == []


async def test_a_promised_second_look_tells_what_it_found(office: Office) -> None:
    number = "26112000000000000123"
    wish = NewReminder("look", CHAT, number, office.now + timedelta(hours=1), None, office.now)
    await office.store.write(notices.remind, wish)
    office.wait(hours=1)
    await office.jobs.tell_reminders()
    ((text, _),) = await office.out(CHAT)
    assert number in text
    assert text != f"时间到了：{number}"


@pytest.mark.parametrize(("repeat", "days"), [("daily", 1), ("weekly", 7), ("monthly", 31)])
async def test_a_reminder_comes_again(office: Office, repeat: str, days: int) -> None:
    await remind(office, repeat)
    office.wait(hours=1)
    due = office.now
    await office.jobs.tell_reminders()
    (later,) = await office.store.read(notices.reminders_of, CHAT)
    assert later.due_at == due + timedelta(days=days)
    office.wait(days=days)
    await office.jobs.tell_reminders()
    assert len(await office.out(CHAT)) == 2


async def test_what_was_missed_in_a_long_stop_is_told_once(office: Office) -> None:
    await remind(office, "daily")
    office.wait(days=20, hours=3)
    await office.jobs.tell_reminders()
    assert len(await office.out(CHAT)) == 1
    (later,) = await office.store.read(notices.reminders_of, CHAT)
    assert office.now < later.due_at <= office.now + timedelta(days=1)


async def test_a_call_that_never_ended_is_in_doubt(office: Office) -> None:
    push = Push("k", Outgoing(CHAT, "通知"), OutboxState.QUEUED, office.now)
    await office.store.write(outbox.push, push)
    await office.store.write(outbox.lease, Lease("wechat", office.now, 120.0, 5))
    office.wait(seconds=60)
    await office.jobs.find_doubtful()
    assert await office.out(CHAT) == [("通知", "sending")]
    office.wait(seconds=61)
    await office.jobs.find_doubtful()
    assert await office.out(CHAT) == [("通知", "in_doubt")]
    (left,) = await office.store.read(outbox.backlog)
    assert (left.direction, left.state, left.count) == ("out", "in_doubt", 1)


async def test_a_message_whose_node_died_is_answered(office: Office) -> None:
    await office.store.write(messages.claim, Arrival(Message("m1", CHAT, "谢谢"), office.now))
    await office.jobs.find_orphans()
    assert await office.out(CHAT) == []  # another node may be at it
    office.wait(seconds=61)
    await office.jobs.find_orphans()
    await office.jobs.find_orphans()
    assert [state for _, state in await office.out(CHAT)] == ["queued"]


async def test_a_slot_runs_once_over_all_nodes_and_old_ones_go(office: Office) -> None:
    await remind(office)
    office.wait(hours=1)
    other = Office(office.store, office.catalog, office.now)
    await office.jobs.run(office.jobs.jobs[1])
    await remind(office, key="second", hours=-0.5)
    await other.jobs.run(other.jobs.jobs[1])
    assert len(await office.out(CHAT)) == 1
    other.wait(seconds=15)
    await other.jobs.run(other.jobs.jobs[1])
    assert len(await office.out(CHAT)) == 2
    slot = Slot("reminders", str(int(office.now.timestamp()) // 15), office.now)
    assert not await office.store.write(notices.take_slot, slot)
    office.wait(days=15)
    await office.jobs.forget_slots()
    assert await office.store.write(notices.take_slot, slot)
