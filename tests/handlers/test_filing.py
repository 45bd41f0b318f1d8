"""Filing drafts, alone and together."""

import asyncio
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from handlers import filing, intake
from nlu.document.reading import Found
from storage import documents, invoices
from storage.records import ChatId, InvoiceRecord, Role, Viewer
from tests.handlers.conftest import Stage
from tests.handlers.documents import Desk, found, opened, read

NUMBER = "26112000000000000007"
ALL = Viewer(None, Role.ADMIN)


@pytest.fixture
def desk(stage: Stage) -> Desk:
    return opened(stage)


async def sent(desk: Desk, *several: Found) -> str:
    """Send a file with these invoices; returns the action that files it."""
    name = f"{desk.stage.turns}.jpg"
    desk.reader.readings[name.encode()] = read(*several)
    desk.follow(await intake.take(desk.message(name), desk.stage.services))
    return desk.button("file")


async def press(desk: Desk, action: str) -> list[str]:
    handlers = {"file": filing.file, "file_all": filing.file_all, "drop": filing.drop}
    turn = desk.stage.turn(action=action)
    return desk.follow(await handlers[action.partition(":")[0]](turn, desk.stage.services))


async def records(desk: Desk, number: str = NUMBER) -> list[InvoiceRecord]:
    return await desk.stage.store.ask(invoices.by_number, invoices.Named(ALL, number))


async def test_a_filed_invoice_is_kept_with_its_file_and_owner(desk: Desk) -> None:
    assert await press(desk, await sent(desk, found("digital"))) == ["filing.done"]
    (record,) = await records(desk)
    assert record.owner_id == desk.stage.viewer.employee_id
    assert record.document == documents.digest_of(b"0.jpg")
    assert (record.kind, record.total) == ("digital_ordinary", Decimal("106.00"))
    state = record.reimbursement_state
    assert (state.value, state.source, state.at) == ("draft", "chat", desk.stage.now)
    assert "未提交" in desk.text()
    assert desk.stage.conversation.slots["invoice"] == record.id


async def test_filing_one_tells_of_another_that_waits(desk: Desk) -> None:
    other = await sent(desk, found("digital", number="26112000000000000011"))
    await sent(desk, found("digital"))
    desk.follow(await filing.words(desk.stage.turn("归档"), desk.stage.services) or pytest.fail("not filed"))
    assert "还有 1 张" in desk.text()
    assert f"verdict:{other.partition(':')[2]}" in desk.buttons()
    await press(desk, other)
    assert "还有" not in desk.text()


async def test_filing_twice_changes_nothing(desk: Desk) -> None:
    action = await sent(desk, found("digital"))
    await press(desk, action)
    assert await press(desk, action) == ["filing.again"]
    assert len(await records(desk)) == 1


async def test_the_same_invoice_again_is_told_with_its_day(desk: Desk) -> None:
    first = await sent(desk, found("digital"))
    second = await sent(desk, found("digital"))
    await press(desk, first)
    assert await press(desk, second) == ["filing.again"]
    name = "again.pdf"
    desk.reader.readings[name.encode()] = read(found("digital"))
    desk.follow(await intake.take(desk.message(name), desk.stage.services))
    assert "2026年8月19日 10:00 已经归档过" in desk.text()
    assert not any(action.startswith("file:") for action in desk.buttons())


async def test_somebody_elses_invoice_is_refused_without_a_name(desk: Desk) -> None:
    action = await sent(desk, found("digital"))
    other = await desk.stage.employee("1002")
    before = await desk.stage.invoice(NUMBER, owner_id=other, seller_name="别家")
    assert await press(desk, action) == ["filing.taken"]
    assert "1002" not in desk.text()
    assert await records(desk) == [before]


async def test_two_people_at_once_give_one_owner(desk: Desk) -> None:
    mine = await sent(desk, found("digital"))
    draft = await desk.stage.store.read(
        documents.filing, desk.stage.conversation.chat, int(mine.split(":")[1])
    )
    assert draft is not None
    other = await desk.stage.employee("1002")
    entries = [
        documents.ToFile(
            draft.id, invoices.InvoiceDraft(NUMBER, owner_id=owner, source="chat", at=desk.stage.now)
        )
        for owner in (desk.stage.viewer.employee_id, other)
    ]
    filed = await asyncio.gather(*(desk.stage.store.write(documents.file, entry) for entry in entries))
    assert [one.outcome for one in filed] == ["new", "taken"]


async def test_what_the_tax_account_told_is_kept(desk: Desk) -> None:
    await desk.stage.invoice(
        NUMBER, owner_id=None, seller_name="税务账户里的名称", states={"reimbursement": ("approved", None)}
    )
    assert await press(desk, await sent(desk, found("digital"))) == ["filing.done"]
    (record,) = await records(desk)
    assert record.seller_name == "税务账户里的名称"
    assert record.reimbursement_state.value == "approved"
    assert record.owner_id == desk.stage.viewer.employee_id
    assert record.document is not None
    assert "补上了文件" in desk.text()


