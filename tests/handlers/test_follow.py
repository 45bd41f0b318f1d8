"""Following: begin, twice, list, stop one, stop all, and what the notice says."""

from handlers import follow
from storage import invoices, notices
from storage.records import Viewer
from tests.handlers.conftest import CHAT, Stage, draft

ONE, TWO = "26442000000000000017", "26442000000000000025"


async def test_follow_twice_list_and_stop(stage: Stage) -> None:
    record = await stage.invoice(ONE)
    press = stage.turn(action=f"follow:{record.id}")
    assert stage.follow(await follow.follow(press, stage.services)) == ["follow.done"]
    assert stage.follow(await follow.follow(press, stage.services)) == ["follow.already"]
    assert await stage.store.ask(notices.followed, CHAT) == [record.id]
    assert stage.follow(await follow.follow(stage.turn(action="follow"), stage.services)) == ["follow.list"]
    stop = stage.turn("别通知我了", intent="notify.unsubscribe")
    assert stage.follow(await follow.unfollow(stop, stage.services)) == ["follow.stopped"]
    assert stage.follow(await follow.unfollow(stop, stage.services)) == ["follow.none"]
    assert stage.follow(await follow.follow(stage.turn(action="follow"), stage.services)) == ["follow.none"]


async def test_follow_by_number_by_talk_and_by_asking(stage: Stage) -> None:
    record = await stage.invoice(ONE)
    assert stage.follow(await follow.follow(stage.turn("到账了告诉我"), stage.services)) == [
        "follow.ask_number"
    ]
    assert await follow.number_given(stage.turn("算了"), stage.services) is None
    given = await follow.number_given(stage.turn(ONE, invoice_number=ONE), stage.services)
    assert given is not None
    assert stage.follow(given) == ["follow.done"]
    assert stage.conversation.slots["invoice"] == record.id
    assert stage.follow(await follow.follow(stage.turn("到账了告诉我"), stage.services)) == ["follow.already"]


async def test_two_followed_ask_which_and_all_stop(stage: Stage) -> None:
    for number in (ONE, TWO):
        record = await stage.invoice(number)
        await follow.follow(stage.turn(action=f"follow:{record.id}"), stage.services)
    stop = stage.turn("不用通知了")
    assert stage.follow(await follow.unfollow(stop, stage.services)) == ["follow.which_stop"]
    named = stage.turn(f"{TWO}不用通知了", invoice_number=TWO)
    assert stage.follow(await follow.unfollow(named, stage.services)) == ["follow.stopped"]
    every = stage.turn(action="unfollow:all")
    assert stage.follow(await follow.unfollow(every, stage.services)) == ["follow.stopped_all"]
    assert await stage.store.ask(notices.followed, CHAT) == []


async def test_another_persons_invoice_is_not_followed(stage: Stage) -> None:
    record = await stage.invoice(ONE, owner_id=await stage.employee("2002"))
    press = stage.turn(action=f"follow:{record.id}")
    assert stage.follow(await follow.follow(press, stage.services)) == ["status.gone"]
    said = stage.turn(f"{ONE}到账告诉我", invoice_number=ONE)
    assert stage.follow(await follow.follow(said, stage.services)) == ["status.not_found"]
    assert await stage.store.ask(notices.followed, CHAT) == []
    stage.speak_as(Viewer(None))
    press = stage.turn(action=f"follow:{record.id}")
    assert stage.follow(await follow.follow(press, stage.services)) == ["status.unbound"]


async def test_notice_says_what_changed(stage: Stage) -> None:
    record = await stage.invoice(ONE, states={"reimbursement": ("submitted", None)})
    await stage.store.write(
        invoices.store, draft(ONE, states={"reimbursement": ("paid", None)}, at=stage.now)
    )
    changes = await stage.store.read(invoices.changes, record.id)
    current = await stage.store.read(invoices.by_id, stage.viewer, record.id)
    assert current is not None
    reply = follow.notice_reply(current, changes)
    for language in ("zh", "en", "ja"):
        words = stage.services.catalog.text(reply.key, language, **reply.values)
        assert ONE in words
        assert len(words.encode()) <= 1_900
    assert [button.action for button in reply.buttons] == [f"open:{record.id}", f"unfollow:{record.id}"]
