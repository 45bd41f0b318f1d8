"""The benchmark of public sets reads the forms in which their authors publish them."""

import json
import random
from pathlib import Path

import pytest

from benchmarks.public_sets import asked, chosen, read, taught
from nlu.text.lexicon import OUT_OF_SCOPE

SPLITS = {
    "train": [["set a timer", "timer"], ["tell a joke", "joke"]],
    "test": [["a timer please", "timer"]],
    "oos_test": [["is the earth flat", "oos"]],
}


@pytest.mark.parametrize(
    ("name", "content", "rows"),
    [
        ("a.csv", 'text,category\n"where, is it",card\n', [("card", "where, is it")]),
        ("b.csv", "scenario;intent;answer\nalarm;set;wake me\n", [("alarm_set", "wake me")]),
        (
            "c.json",
            json.dumps([{"text": "放歌", "domain": "music", "intent": "PLAY"}]),
            [("music.PLAY", "放歌")],
        ),
        ("d.json", json.dumps({"a": ["one", "two"]}), [("a", "one"), ("a", "two")]),
        ("e.json", json.dumps(SPLITS), [("timer", "a timer please"), (OUT_OF_SCOPE, "is the earth flat")]),
    ],
)
def test_each_form_is_read(tmp_path: Path, name: str, content: str, rows: list[tuple[str, str]]) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert read(tmp_path / name, "test") == rows


def test_a_folder_of_sentences_and_labels_is_read(tmp_path: Path) -> None:
    (tmp_path / "seq.in").write_text("wake me\nplay jazz\n", encoding="utf-8")
    (tmp_path / "label").write_text("alarm\nmusic\n", encoding="utf-8")
    assert read(tmp_path, "train") == [("alarm", "wake me"), ("music", "play jazz")]


def test_so_many_shots_are_taught_and_the_kept_fifth_is_asked() -> None:
    rows = [(intent, f"{word} {intent}") for intent in ("rain", "song") for word in "abcdefghij"]
    lessons, questions = chosen([*rows, (OUT_OF_SCOPE, "no")], [], 3, random.Random(1))
    assert [intent for intent, _ in lessons] == ["rain"] * 3 + ["song"] * 3
    assert len(questions) == 5
    assert not set(lessons) & set(questions)
    judged = [asked(taught(lessons), row) for row in questions if row[0] != OUT_OF_SCOPE]
    assert all(row.guess == row.intent for row in judged)
