"""What keyboards, voice input and haste make of a message is repaired before it is understood."""

import json
from pathlib import Path

import pytest

from locales.strict_yaml import load
from nlu.text.hearing import Hearing
from nlu.text.sellers import SellerIndex
from nlu.text.slots import find_slots
from nlu.text.spelling import Spelling
from tests.nlu.text.matching import TODAY, understand, understander
from tests.sentences.scoring import HOME as SENTENCES
from tests.sentences.scoring import SLOTS

_SAID = ("怎么注册账号", "上个月的发票", "转人工", "把发票作废", "11月3号的发票", "住哪个酒店")
_WORDS = ("冲红", "态度")


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("争么注测账号", "怎么注册账号"),  # the first of a pair, and 册 after 注, not 车
        ("上鸽月的发飘", "上个月的发票"),
        ("赚仁工", "转人工"),  # both of a pair
        ("26年11月3好的发票", "26年11月3号的发票"),
        ("服务太度", "服务态度"),
        ("怎么注册账号", "怎么注册账号"),
        ("今天天气不错", "今天天气不错"),
        ("", ""),
    ],
)
def test_characters_that_only_sound_right_are_repaired(heard: str, meant: str) -> None:
    assert Hearing(_SAID * 20, _WORDS).repair(heard) == meant


def test_everyday_words_are_no_mistakes() -> None:
    assert Hearing(_SAID, ("手教",)).repair("动手脚") == "动手教"
    assert Hearing(_SAID, ("手教",), ("手脚",)).repair("动手脚") == "动手脚"
    assert Spelling(("the system is slow",), (), ("snow",)).correct("is it snowing or going to snow") == (
        "is it snowing or going to snow"
    )


@pytest.mark.parametrize(
    "text", ["我的党费怎么交", "那个人动了手脚", "全勤奖多少", "the road is closed", "will it snow today"]
)
def test_no_everyday_word_is_changed(text: str) -> None:
    matcher = understander().matcher
    assert matcher.heard(text, None, matcher.language(text)) == text


def test_what_is_read_already_is_left_alone() -> None:
    hearing = Hearing(_SAID, _WORDS)
    assert hearing.repair("发飘", closed=(1,)) == "发飘"
    assert hearing.repair("发飘" * 200) == "发飘" * 200


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("credit noe", "credit note"),
        ("the details dont mtch", "the details dont match"),
        ("too mch", "too much"),
        ("trn off the reminders", "turn off the reminders"),
        ("stp", "stop"),
        ("pls stop", "pls stop"),
        ("xyzzy 发票", "xyzzy 发票"),
        ("", ""),
    ],
)
def test_typos_become_the_word_that_fits_its_neighbours(typed: str, meant: str) -> None:
    said = (
        "issue a credit note", "there is none", "the details dont match", "too much", "stop", "one step more",
        "turn off the reminders", "train ticket",
    )  # fmt: skip
    assert Spelling(said, ("pls",)).correct(typed) == meant


def test_a_misheard_date_is_found() -> None:
    assert understand("二零尔六年五月份的机票星程单").slots["date"] == {
        "from": "2026-05-01",
        "to": "2026-05-31",
    }


def test_a_seller_is_kept_as_written() -> None:
    assert understand("蓝鲸出行有限公司二零尔六年五月份的发票").slots["seller"].startswith("蓝鲸出行")


@pytest.mark.parametrize("language", ["zh", "en", "ja"])
def test_no_repair_changes_slots_that_are_written_right(language: str) -> None:
    sellers = SellerIndex.build(json.loads((SENTENCES / "sellers.json").read_text(encoding="utf-8")))
    known = understander().with_sellers(sellers)
    for row in load(Path(__file__).parent / "slots" / f"said.{language}.yaml"):
        plain = find_slots(row["say"], today=TODAY, sellers=sellers).values
        heard = known.understand(row["say"], today=TODAY).slots
        differing = {name for name in SLOTS if plain.get(name) != heard.get(name)}
        assert not differing, row["say"]


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("invoices from novemeber", "2026-11-01"),
        ("octobar taxi receipts", "2026-10-01"),
        ("last mnoth's special invocies", "2026-10-01"),
    ],
)
def test_misspelt_dates_are_read(said: str, first: str) -> None:
    assert understand(said).slots["date"]["from"] == first
