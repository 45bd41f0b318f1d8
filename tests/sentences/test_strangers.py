"""Sentences of strangers: sets by other hands, measured before anything was learnt from them."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from locales.strict_yaml import load
from nlu.text.lexicon import OUT_OF_SCOPE
from nlu.text.sellers import SellerIndex
from nlu.text.understanding import Understander
from tests.sentences.scoring import HALVES, HOME, LANGUAGES, SCORED, TODAY, Row, rows, score_slots
from tests.sentences.test_well_formed import INTENTS

FLOORS = load(HOME / "floors.yaml")
# The later sets have slots too.
FOLDERS = ("strangers", "strangers/people")


def strangers(folder: str, language: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = load(HOME / folder / f"{language}.yaml")
    return found


def _wrong(understander: Understander, folder: str, language: str, half: str) -> Iterator[tuple[str, str]]:
    for row in strangers(folder, language):
        if row["half"] == half and understander.understand(row["say"], today=TODAY).intent != row["intent"]:
            yield row["say"], row["intent"]


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("folder", FOLDERS)
def test_strangers_are_understood(folder: str, language: str, half: str) -> None:
    total = sum(row["half"] == half for row in strangers(folder, language))
    wrong = list(_wrong(Understander.load(), folder, language, half))
    # The rows of the test half stay unread, or people would tune on them.
    assert 100 * (1 - len(wrong) / total) >= float(FLOORS[language]["top1"]), (
        wrong[:40] if half == "dev" else len(wrong)
    )


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_slots_of_people_are_found(language: str, half: str) -> None:
    understander = Understander.load()
    understander.sellers = SellerIndex.build(json.loads((HOME / "sellers.json").read_text(encoding="utf-8")))
    asked = [
        Row(row["say"], row["intent"], half, row.get("slots", {}))
        for row in strangers("strangers/people", language)
        if row["half"] == half and row["intent"] in SCORED
    ]
    score = score_slots((row, understander.understand(row.say, today=TODAY).slots) for row in asked)
    assert 100 * score.f1 >= float(FLOORS[language]["slots_f1"])
    assert 100 * score.whole_row >= float(FLOORS[language]["slots_whole_row"])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("folder", FOLDERS)
def test_the_sentences_are_sound(folder: str, language: str) -> None:
    found = strangers(folder, language)
    assert {row["intent"] for row in found} <= INTENTS
    assert {row["half"] for row in found} == set(HALVES)
    said = Counter(
        "".join(row["say"].casefold().split()) for each in FOLDERS for row in strangers(each, language)
    )
    said.update({"".join(row.say.casefold().split()) for row in rows(language)})
    assert not [sentence for sentence, count in said.items() if count > 1]
    outside = sum(row["intent"] == OUT_OF_SCOPE for row in found)
    assert outside >= len(found) // 6
