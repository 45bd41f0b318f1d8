"""Searches whose words need a second thought: several kinds, misspelt sellers, what is not there yet."""

from typing import Any

import pytest

from handlers import search
from handlers.core import Outcome
from nlu.text.sellers import SellerIndex
from storage.records import Viewer
from tests.handlers.conftest import Stage

SELLER = "青藤山庄酒店管理有限公司"


async def ask(stage: Stage, text: str, **slots: Any) -> Outcome:
    return await search.search(stage.turn(text, intent="invoice.search", **slots), stage.services)


def count(outcome: Outcome) -> int:
    lines = outcome.replies[0].values["lines"]
    return int(
        next(
            line.values["count"]
            for line in lines
            if getattr(line, "key", "") in ("search.head", "search.head_all")
        )
    )


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (["special"], 2),
        (["special", "digital"], 1),  # both words mean one invoice
        (["special", "general"], 3),  # no invoice is both: either is meant
        (["train", "flight"], 2),
    ],
)
async def test_several_kinds_mean_both_or_either(stage: Stage, kinds: list[str], expected: int) -> None:
    for place, kind in enumerate(("digital_special", "vat_special", "digital_ordinary", "rail_e", "air_e")):
        await stage.invoice(f"2644200000000000000{place}", kind=kind)
    outcome = await ask(stage, "找发票", kind=kinds)
    assert stage.follow(outcome) == ["search.page"]
    assert count(outcome) == expected


async def test_a_misspelt_seller_is_found(stage: Stage) -> None:
    await stage.invoice("26442000000000000017", seller_name=SELLER)
    stage.understander.sellers = SellerIndex.build([SELLER, "白石湾餐饮有限公司"])
    outcome = await ask(stage, "找清藤山庄酒店管理的", seller="清藤山庄酒店管理")
    assert stage.follow(outcome) == ["search.page"]
    assert count(outcome) == 1
    assert stage.conversation.slots["search"] == {"seller": SELLER}


async def test_a_misspelt_seller_of_other_people_stays_unnamed(stage: Stage) -> None:
    await stage.invoice("26442000000000000017", seller_name=SELLER, owner_id=await stage.employee("2002"))
    stage.understander.sellers = SellerIndex.build([SELLER])
    outcome = await ask(stage, "找清藤山庄酒店管理的", seller="清藤山庄酒店管理")
    assert stage.follow(outcome) == ["search.nothing"]
    for language in ("zh", "en", "ja"):
        words = stage.services.catalog.text("search.nothing", language, **outcome.replies[0].values)
        assert SELLER not in words


async def test_what_is_still_being_issued_is_not_in_the_list(stage: Stage) -> None:
    await stage.invoice("26442000000000000017")
    assert stage.follow(await ask(stage, "开票中的有哪些", status="issuing")) == ["search.issuing"]
    stage.speak_as(Viewer(None))
    assert stage.follow(await ask(stage, "开票中的有哪些", status="issuing")) == ["status.unbound"]
