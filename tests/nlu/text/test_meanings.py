import json
from datetime import date
from pathlib import Path

import pytest

from nlu.text.meanings import meaning
from nlu.text.understanding import Understander

TODAY = date(2026, 11, 25)
TASK = {
    "pet.feed": ["give the dog its food", "the cat has not eaten", "fill the bowl of the kitten"],
    "garden.water": ["water the flowers", "the roses are dry", "sprinkle the lawn"],
    "car.service": ["the truck needs new tires", "change the oil of the engine", "the brakes squeak"],
}


@pytest.mark.parametrize(
    ("word", "alike", "other"),
    [("buy", "purchase", "rain"), ("doctor", "hospital", "football"), ("car", "truck", "soup")],
)
def test_words_that_are_used_alike_stand_near_each_other(word: str, alike: str, other: str) -> None:
    assert meaning(word) @ meaning(alike) > meaning(word) @ meaning(other)


def test_a_meaning_is_a_direction() -> None:
    found = meaning("i don't know where my card is")
    assert found @ found == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    "text", ["", "发票在哪里", "12 34 !?", "xqzt vrblk", "wo finde ich meine rechnungskopie bloss"]
)
def test_what_is_no_english_has_no_meaning(text: str) -> None:
    assert len(meaning(text)) == 0


@pytest.mark.parametrize(
    ("say", "intent"),
    [("puppies and rabbits", "pet.feed"), ("shrubs and trees", "garden.water"), ("vehicles", "car.service")],
)
def test_another_task_is_understood_in_words_that_it_does_not_hold(
    tmp_path: Path, say: str, intent: str
) -> None:
    file = tmp_path / "task.json"
    file.write_text(json.dumps(TASK), encoding="utf-8")
    assert Understander.of_examples(file).understand(say, today=TODAY).intent == intent
