"""Sentences of strangers: five sets, each by another hand, measured before anything was learnt from them."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from locales.strict_yaml import load
from nlu.text.lexicon import OUT_OF_SCOPE
from nlu.text.understanding import Understander
from tests.sentences.scoring import HALVES, HOME, LANGUAGES, TODAY, rows
from tests.sentences.test_well_formed import INTENTS

FLOORS = load(HOME / "floors.yaml")


def strangers(language: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = load(HOME / "strangers" / f"{language}.yaml")
    return found


def _wrong(understander: Understander, language: str, half: str) -> Iterator[tuple[str, str]]:
    for row in strangers(language):
        if row["half"] == half and understander.understand(row["say"], today=TODAY).intent != row["intent"]:
            yield row["say"], row["intent"]


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_strangers_are_understood(language: str, half: str) -> None:
    total = sum(row["half"] == half for row in strangers(language))
    wrong = list(_wrong(Understander.load(), language, half))
    # The rows of the test half stay unread, or people would tune on them.
    assert 100 * (1 - len(wrong) / total) >= float(FLOORS[language]["top1"]), (
        wrong[:40] if half == "dev" else len(wrong)
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentences_are_sound(language: str) -> None:
    found = strangers(language)
    assert {row["intent"] for row in found} == INTENTS
    assert {row["half"] for row in found} == set(HALVES)
    said = Counter("".join(row["say"].casefold().split()) for row in found)
    said.update({"".join(row.say.casefold().split()) for row in rows(language)})
    assert not [sentence for sentence, count in said.items() if count > 1]
    outside = sum(row["intent"] == OUT_OF_SCOPE for row in found)
    assert outside >= len(found) // 5
