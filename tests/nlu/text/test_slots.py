"""Slots: what sentences of three languages hold, and that no text whatever breaks the finding."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locales.strict_yaml import load
from nlu.text import holidays
from nlu.text.fold import fold
from nlu.text.numerals import spoken_digits
from nlu.text.sellers import SellerIndex
from nlu.text.slot_words import load_slot_words
from nlu.text.slots import SlotFinder, Slots, find_slots
from nlu.text.triggers import pieces
from tests.sentences.scoring import HOME as SENTENCES

HOME = Path(__file__).parent / "slots"
TODAY = date(2026, 11, 25)
ROWS = [(language, row) for language in ("zh", "en", "ja") for row in load(HOME / f"{language}.yaml")]
SAID = [(language, row) for language in ("zh", "en", "ja") for row in load(HOME / f"said.{language}.yaml")]
KNOWN = SellerIndex.build(
    [*json.loads((SENTENCES / "sellers.json").read_text(encoding="utf-8")), "快马物流有限公司"]
)
SELLERS = SellerIndex.build(["青藤酒店管理有限公司", "Cedar Lane Trading Ltd", "カモメ商会"])
KINDS = SlotFinder(load_slot_words()).kinds.names
PIECES = [str(row["say"]) for _, row in (*ROWS, *SAID)]


def comparable(values: Any) -> dict[str, Any]:
    """Slots so that the order of kinds and int or float do not count."""
    kept: dict[str, Any] = {}
    for name, value in values.items():
        if name == "kind":
            kept[name] = sorted(value)
        elif name in ("amount_min", "amount_max", "rating"):
            kept[name] = float(value)
        else:
            kept[name] = value
    return kept


@pytest.mark.parametrize(
    ("language", "row"), ROWS, ids=[f"{language}-{row['say']}" for language, row in ROWS]
)
def test_sentence_gives_its_slots(language: str, row: dict[str, Any]) -> None:
    today = date.fromisoformat(row["today"]) if "today" in row else TODAY
    found = find_slots(row["say"], today=today)
    # What was bought is reported apart: a row gives it where it is the point.
    values = {
        name: value for name, value in found.values.items() if name != "category" or name in row["slots"]
    }
    assert comparable(values) == comparable(row["slots"])
    well_formed(row["say"], found)


@pytest.mark.parametrize(
    ("language", "row"), SAID, ids=[f"{language}-{row['say']}" for language, row in SAID]
)
def test_what_employees_say_gives_its_slots(language: str, row: dict[str, Any]) -> None:
    found = find_slots(row["say"], today=TODAY, sellers=KNOWN).values
    values = {name: value for name, value in found.items() if name not in ("category", "language")}
    assert comparable(values) == comparable(row["slots"])


def test_zero_with_a_vague_tail_is_no_amount() -> None:
    assert find_slots("0多", today=TODAY).values == {}


def test_further_numbers_are_kept_in_order() -> None:
    found = find_slots("查12345678、25442000000123456789和87654321", today=TODAY)
    assert found.values["invoice_number"] == "12345678"
    assert found.more == ("25442000000123456789", "87654321")


def test_known_seller_is_given_as_written() -> None:
    found = find_slots("Ｃｅｄａｒ Lane的发票", today=TODAY, sellers=SELLERS)
    assert found.values["seller"] == "Ｃｅｄａｒ Lane"


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(st.sampled_from(PIECES), max_size=6).map("".join)))
def test_any_text_gives_well_formed_slots(text: str) -> None:
    well_formed(text, find_slots(text, today=TODAY, sellers=SELLERS))


@settings(max_examples=150, deadline=None)
@given(
    st.text("0123456789一二三四五六七八九十百千万零年月日号到-/.,元块多以上旬周上个前后 的在开", max_size=60),
    st.dates(date(2024, 1, 1), date(2032, 12, 31)),
)
def test_any_figures_give_well_formed_slots(text: str, today: date) -> None:
    well_formed(text, find_slots(text, today=today))


@pytest.mark.parametrize(
    "piece", ["1", "一", "2026年", "a ", "酒店", "the A ", "(", "1,", "@a.", "一百万", "never "]
)
def test_a_very_long_text_is_read(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    well_formed(text, find_slots(text, today=TODAY, sellers=SELLERS))


def well_formed(text: str, found: Slots) -> None:
    values = found.values
    json.dumps(dict(values))
    assert all(0 <= start < end <= len(text) for start, end, _ in found.spans)
    for number in [*found.more, *([values["invoice_number"]] if "invoice_number" in values else [])]:
        assert re.fullmatch(r"[0-9]{8}|[0-9]{20}", number)
    if "invoice_code" in values:
        assert re.fullmatch(r"[0-9]{10}|[0-9]{12}", values["invoice_code"])
    if "date" in values:
        assert date.fromisoformat(values["date"]["from"]) <= date.fromisoformat(values["date"]["to"])
    if "amount_min" in values and "amount_max" in values:
        assert values["amount_min"] <= values["amount_max"]
    assert set(values.get("kind", ())) <= KINDS
    assert 1 <= values.get("rating", 1) <= 5
    if "seller" in values:
        assert values["seller"]
        assert values["seller"] in text


def test_every_holiday_that_a_language_names_is_in_the_calendar() -> None:
    words = load_slot_words()
    names = {name for own in words.each() for name in own.table("dates.words.holiday").values()}
    assert names <= holidays.calendar().days.keys()
    assert holidays.calendar().off.keys() <= holidays.calendar().days.keys()


@pytest.mark.parametrize(
    ("said", "today", "period"),
    [
        ("春节的发票", "2027-01-20", ("2026-02-15", "2026-02-23")),
        ("春节的发票", "2027-02-10", ("2027-02-05", "2027-02-12")),
        ("25年端午假期的票", "2026-11-25", ("2025-05-31", "2025-06-02")),
        ("今年双十一的", "2026-11-25", ("2026-11-11", "2026-11-11")),
        ("元旦假期的票", "2024-02-01", ("2023-12-30", "2024-01-01")),
    ],
)
def test_a_holiday_is_the_latest_that_has_begun(said: str, today: str, period: tuple[str, str]) -> None:
    found = find_slots(said, today=date.fromisoformat(today)).values["date"]
    assert (found["from"], found["to"]) == period


def test_a_holiday_of_a_year_beyond_the_calendar_is_that_year() -> None:
    found = find_slots("2019年中秋的票", today=TODAY).values["date"]
    assert found == {"from": "2019-01-01", "to": "2019-12-31"}


def test_skipping_date_rules_by_what_they_need_skips_no_date() -> None:
    rules = SlotFinder(load_slot_words()).dates.rules
    assert sum(bool(rule.needs) for rule in rules) == len(rules)
    for text in map(spoken_digits, map(fold, PIECES)):
        present = pieces(text)
        for rule in rules:
            if not all(present & need for need in rule.needs):
                assert rule.pattern.search(text) is None, (text, rule.pattern.pattern)
