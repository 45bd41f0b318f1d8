"""Correcting what is filed already: by its owner, until it is booked, with nothing forgotten."""

from decimal import Decimal

import pytest

from handlers import correction, filing, intake
from storage import documents, invoices, people
from storage.invoices import InvoiceDraft
from storage.people import NewEmployee
from storage.records import InvoiceRecord, Role, Viewer
from tests.handlers.conftest import NOW, Stage
from tests.handlers.documents import Desk, found, opened, read


@pytest.fixture
def desk(stage: Stage) -> Desk:
    return opened(stage)


async def filed(desk: Desk) -> InvoiceRecord:
    """The invoice of a file that was sent and filed."""
    desk.reader.readings[b"a.pdf"] = read(found("digital"))
    desk.follow(await intake.take(desk.message("a.pdf"), desk.stage.services))
    turn = desk.stage.turn(action=desk.button("file:"))
    assert desk.follow(await filing.file(turn, desk.stage.services)) == ["filing.done"]
    return await record(desk)


async def record(desk: Desk) -> InvoiceRecord:
    owner = Viewer(desk.stage.viewer.employee_id)
    ((_, kept),) = await desk.stage.store.read(documents.filed_by, owner)
    return kept


async def say(desk: Desk, text: str) -> list[str]:
    turn = desk.stage.turn(text, intent="invoice.correct")
    outcome = await correction.in_words(turn, desk.stage.services)
    assert outcome is not None
    return desk.follow(outcome)


async def test_the_owner_corrects_and_nothing_is_forgotten(desk: Desk) -> None:
    before = await filed(desk)
    assert await say(desk, "合计应该是206.00") == ["verdict.show"]
    assert "已更正" in desk.text()
    assert (await record(desk)).total == Decimal("206.00")
    assert await say(desk, "合计应该是207.00") == ["verdict.show"]
    kept = await record(desk)
    assert (kept.id, kept.total) == (before.id, Decimal("207.00"))
    ((entry, _),) = await desk.stage.store.read(documents.filed_by, desk.stage.viewer)
    read_, now, earlier = entry.corrections["total"]
    assert (read_, now) == ("106.00", "207.00")
    assert [value for value, _ in earlier] == ["106.00", "206.00"]


async def test_by_buttons(desk: Desk) -> None:
    kept = await filed(desk)
    start = desk.stage.turn(action=f"amend:{kept.id}")
    assert desk.follow(await correction.start(start, desk.stage.services)) == ["correct.which"]
    ask = desk.stage.turn(action=next(one for one in desk.buttons() if one.endswith(":seller_name")))
    assert desk.follow(await correction.field(ask, desk.stage.services)) == ["verdict.show"]
    given = await correction.value(desk.stage.turn("青藤山庄酒店管理有限公司"), desk.stage.services)
    assert given is not None
    assert desk.follow(given) == ["verdict.show"]
    assert (await record(desk)).seller_name == "青藤山庄酒店管理有限公司"
    assert await desk.stage.store.read(invoices.sellers) == ["青藤山庄酒店管理有限公司"]


async def test_a_new_number_keeps_the_invoice_the_same(desk: Desk) -> None:
    before = await filed(desk)
    assert await say(desk, "发票号码应该是26112000000000000999") == ["verdict.show"]
    kept = await record(desk)
    assert (kept.id, kept.number) == (before.id, "26112000000000000999")


async def test_the_number_of_another_invoice_is_refused(desk: Desk) -> None:
    before = await filed(desk)
    await desk.stage.invoice("26112000000000000999")
    assert await say(desk, "发票号码应该是26112000000000000999") == ["amend.taken"]
    assert (await record(desk)).number == before.number


@pytest.mark.parametrize(
    "states",
    [{"reimbursement": ("booked", None)}, {"use": ("booked_deducted", None)}],
    ids=["claim", "books"],
)
async def test_what_is_booked_stays(desk: Desk, states: dict[str, tuple[str, str | None]]) -> None:
    before = await filed(desk)
    booked = InvoiceDraft(before.number, states=states, at=NOW)
    await desk.stage.store.write(invoices.store, booked)
    assert await say(desk, "合计应该是206.00") == ["amend.booked"]
    assert (await record(desk)).total == before.total


async def test_what_the_company_knows_better_stays(desk: Desk) -> None:
    before = await filed(desk)
    imported = InvoiceDraft(before.number, total=Decimal("300.00"), at=NOW)
    await desk.stage.store.write(invoices.store, imported)
    assert await say(desk, "合计应该是206.00") == ["amend.kept"]
    assert (await record(desk)).total == Decimal("300.00")


async def test_nobody_else_corrects_it(desk: Desk) -> None:
    kept = await filed(desk)
    other = await desk.stage.store.write(people.add, NewEmployee("2002", "员工二", Role.FINANCE, NOW))
    desk.stage.speak_as(Viewer(other, Role.FINANCE))
    turn = desk.stage.turn(action=f"amend:{kept.id}")
    assert desk.follow(await correction.start(turn, desk.stage.services)) == ["filing.gone"]
