"""Talk files: what is said in conversations is read from the language folders, and mistakes in them are told."""

from pathlib import Path

import pytest

from handlers.moment_words import MomentWords
from locales.strict_yaml import LocaleError
from locales.talk import Talk, talk


def written(folder: Path, language: str, text: str) -> Talk:
    (folder / language).mkdir()
    (folder / language / "talk.yaml").write_text(text, encoding="utf-8")
    return talk(folder)


def test_a_language_more_is_a_folder_more(tmp_path: Path) -> None:
    words = MomentWords(
        written(tmp_path, "xx", "moments:\n  units: {jours: day}\n  after: ['dans {n} {unit}']\n")
    )
    found = words.search("after", "rappelle-moi dans 3 jours")
    assert found is not None
    assert (words.number(found["n"]), words.value("unit", found)) == (3, "day")
    assert words.search("tomorrow", "demain") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ellipsis:\n  next: weiter\n", "must be a list"),
        ("ellipsis:\n  next: [{a: b}]\n", "must be a list"),
        ("ellipsis:\n  next: ['(weiter']\n", "weiter"),
        ("[weiter]\n", "mapping of sections"),
    ],
)
def test_a_broken_list_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(LocaleError, match=told):
        written(tmp_path, "xx", text).pattern("ellipsis.next")


def test_an_unknown_field_is_told(tmp_path: Path) -> None:
    with pytest.raises(LocaleError, match="no field"):
        MomentWords(written(tmp_path, "xx", "moments:\n  after: ['dans {jours}']\n"))
