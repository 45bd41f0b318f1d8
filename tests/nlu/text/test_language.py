"""The language of a message."""

import pytest

from tests.nlu.text.matching import dev, understander


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("我的发票到哪了", "zh"),
        ("發票開錯了怎麼辦", "zh"),
        ("where is my invoice", "en"),
        ("発票はどこですか", "ja"),
        ("領収書発行", "ja"),
        ("経費精算", "ja"),
        ("退票手续", "zh"),
        ("註銷帳號", "zh"),
        ("帮我 check 一下 invoice status", "zh"),
        ("what does 红字发票 mean", "en"),
        ("ｲﾝﾎﾞｲｽ", "ja"),
        ("👍", "zh"),
        ("", "zh"),
    ],
)
def test_language_is_found(text: str, language: str) -> None:
    assert understander().matcher.languages.find(text) == language


@pytest.mark.parametrize("language", ["zh", "en", "ja"])
def test_almost_every_development_sentence_is_found_in_its_language(language: str) -> None:
    # A bare number has no language.
    said = [row.say for row in dev(language) if any(char.isalpha() for char in row.say)]
    wrong = [text for text in said if understander().matcher.languages.find(text) != language]
    assert len(wrong) <= len(said) * 0.015, wrong
