"""One spelling for many."""

import pytest

from nlu.text.normal import Normaliser, Words, letters

ZH = Normaliser("zh", {"fapiao": "发票", "咋": "怎么"}, ["请问", "麻烦", "呀"])


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("發票", "发票"),
        ("ＦＡＰＩＡＯ 咋 開？", "发票怎么开"),
        ("请问发票 咋开呀！！！", "发票怎么开"),
        ("😭发票😭", "发票"),
        ("[流泪]我的票呢", "我的票呢"),
        ("我的fapiao呢", "我的发票呢"),
        ("fapiaoing", "fapiaoing"),
        ("哈哈哈哈哈哈", "哈哈"),
        ("1000000", "1000000"),
        ("It’s  MINE", "it's mine"),
    ],
)
def test_spellings_meet(typed: str, normal: str) -> None:
    assert ZH(typed) == normal


@pytest.mark.parametrize(("typed", "kept"), [("请问", "请问"), ("？", "?"), ("👍", "👍"), ("[微笑]", "微笑")])
def test_nothing_is_normalised_to_nothing(typed: str, kept: str) -> None:
    assert ZH(typed) == kept


def test_japanese_characters_stay_japanese() -> None:
    assert Normaliser("ja", {}, [])("電子領収書の発行") == "電子領収書の発行"
    assert letters("電子発票を見せて", simplify=False) == "電子発票を見せて"


def test_the_longest_word_wins_and_latin_words_stand_alone() -> None:
    words = Words(["普通", "普通发票", "t", "td"])
    assert words.replace("普通发票和td", dict.fromkeys(["普通", "普通发票", "t", "td"], "*")) == "*和*"
    assert words.find("tdx") == []


def test_english_endings_follow_a_concept_word() -> None:
    assert Words(["invoice"], inflected=True).find("invoices") == [(0, "invoice")]
    assert Words(["invoice"]).find("invoices") == []