async def test_the_record_keeps_sources_and_checks(desk: Desk) -> None:
    action = await sent(desk, found("digital"))
    await press(desk, action)
    ((kept, record),) = await desk.stage.store.read(documents.filed_by, desk.stage.viewer)
    assert (kept.state, kept.invoice_id) == ("filed", record.id)
    assert kept.fields["sources"]["number"] == "qr"
    assert kept.fields["checks"]["arithmetic"][0] == "ok"


async def test_an_unbound_chat_binds_first_and_keeps_its_draft(desk: Desk) -> None:
    bound = desk.stage.viewer
    desk.stage.speak_as(Viewer(None))
    action = await sent(desk, found("digital"))
    assert await press(desk, action) == ["filing.bind_first"]
    assert await records(desk) == []
    desk.stage.speak_as(bound)
    assert await press(desk, desk.button("file:")) == ["filing.done"]


async def test_an_open_question_comes_before_filing(desk: Desk) -> None:
    desk.reader.readings[b"a.jpg"] = read(found("legacy", code=None))
    desk.follow(await intake.take(desk.message("a.jpg"), desk.stage.services))
    id_ = desk.button("correct:").partition(":")[2]
    assert await press(desk, f"file:{id_}") == ["verdict.show"]
    assert "归档前还差一项" in desk.text()
    assert await records(desk, "00008006") == []


async def test_a_future_date_is_not_filed(desk: Desk) -> None:
    action = await sent(desk, found("other_digital", issue_date=date(2026, 12, 1)))
    assert await press(desk, action) == ["verdict.show"]
    assert "今天之后" in desk.text()
    assert await records(desk, "26112000000000000018") == []


async def test_a_dropped_draft_is_gone_and_files_nothing(desk: Desk) -> None:
    await sent(desk, found("digital"))
    assert await press(desk, desk.button("drop:")) == ["filing.dropped"]
    assert "filing" not in desk.stage.conversation.slots
    assert await records(desk) == []


async def test_another_chat_cannot_reach_a_draft(desk: Desk) -> None:
    action = await sent(desk, found("digital"))
    desk.stage.conversation = replace(desk.stage.conversation, chat=ChatId("web", "other"))
    assert await press(desk, action) == ["filing.gone"]


@pytest.mark.parametrize("argument", ["", "x", "99", "-1", "9" * 30, "１"])
async def test_a_button_of_no_draft_is_told(desk: Desk, argument: str) -> None:
    assert await press(desk, f"file:{argument}") == ["filing.gone"]
    assert await press(desk, f"file_all:{argument}") == ["filing.gone"]


async def test_all_ready_ones_are_filed_and_the_others_left(desk: Desk) -> None:
    strange = found("other_digital", buyer_name="云杉贸易有限公司")
    action = await sent(desk, found("digital"), found("legacy"), strange)
    assert await press(desk, action) == ["filing.some_done"]
    assert "已归档 2 张，合计 ¥157.50；还有 1 张" in desk.text()
    assert sum(name.startswith("verdict:") for name in desk.buttons()) == 1
    assert await press(desk, action) == ["filing.none_done"]


async def test_a_whole_archive_is_filed_at_once(desk: Desk) -> None:
    many = [found("digital", number=f"261120000000000{place:05}") for place in range(40)]
    action = await sent(desk, *many)
    assert await press(desk, action) == ["filing.all_done"]
    filed = await desk.stage.store.read(documents.filed_by, desk.stage.viewer)
    assert len(filed) == 40


@pytest.mark.parametrize("text", ["怎么提交发票", "在哪里归档", "how do I submit an invoice", "提出方法は?"])
async def test_asking_how_files_nothing(desk: Desk, text: str) -> None:
    await sent(desk, found("digital"))
    assert await filing.words(desk.stage.turn(text, intent="invoice.submit"), desk.stage.services) is None


@pytest.mark.parametrize("text", ["归档吧。", "没问题，归档！", "File it", "登録してください"])
async def test_short_phrases_file(desk: Desk, text: str) -> None:
    await sent(desk, found("digital"))
    outcome = await filing.words(desk.stage.turn(text), desk.stage.services)
    assert outcome is not None
    assert desk.follow(outcome) == ["filing.done"]


async def test_filing_in_words_needs_an_open_draft(desk: Desk) -> None:
    turn = desk.stage.turn("归档吧", intent="invoice.submit")
    assert await filing.words(turn, desk.stage.services) is None
    await sent(desk, found("digital"))
    outcome = await filing.words(desk.stage.turn("归档吧", intent="invoice.submit"), desk.stage.services)
    assert outcome is not None
    assert desk.follow(outcome) == ["filing.done"]
