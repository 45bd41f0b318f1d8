"""Known sellers: full name, short name, branch, slip of the pen; and what is none of them."""

import pytest

from nlu.text.sellers import SellerIndex, core

INDEX = SellerIndex.build(
    [
        "青藤酒店管理(杭州)有限公司",
        "上海砚池文具有限公司",
        "武汉木舟物流有限公司",
        "Cobalt Hotel Shanghai",
        "Maple & Oat Catering Ltd",
        "カモメ商会株式会社",
    ]
)


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("青藤酒店管理(杭州)有限公司的票", "青藤酒店管理(杭州)有限公司", "青藤酒店管理(杭州)有限公司"),
        ("查下青藤酒店的发票", "青藤酒店管理(杭州)有限公司", "青藤酒店"),
        ("砚池文具上月的", "上海砚池文具有限公司", "砚池文具"),
        ("硯池文具上月的", "上海砚池文具有限公司", "硯池文具"),
        ("木舟物流500的", "武汉木舟物流有限公司", "木舟物流"),
        ("the COBALT HOTEL one", "Cobalt Hotel Shanghai", "COBALT HOTEL"),
        ("from maple & oat catering in Q2", "Maple & Oat Catering Ltd", "maple & oat catering"),
        ("カモメ商会の発票", "カモメ商会株式会社", "カモメ商会"),
    ],
)
def test_names_are_found_where_they_stand(text: str, name: str, said: str) -> None:
    found, score, start, end = INDEX.find(text)[0]
    assert (found, text[start:end]) == (name, said)
    assert score == 100


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("cobolt hotel shanghai invoice", "Cobalt Hotel Shanghai"),
        ("maple & oat caterng please", "Maple & Oat Catering Ltd"),
    ],
)
def test_a_slip_of_the_pen_is_forgiven(text: str, name: str) -> None:
    found, score, _, _ = INDEX.find(text)[0]
    assert found == name
    assert 85 <= score <= 100


@pytest.mark.parametrize(
    "text",
    ["", "酒店的发票", "上海的发票", "武汉出差", "有限公司", "hotel invoices", "from Shanghai", "株式会社"],
)
def test_general_words_are_no_seller(text: str) -> None:
    assert INDEX.find(text) == []


def test_two_sellers_in_one_sentence() -> None:
    found = {name for name, *_ in INDEX.find("砚池文具和木舟物流的发票")}
    assert found == {"上海砚池文具有限公司", "武汉木舟物流有限公司"}


def test_an_empty_index_finds_nothing() -> None:
    assert SellerIndex.build([" ", ""]).find("青藤酒店") == []


def test_core_is_what_people_call_a_company() -> None:
    assert core("上海砚池文具有限公司") == "砚池文具"
    assert core("青藤酒店管理(杭州)有限公司") == "青藤酒店管理"
    assert core("Maple & Oat Catering Co., Ltd.") == "maple & oat catering"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("青腾酒店开的", "青藤酒店管理(杭州)有限公司"),
        ("查一下沐舟物流的票", "武汉木舟物流有限公司"),
        ("燕池文具上个月的", "上海砚池文具有限公司"),
    ],
)
def test_another_character_of_the_same_sound_is_forgiven(text: str, name: str) -> None:
    found, score, _, _ = INDEX.find(text)[0]
    assert found == name
    assert 85 <= score <= 100


@pytest.mark.parametrize(
    ("text", "said"),
    [("青藤的票", "青藤"), ("查木舟开的专票", "木舟"), ("在砚池那张", "砚池"), ("カモメの発票", "")],
)
def test_the_beginning_of_a_name_is_enough_where_a_seller_stands(text: str, said: str) -> None:
    assert [text[start:end] for _, _, start, end in INDEX.brands(text)] == ([said] if said else [])


def test_a_beginning_of_many_names_is_no_name() -> None:
    many = SellerIndex.build(
        f"青藤{trade}有限公司" for trade in ("物流", "餐饮", "科技", "文具", "会展", "租车")
    )
    assert many.brands("青藤的票") == []
