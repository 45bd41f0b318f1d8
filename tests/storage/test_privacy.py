"""A copy of one's data, and its erasure, on both databases: nothing of anybody else's."""

from datetime import UTC, datetime, timedelta

from storage import documents, invoices, messages, notices, people, privacy
from storage.documents import NewDocument, NewFiling, ToFile
from storage.invoices import InvoiceDraft
from storage.messages import Arrival
from storage.notices import Fact, NewReminder, Watch
from storage.people import Attach, NewEmployee
from storage.privacy import Erasure, Person
from storage.records import Attachment, ChatId, Message, Role, Viewer
from storage.store import Store

NOW = datetime(2026, 8, 19, 2, 0, tzinfo=UTC)
MING, MING_TOO, OTHER = ChatId("wechat", "o_Ming%"), ChatId("web", "ming"), ChatId("wechat", "o_MingX")
NUMBER = "26112000000000000007"


async def lived_in(store: Store) -> tuple[int, list[str]]:
    """Two people who have talked, sent the same file and one of their own; returns Ming's id and the three files."""
    ids = [
        await store.write(people.add, NewEmployee(number, name, Role.EMPLOYEE, NOW))
        for number, name in (("1", "周明"), ("2", "林小青"))
    ]
    files = [
        await store.write(documents.keep, NewDocument(content, "票.pdf", "application/pdf", NOW))
        for content in (b"shared", b"of Ming", b"filed by Ming")
    ]
    sent = {MING: [files[0], files[1]], MING_TOO: [files[2]], OTHER: [files[0]]}
    for chat, owner in ((MING, ids[0]), (MING_TOO, ids[0]), (OTHER, ids[1])):
        await store.write(people.attach, Attach(chat, owner, NOW))
        parts = tuple(Attachment(digest, "票.pdf", "application/pdf", "file") for digest in sent[chat])
        await store.write(messages.claim, Arrival(Message("m1", chat, "我的票", attachments=parts), NOW))
        await store.write(
            notices.remind, NewReminder(f"r{chat}", chat, "交票", NOW + timedelta(1), None, NOW)
        )
        await store.write(notices.keep_fact, Fact(f"feedback:{chat}:m1", {"text": "慢"}, NOW))
        await store.write(notices.keep_fact, Fact(f"privacy:delete:{chat}:2026-08-19", {}, NOW))
    (draft, filed) = [
        await store.write(documents.draft, NewFiling(f"{chat}/m1/0", chat, digest, 1, {}, NOW))
        for chat, digest in ((MING, files[1]), (MING_TOO, files[2]))
    ]
    assert draft != filed
    made = InvoiceDraft(NUMBER, owner_id=ids[0], source="chat", at=NOW, document=files[2])
    result = await store.write(documents.file, ToFile(filed, made))
    for chat in (MING, OTHER):
        await store.write(notices.follow, Watch(chat, result.invoice_id, NOW))
    return ids[0], files


async def test_a_copy_has_all_chats_of_the_person_and_no_other(any_store: Store) -> None:
    employee, files = await lived_in(any_store)
    found = await any_store.read(privacy.copy, Person(MING, employee))
    assert {each["chat"] for each in found["messages"]} == {str(MING), str(MING_TOO)}
    assert [each["invoice"] for each in found["follows"]] == [NUMBER]
    assert len(found["reminders"]) == len(found["filings"]) == len(found["feedback"]) == 2
    assert set(found["documents"]) == set(files)


async def test_an_erasure_leaves_vouchers_and_everybody_else(any_store: Store) -> None:
    employee, files = await lived_in(any_store)
    note = Fact("privacy:erased:AAAA1111", {"kind": "delete"}, NOW)
    counts = await any_store.write(privacy.erase, Erasure(Person(MING, employee), note))
    assert counts["messages"] == counts["reminders"] == counts["bindings"] == counts["feedback"] == 2
    assert (counts["drafts"], counts["follows"], counts["files"]) == (1, 1, 1)
    left = await any_store.read(privacy.copy, Person(MING, employee))
    assert not any(left.values())
    assert await any_store.read(people.of_chat, MING_TOO) is None
    # What was filed stays with its file, without the chat; a file that somebody else has sent stays, too.
    assert await any_store.read(invoices.by_id, Viewer(employee, Role.EMPLOYEE), 1) is not None
    kept = [await any_store.read(documents.document, digest) is not None for digest in files]
    assert kept == [True, False, True]
    other = await any_store.read(privacy.copy, Person(OTHER, 2))
    assert [len(other[name]) for name in ("messages", "follows", "reminders", "feedback")] == [1, 1, 1, 1]
    facts = await any_store.read(notices.facts_under, "privacy:")
    assert {fact.key for fact in facts} == {note.key, f"privacy:delete:{OTHER}:2026-08-19"}
    # And the chat can begin anew.
    again = await any_store.write(messages.claim, Arrival(Message("m1", MING, "你好"), NOW))
    assert again.new


async def test_a_chat_that_is_somebody_elses_by_now_is_not_touched(any_store: Store) -> None:
    employee, _ = await lived_in(any_store)
    await any_store.write(people.attach, Attach(MING, 2, NOW))
    assert await any_store.read(privacy.chats_of, Person(MING, employee)) == [str(MING_TOO)]
    assert await any_store.read(privacy.chats_of, Person(MING, None)) == []
    assert await any_store.read(privacy.chats_of, Person(ChatId("web", "new"), None)) == ["web:new"]
