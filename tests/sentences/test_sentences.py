"""Sentences as employees type them are understood; the floors are in floors.yaml."""

import json
from typing import Any

import pytest

from locales.strict_yaml import load
from nlu.text.sellers import SellerIndex
from nlu.text.understanding import Understander
from tests.sentences.scoring import HALVES, HOME, LANGUAGES, SCORED, TODAY, Row, score_slots, unseen

FLOORS = load(HOME / "floors.yaml")


@pytest.fixture(scope="module")
def understander() -> Understander:
    """Piaoda's own language files, and the sellers the rows speak of."""
    sellers = json.loads((HOME / "sellers.json").read_text(encoding="utf-8"))
    return Understander.load().with_sellers(SellerIndex.build(sellers))


def half_of(language: str, half: str) -> list[Row]:
    return [row for row in unseen(language) if row.half == half]


def percent(share: float) -> float:
    return round(100 * share, 1)


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_intent_is_found(understander: Understander, language: str, half: str) -> None:
    found = half_of(language, half)
    wrong = [row for row in found if understander.understand(row.say, today=TODAY).intent != row.intent]
    top1 = percent(1 - len(wrong) / len(found))
    # The rows of the test half stay unread, or people would tune on them.
    shown = [(row.say, row.intent) for row in wrong[:40]] if half == "dev" else []
    assert top1 >= float(FLOORS[language]["top1"]), shown


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_slots_are_found(understander: Understander, language: str, half: str) -> None:
    pairs: list[tuple[Row, Any]] = [
        (row, understander.understand(row.say, today=TODAY).slots)
        for row in half_of(language, half)
        if row.intent in SCORED
    ]
    score = score_slots(pairs)
    floors = FLOORS[language]
    assert percent(score.f1) >= float(floors["slots_f1"])
    assert percent(score.whole_row) >= float(floors["slots_whole_row"])
