"""Status by number: what is found, what is not, and what is another person's."""

from datetime import timedelta

from handlers import status
from handlers.core import Outcome
from storage.records import Viewer
from tests.handlers.conftest import NOW, Stage

LONG, OTHER = "26442000000000000017", "26442000000000000025"


async def ask(stage: Stage, text: str, **slots: str) -> Outcome:
    return await status.status(stage.turn(text, intent="invoice.status", **slots), stage.services)


async def test_card_has_three_states_in_each_language(stage: Stage) -> None:
    await stage.invoice(LONG, states={"reimbursement": ("under_review", None)})
    outcome = await ask(stage, LONG, invoice_number=LONG)
    assert stage.follow(outcome) == ["status.card"]
    (reply,) = outcome.replies
    for language in ("zh", "en", "ja"):
        lines = stage.services.catalog.text(reply.key, language, **reply.values).splitlines()
        assert any(LONG in line for line in lines)
        assert len(lines) >= 7
    zh = stage.services.catalog.text(reply.key, "zh", **reply.values)
    assert all(word in zh for word in ("税务", "报销", "下一步"))


async def test_eight_digits_with_and_without_code(stage: Stage) -> None:
    await stage.invoice("30918845", code="011002100111", kind="vat_ordinary")
    assert stage.follow(await ask(stage, "30918845", invoice_number="30918845")) == ["status.card"]
    await stage.invoice("30918845", code="011002100222", kind="vat_ordinary")
    which = await ask(stage, "30918845", invoice_number="30918845")
    assert stage.follow(which) == ["status.which"]
    chosen = which.replies[0].buttons[1].action
    assert stage.follow(await status.open_one(stage.turn(action=chosen), stage.services)) == ["status.card"]
    said = "代码011002100111号码30918845"
    exact = await ask(stage, said, invoice_number="30918845", invoice_code="011002100111")
    assert stage.follow(exact) == ["status.card"]


async def test_several_numbers_are_answered_in_order(stage: Stage) -> None:
    await stage.invoice(LONG)
    outcome = await ask(stage, f"{OTHER}和{LONG}", invoice_number=OTHER)
    assert stage.follow(outcome) == ["status.not_found", "status.card"]


async def test_full_width_and_grouped_digits_are_one_number(stage: Stage) -> None:
    await stage.invoice(LONG)
    assert stage.follow(await ask(stage, "2644 2000 0000 0000 0017", invoice_number=LONG)) == ["status.card"]


async def test_wrong_length_is_told_with_the_count(stage: Stage) -> None:
    outcome = await ask(stage, LONG[:-1])
    assert stage.follow(outcome) == ["status.wrong_length"]
    assert outcome.replies[0].values["count"] == 19
    assert stage.conversation.awaiting == "invoice_number"


async def test_not_there_and_not_yours_are_one_answer(stage: Stage) -> None:
    stranger = await stage.employee("2002")
    await stage.invoice(OTHER, owner_id=stranger, seller_name="白石湾酒店")
    absent = await ask(stage, LONG, invoice_number=LONG)
    other = await ask(stage, OTHER, invoice_number=OTHER)
    assert [reply.key for reply in absent.replies] == ["status.not_found"]
    a, b = absent.replies[0], other.replies[0]
    assert (a.key, a.buttons, set(a.values)) == (b.key, b.buttons, set(b.values))
    for language in ("zh", "en", "ja"):
        words = stage.services.catalog.text(b.key, language, **b.values)
        assert "白石湾" not in words
        assert words.replace(OTHER, LONG) == stage.services.catalog.text(a.key, language, **a.values)


async def test_open_button_of_another_person_shows_nothing(stage: Stage) -> None:
    record = await stage.invoice(OTHER, owner_id=await stage.employee("2002"))
    pressed = stage.turn(action=f"open:{record.id}")
    assert stage.follow(await status.open_one(pressed, stage.services)) == ["status.gone"]


async def test_guessing_numbers_ends_and_is_free_again_after_an_hour(stage: Stage) -> None:
    for place in range(10):
        number = f"264420000000{place:08d}"
        assert stage.follow(await ask(stage, number, invoice_number=number)) == ["status.not_found"]
    await stage.invoice(LONG)
    assert stage.follow(await ask(stage, LONG, invoice_number=LONG)) == ["status.too_many"]
    stage.now = NOW + timedelta(minutes=61)
    assert stage.follow(await ask(stage, LONG, invoice_number=LONG)) == ["status.card"]


async def test_number_is_asked_for_and_given(stage: Stage) -> None:
    await stage.invoice(LONG)
    assert stage.follow(await ask(stage, "我的发票到哪了")) == ["status.ask_number"]
    assert stage.conversation.awaiting == "invoice_number"
    assert await status.number_given(stage.turn("数电票是什么"), stage.services) is None
    given = await status.number_given(stage.turn(LONG, invoice_number=LONG), stage.services)
    assert given is not None
    assert stage.follow(given) == ["status.card"]
    assert stage.conversation.awaiting is None
    assert stage.follow(await ask(stage, "它现在怎么样了")) == ["status.card"]


async def test_a_stranger_sees_nothing(stage: Stage) -> None:
    await stage.invoice(LONG)
    stage.speak_as(Viewer(None))
    assert stage.follow(await ask(stage, LONG, invoice_number=LONG)) == ["status.unbound"]
    pressed = stage.turn(action="open:1")
    assert stage.follow(await status.open_one(pressed, stage.services)) == ["status.unbound"]


async def test_criteria_that_meet_one_invoice_show_its_card(stage: Stage) -> None:
    await stage.invoice(LONG, seller_name="青藤酒店")
    await stage.invoice(OTHER)
    assert stage.follow(await ask(stage, "青藤酒店那张", seller="青藤酒店")) == ["status.card"]
