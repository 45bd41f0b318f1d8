"""Used before: own, another person's, unknown; never a name."""

import pytest

from handlers import duplicate
from storage.records import Viewer
from tests.handlers.conftest import Stage

OWN, OTHER, UNKNOWN = "26442000000000000017", "26442000000000000025", "26442000000000000033"


@pytest.mark.parametrize(
    ("number", "key"), [(OWN, "duplicate.yours"), (OTHER, "duplicate.other"), (UNKNOWN, "duplicate.unknown")]
)
async def test_by_number(stage: Stage, number: str, key: str) -> None:
    await stage.invoice(OWN)
    await stage.invoice(OTHER, owner_id=await stage.employee("2002"), seller_name="白石湾酒店")
    outcome = await duplicate.duplicate(stage.turn(f"{number}报过吗", invoice_number=number), stage.services)
    assert stage.follow(outcome) == [key]
    for language in ("zh", "en", "ja"):
        words = stage.services.catalog.text(key, language, **outcome.replies[0].values)
        assert "员工2002" not in words
        assert "白石湾" not in words


async def test_number_is_asked_for_and_it_is_the_last_shown(stage: Stage) -> None:
    record = await stage.invoice(OWN)
    asked = await duplicate.duplicate(stage.turn("这张报过吗"), stage.services)
    assert stage.follow(asked) == ["duplicate.ask_number"]
    assert await duplicate.number_given(stage.turn("算了"), stage.services) is None
    given = await duplicate.number_given(stage.turn(OWN, invoice_number=OWN), stage.services)
    assert given is not None
    assert stage.follow(given) == ["duplicate.yours"]
    assert stage.conversation.slots["invoice"] == record.id
    assert stage.follow(await duplicate.duplicate(stage.turn("报过吗"), stage.services)) == [
        "duplicate.yours"
    ]


async def test_button_of_another_person_and_a_stranger(stage: Stage) -> None:
    record = await stage.invoice(OTHER, owner_id=await stage.employee("2002"))
    press = stage.turn(action=f"duplicate:{record.id}")
    assert stage.follow(await duplicate.duplicate(press, stage.services)) == ["status.gone"]
    stage.speak_as(Viewer(None))
    press = stage.turn(action=f"duplicate:{record.id}")
    assert stage.follow(await duplicate.duplicate(press, stage.services)) == ["status.unbound"]
