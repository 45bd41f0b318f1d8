"""One thing, one word (docs/glossary.md): what the bot says, in each language."""

import re
from pathlib import Path

import pytest

from locales.catalog import Catalog
from locales.strict_yaml import load

AVOIDED = load(Path(__file__).parent / "words.yaml")
# Lists of what users say hold any word.
OF_USERS = re.compile(r"\.(?:asks|unless)$")
SPACED_UNIT = re.compile(r"[\d}] (?:桁|枚|件|日|年|回|時間|点|文字)")


def said(language: str) -> dict[str, str]:
    home = Path(__file__).parents[2] / "locales" / language
    texts = {key: entry for path in sorted(home.glob("replies*.yaml")) for key, entry in load(path).items()}
    return {
        key: entry if isinstance(entry, str) else "\n".join(entry.values())
        for key, entry in texts.items()
        if OF_USERS.search(key) is None
    }


@pytest.mark.parametrize("language", Catalog.load().languages)
def test_words_of_the_glossary(language: str) -> None:
    found = [
        f"{key}: {word!r}, say {better!r}"
        for key, text in said(language).items()
        for word, better in AVOIDED[language].items()
        if word in text.casefold()
    ]
    assert not found, "\n".join(found)


def test_a_japanese_number_stands_beside_its_unit() -> None:
    assert [key for key, text in said("ja").items() if SPACED_UNIT.search(text)] == []


def test_english_quotes_are_straight() -> None:
    """Curly ones stand in the fonts for Chinese, where they are as wide as a character."""
    assert [key for key, text in said("en").items() if re.search("[“”]", text)] == []
