"""Guessing: whichever way numbers are tried, the tries are counted, and strangers learn nothing."""

from datetime import timedelta

from handlers import duplicate, missing, status
from handlers.core import Outcome
from handlers.guesses import MOST
from storage.records import Viewer
from tests.handlers.conftest import NOW, Stage

OTHER = "26442000000000000025"


async def check(stage: Stage, number: str) -> list[str]:
    turn = stage.turn(f"{number}报过吗", invoice_number=number)
    return stage.follow(await duplicate.duplicate(turn, stage.services))


async def test_duplicate_checks_are_counted_and_stop(stage: Stage) -> None:
    await stage.invoice(OTHER, owner_id=await stage.employee("2002"))
    for place in range(MOST):
        assert await check(stage, f"264420000001{place:08d}") == ["duplicate.unknown"]
    assert await check(stage, OTHER) == ["status.too_many"]
    asked = stage.turn(OTHER, invoice_number=OTHER)
    assert stage.follow(await status.status(asked, stage.services)) == ["status.too_many"]
    stage.now = NOW + timedelta(minutes=61)
    assert await check(stage, OTHER) == ["duplicate.other"]


async def test_the_same_number_asked_twice_counts_once(stage: Stage) -> None:
    for _ in range(MOST + 5):
        assert await check(stage, OTHER) == ["duplicate.unknown"]


async def test_own_invoices_are_never_counted(stage: Stage) -> None:
    numbers = [f"264420000002{place:08d}" for place in range(MOST + 2)]
    for number in numbers:
        await stage.invoice(number)
    for number in numbers:
        assert await check(stage, number) == ["duplicate.yours"]


async def diagnose(stage: Stage, number: str, system: str) -> Outcome:
    said = stage.turn(f"{number}查不到", invoice_number=number)
    stage.follow(await missing.missing(said, stage.services))
    stage.follow(await missing.missing(stage.turn(action=f"missing:{system}"), stage.services))
    outcome = await missing.without_date(stage.turn(action="missing_no_date"), stage.services)
    stage.follow(outcome)
    return outcome


def causes(outcome: Outcome) -> list[str]:
    lines = outcome.replies[0].values["lines"]
    return [line.values["cause"].key for line in lines if "cause" in line.values]


async def test_only_staff_and_only_about_our_system_learn_that_it_is_claimed(stage: Stage) -> None:
    await stage.invoice(OTHER, owner_id=await stage.employee("2002"))
    assert "missing.cause.claimed" in causes(await diagnose(stage, OTHER, "ours"))
    assert "missing.cause.claimed" not in causes(await diagnose(stage, OTHER, "national"))
    stage.speak_as(Viewer(None))
    assert "missing.cause.claimed" not in causes(await diagnose(stage, OTHER, "ours"))


async def test_eight_digits_without_their_code_prove_nothing(stage: Stage) -> None:
    owner = await stage.employee("2002")
    await stage.invoice("30918845", code="011002100111", kind="vat_ordinary", owner_id=owner)
    assert await check(stage, "30918845") == ["duplicate.ask_code"]
    assert stage.conversation.awaiting == "duplicate_number"
    code = stage.turn("011002100111", invoice_code="011002100111")
    given = await duplicate.number_given(code, stage.services)
    assert given is not None
    assert stage.follow(given) == ["duplicate.other"]
    assert "duplicate" not in stage.conversation.slots


async def test_a_stranger_gets_no_answer_to_an_open_question(stage: Stage) -> None:
    await stage.invoice(OTHER)
    stage.speak_as(Viewer(None))
    turn = stage.turn(OTHER, invoice_number=OTHER)
    assert await duplicate.number_given(turn, stage.services) is None
    assert await status.number_given(turn, stage.services) is None


async def test_each_of_several_numbers_has_its_own_code(stage: Stage) -> None:
    await stage.invoice("30918845", code="011002100111", kind="vat_ordinary")
    await stage.invoice("30918845", code="011002100222", kind="vat_ordinary")
    await stage.invoice("40918846", code="011002100222", kind="vat_ordinary")
    said = "011002100111 30918845 和 011002100222 40918846"
    turn = stage.turn(said, invoice_number="30918845", invoice_code="011002100111")
    outcome = await status.status(turn, stage.services)
    assert stage.follow(outcome) == ["status.card", "status.card"]
